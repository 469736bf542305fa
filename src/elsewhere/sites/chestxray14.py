"""chestxray14: layout of NIH ChestX-ray14, frontal chest radiographs as PNG (B-03).

The table joins the findings of an image by "|".
"""

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
from elsewhere.sites.layout import Layout, LayoutError, LeftOut, Scan, age, relative, sex

_TABLES = ("Data_Entry_2017.csv", "Data_Entry_2017_v2020.csv")
_COLUMNS = ("Image Index", "Finding Labels", "Patient ID", "Patient Age", "View Position")
_SEX = ("Patient Gender", "Patient Sex")
# the publisher leaves it to users to draw validation patients from the first list
_LISTS: Final[dict[str, Part]] = {"train_val_list.txt": "train", "test_list.txt": "test"}
_NOTHING = "No Finding"


class ChestXray14(ChestXray14Options, Layout):
    """Frontal radiographs in `images/` or `images_001/images/` to `images_012/images/`.

    A finding that is not listed for an image is negative: the publisher's text mining has neither
    uncertain nor blank findings.
    """

    citation: ClassVar[str] = "Wang et al. 2017, CVPR:3462-3471 (ChestX-ray8, ChestX-ray14)"
    licence: ClassVar[str] = "NIH Clinical Center: free use with attribution"
    suffixes: ClassVar[tuple[str, ...]] = (".png",)

    def scans(self, root: Path, policy: IntakeRow) -> Iterator[Scan | LeftOut]:
        """Yield one scan per row of the table whose image exists, in any of the folders."""
        listed, listing = self.records(root)
        image_files = radiographs.images(root, *self.suffixes)
        files = {place: path for place, path in image_files.items() if place.startswith("images")}
        counts = Counter(path.name for path in files.values())
        places = {}
        for place, path in files.items():
            if counts[path.name] == 1:
                places[path.name] = place
            else:
                detail = f"{counts[path.name]} images of the folders have one name"
                yield LeftOut(place, "same_name", detail, (path,))
        place_by_name = {name: places.get(name, f"images/{name}") for name in listed["name"]}
        listed = listed.assign(place=listed["name"].map(place_by_name))
        ambiguous = listed["name"].isin(counts.keys() - places.keys())
        unique_files = {place: files[place] for place in places.values()}
        yield from radiographs.scans(
            listed[~ambiguous], root=root, files=unique_files, listing=listing
        )

    def rest(self, path: Path, root: Path) -> LeftOut:
        """Return the row of a file that is not a scan; the lists of the split are tables."""
        if path.name in _LISTS and path.is_file():
            return LeftOut(relative(path, root), "table", "a table", (path,))
        return super().rest(path, root)

    def records(self, root: Path) -> tuple[pd.DataFrame, str]:
        """Return the rows of the table and its name.

        The columns are those of `radiographs.Record` except `place`.
        """
        path = radiographs.first_file(root, *_TABLES)
        rows = radiographs.table(path, required=_COLUMNS, optional=_SEX)
        rows = radiographs.once(rows, "Image Index")
        sexes = next((rows[name] for name in _SEX if name in rows), None)
        findings = radiographs.each(rows["Finding Labels"], _findings)
        parts = _parts(root)
        records = pd.DataFrame(
            {
                "name": rows["Image Index"],
                # 00000001 and 1 are the same patient in two versions of the table
                "patient": rows["Patient ID"].str.lstrip("0").astype(object),
                "findings": findings,
                "sex": "unknown" if sexes is None else radiographs.each(sexes, sex),
                "age": radiographs.each(rows["Patient Age"], age),
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
    """Return the part of each image in the publisher's lists; the lists are optional."""
    part_by_image: dict[str, Part] = {}
    for name, part in _LISTS.items():
        path = root / name
        listed = {*path.read_text(encoding="utf-8-sig").split()} if path.is_file() else set()
        if listed & part_by_image.keys():
            raise LayoutError(
                f"{path}: {len(listed & part_by_image.keys())} of its images are in the other list "
                "too; get both lists again from the publisher"
            )
        part_by_image.update(dict.fromkeys(listed, part))
    return part_by_image


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
    """Return whether an image has both "No Finding" and a finding."""
    states = list((findings or {}).values())
    return states.count("positive") > 1 and (findings or {})["no_finding"] == "positive"


def _view(written: str) -> View:
    """Return PA or AP, else frontal: the data set has frontal images only (B-03)."""
    views: dict[str, View] = {"PA": "PA", "AP": "AP"}
    return views.get(written.upper(), "frontal")
