"""chexpert: layout of CheXpert, chest radiographs as JPEG with 14 findings (B-01, B-02).

Files: train/patientNNNNN/studyN/viewN_*.jpg; each finding has one of four states.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Final

import pandas as pd

from elsewhere.design.findings import View
from elsewhere.design.layouts.chexpert import CheXpertOptions
from elsewhere.design.site import IntakeRow
from elsewhere.sites import radiographs
from elsewhere.sites.findings import CHEXPERT_LABELS, Part
from elsewhere.sites.layout import Layout, LeftOut, Scan, age, sex

_COLUMNS = ("Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", *CHEXPERT_LABELS)
_TABLES: Final[dict[str, Part]] = {"train": "train", "valid": "validation"}
_TOPS = ("", "CheXpert-v1.0/", "CheXpert-v1.0-small/")
# part and place in it; in front are folders of the archive, of the user, or of a Windows machine
_PLACE: Final = re.compile(r"(?:^|.*/)(train|valid)/(patient\d+/.*)$")
# the archive in four parts: `CheXpert-v1.0 batch 2 (train 1)/patient00001/...`
_BATCH: Final = re.compile(r"(?:^|.*/)[^/]*batch[^/]*\((train|valid)[^/]*\)/(patient\d+/.*)$")
_PATIENT = r"(?:^|/)(patient\d+)/"


class CheXpert(CheXpertOptions, Layout):
    """Frontal and lateral radiographs; train.csv is labelled by rules, valid.csv by radiologists.

    Images and tables may be directly in the site's folder, in the folder of the publisher's
    archive (CheXpert-v1.0, CheXpert-v1.0-small), or in the folders of its four parts (CheXpert-v1.0
    batch 2 (train 1)). Only the end of the column `Path`, from train or valid on, names an image.
    """

    citation: ClassVar[str] = "Irvin et al. 2019, AAAI 33:590-597 (CheXpert)"
    licence: ClassVar[str] = "Stanford University Dataset Research Use Agreement"
    suffixes: ClassVar[tuple[str, ...]] = (".jpg",)

    def scans(self, root: Path, policy: IntakeRow) -> Iterator[Scan | LeftOut]:
        """Yield one scan per row of the tables whose image exists."""
        listed = self.records(root)
        files = radiographs.images(root, *self.suffixes)
        # the path in the row first: both sizes of the data set may be in one folder
        as_written = listed["Path"].isin(files.keys())
        names = Counter(map(_name, files))
        places = {_name(place): place for place in files if names[_name(place)] == 1}
        elsewhere = [places.get(name, name) for name in listed["name"]]
        listed["place"] = listed["Path"].where(as_written, elsewhere)
        yield from radiographs.scans(
            listed, root=root, files=files, listing="train.csv or valid.csv"
        )

    def records(self, root: Path) -> pd.DataFrame:
        """Return the rows of the tables with the columns of `radiographs.Record` except `place`."""
        tables = []
        for part, standard in _TABLES.items():
            path = radiographs.first_file(root, *_tables(root, f"{part}.csv"))
            if part == "train" or path.is_file():
                frame = radiographs.table(path, required=_COLUMNS)
                tables.append(frame.assign(part=standard, left_out=part not in self.parts))
        rows = pd.concat(tables, ignore_index=True)
        rows["Path"] = rows["Path"].str.replace("\\", "/", regex=False)
        rows["name"] = rows["Path"].map(_name)
        rows = radiographs.once(rows, "name")
        patient = rows["name"].str.extract(_PATIENT, expand=False)
        findings = radiographs.finding_states(rows, CHEXPERT_LABELS)
        projection = rows["Frontal/Lateral"] + "|" + rows["AP/PA"]
        return rows[["name", "Path", "part"]].assign(
            patient=patient.astype(object),
            findings=findings,
            sex=radiographs.each(rows["Sex"], sex),
            age=radiographs.each(rows["Age"], age),
            view=radiographs.each(projection, _view),
            problem=radiographs.problems(
                rows,
                other_part=rows["left_out"],
                label_conflict=rows["conflict"],
                no_patient=patient.isna(),
                bad_number=findings.isna(),
            ),
        )


def _tables(root: Path, name: str) -> list[str]:
    """Return where a table may lie: in the site's folder, or in one of the publisher's."""
    parts = sorted(path.relative_to(root).as_posix() for path in root.glob(f"*/{name}"))
    return [*(f"{top}{name}" for top in _TOPS), *parts]


def _name(place: str) -> str:
    """Return part, patient, study and view of an image, which name it in every distribution."""
    match = _PLACE.match(place) or _BATCH.match(place)
    return f"{match[1]}/{match[2]}" if match else place


def _view(written: str) -> View:
    """Return the view for texts such as "Frontal|AP"; a frontal image may be LL, RL or blank."""
    side, projection = written.split("|", 1)
    views: dict[str, View] = {"PA": "PA", "AP": "AP"}
    if side == "Frontal":
        return views.get(projection, "frontal")
    return "lateral" if side == "Lateral" else "unknown"
