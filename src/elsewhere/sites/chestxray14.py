"""chestxray14: NIH ChestX-ray14: frontal PNG images, findings joined by "|" (B-03)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Final

import pandas as pd

from elsewhere.design.findings import View
from elsewhere.design.layouts.chestxray14 import ChestXray14Options
from elsewhere.design.site import IntakeRow
from elsewhere.sites import radiographs
from elsewhere.sites.findings import CHESTXRAY14_LABELS, Part, State
from elsewhere.sites.layout import Layout, LayoutError, LeftOut, Scan, relative, sex

_TABLES = ("Data_Entry_2017.csv", "Data_Entry_2017_v2020.csv")
_COLUMNS = ("Image Index", "Finding Labels", "Patient ID", "Patient Age", "View Position")
_SEX = ("Patient Gender", "Patient Sex")
# the publisher leaves the drawing of validation patients from the first list to its users
_LISTS: Final[dict[str, Part]] = {"train_val_list.txt": "train", "test_list.txt": "test"}
_NOTHING = "No Finding"


class ChestXray14(ChestXray14Options, Layout):
    """Frontal radiographs in `images/` or `images_001/images/` to `images_012/images/`.

    A finding that is not listed for an image is negative: the publisher's text mining knows
    neither uncertain nor blank.
    """

    citation: ClassVar[str] = "Wang et al. 2017, CVPR:3462-3471 (ChestX-ray8, ChestX-ray14)"
    licence: ClassVar[str] = "NIH Clinical Center: free use with attribution"
    suffixes: ClassVar[tuple[str, ...]] = (".png",)

    def scans(self, root: Path, policy: IntakeRow) -> Iterator[Scan | LeftOut]:
        """Yield one scan a row of the table whose image is there, whichever folder holds it."""
        listed, listing = self.records(root)
        found = radiographs.images(root, *self.suffixes)
        files = {place: path for place, path in found.items() if place.startswith("images")}
        counts = Counter(path.name for path in files.values())
        places = {}
        for place, path in files.items():
            if counts[path.name] == 1:
                places[path.name] = place
            else:
                detail = f"{counts[path.name]} images of the folders have one name"
                yield LeftOut(place, "same_name", detail, (path,))
        known = {name: places.get(name, f"images/{name}") for name in listed["name"]}
        listed = listed.assign(place=listed["name"].map(known))
        doubled = listed["name"].isin(counts.keys() - places.keys())
        single = {place: files[place] for place in places.values()}
        yield from radiographs.scans(listed[~doubled], root=root, files=single, listing=listing)

    def rest(self, path: Path, root: Path) -> LeftOut:
        """Return the row of a file that is no scan: the lists of the split are tables."""
        if path.name in _LISTS and path.is_file():
            return LeftOut(relative(path, root), "table", "a table", (path,))
        return super().rest(path, root)

    def records(self, root: Path) -> tuple[pd.DataFrame, str]:
        """Return the table's rows as columns of `radiographs.Record` but `place`, and its name."""
        path = radiographs.first_file(root, *_TABLES)
        rows = radiographs.table(path, required=_COLUMNS, optional=_SEX)
        rows = radiographs.once(rows, "Image Index")
        written = next((rows[name] for name in _SEX if name in rows), None)
        findings = radiographs.each(rows["Finding Labels"], _findings)
        parts = _parts(root)
        records = pd.DataFrame(
            {
                "name": rows["Image Index"],
                # 00000001 and 1 are one patient in two versions of the table
                "patient": rows["Patient ID"].str.lstrip("0").astype(object),
                "findings": findings,
                "sex": "unknown" if written is None else radiographs.each(written, sex),
                "age": radiographs.each(rows["Patient Age"], radiographs.years),
                "view": radiographs.each(rows["View Position"], _view),
                "part": [parts.get(name, "") for name in rows["Image Index"]],
                "problem": radiographs.problems(
                    rows,
                    label_conflict=rows["conflict"] | findings.map(_contradicts),
                    no_patient=rows["Patient ID"] == "",
                    no_findings=rows["Finding Labels"] == "",
                    unknown_finding=findings.isna(),
                ),
            }
        )
        return records, path.name


def _parts(root: Path) -> dict[str, Part]:
    """Return the part of each image that a list names; the lists need not be there."""
    found: dict[str, Part] = {}
    for name, part in _LISTS.items():
        path = root / name
        listed = {*path.read_text(encoding="utf-8-sig").split()} if path.is_file() else set()
        if listed & found.keys():
            raise LayoutError(
                f"{path}: {len(listed & found.keys())} of its images are in the other list too; "
                "get both lists again from the publisher"
            )
        found.update(dict.fromkeys(listed, part))
    return found


def _findings(written: str) -> Mapping[str, State] | None:
    words = {word.strip() for word in written.split("|")}
    if not CHESTXRAY14_LABELS.keys() >= words:
        return None
    return MappingProxyType(
        {
            name: "positive" if word in words else "negative"
            for word, name in CHESTXRAY14_LABELS.items()
        }
    )


def _contradicts(findings: Mapping[str, State] | None) -> bool:
    """Say whether an image has no finding and a finding at once."""
    states = list((findings or {}).values())
    return states.count("positive") > 1 and (findings or {})["no_finding"] == "positive"


def _view(written: str) -> View:
    """Return PA or AP; the data set holds frontal images only (B-03)."""
    views: dict[str, View] = {"PA": "PA", "AP": "AP"}
    return views.get(written.upper(), "frontal")
