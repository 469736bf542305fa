"""mimic_cxr_jpg: layout of MIMIC-CXR-JPG, chest radiographs as JPEG with 14 findings (B-04).

The tables give findings by study, and views and the official split by image.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Final

import pandas as pd

from elsewhere.design.findings import View
from elsewhere.design.layouts.mimic_cxr_jpg import MimicCxrJpgOptions
from elsewhere.design.site import IntakeRow
from elsewhere.sites import radiographs
from elsewhere.sites.findings import CHEXPERT_LABELS, Part
from elsewhere.sites.layout import Layout, LayoutError, LeftOut, Scan

_STUDY = ("subject_id", "study_id")
_IMAGE = ("dicom_id", *_STUDY)
_PARTS: Final[dict[str, Part]] = {"train": "train", "validate": "validation", "test": "test"}
# *View Position* (0018,5101); other values are oblique, decubitus or lordotic
_VIEWS: Final[dict[str, View]] = {
    "PA": "PA",
    "AP": "AP",
    "LATERAL": "lateral",
    "LL": "lateral",
    "RL": "lateral",
    "XTABLE LATERAL": "lateral",
}


class MimicCxrJpg(MimicCxrJpgOptions, Layout):
    """Radiographs of one hospital's emergency department, labelled by the CheXpert labeller.

    The tables contain neither sex nor age.
    """

    citation: ClassVar[str] = "Johnson et al. 2019, MIMIC-CXR-JPG, arXiv 1901.07042"
    licence: ClassVar[str] = "PhysioNet Credentialed Health Data License 1.5.0"
    suffixes: ClassVar[tuple[str, ...]] = (".jpg",)

    def scans(self, root: Path, policy: IntakeRow) -> Iterator[Scan | LeftOut]:
        """Yield one scan per row of the metadata table whose image exists."""
        listed = self.records(root)
        image_files = radiographs.images(root, *self.suffixes)
        files = {place: path for place, path in image_files.items() if place.startswith("files/")}
        listing = _table(root, "metadata").name
        yield from radiographs.scans(listed, root=root, files=files, listing=listing)

    def records(self, root: Path) -> pd.DataFrame:
        """Return the three tables joined, with the columns of `radiographs.Record`."""
        columns = (*_IMAGE, "ViewPosition", "StudyDate")
        images = radiographs.once(_read(root, "metadata", columns), "dicom_id")
        joined = images.merge(_split(root), on=[*_IMAGE], how="left")
        joined = joined.merge(_findings(root), on=[*_STUDY], how="left")
        subject = joined["subject_id"].astype(object)
        study = joined["study_id"].astype(object)
        dicom = joined["dicom_id"].astype(object)
        place = "files/p" + subject.str[:2] + "/p" + subject + "/s" + study + "/" + dicom + ".jpg"
        return pd.DataFrame(
            {
                "name": dicom,
                "place": place,
                "patient": subject,
                "findings": joined["findings"],
                "view": radiographs.each(joined["ViewPosition"], _view),
                "part": joined["split"].map(_PARTS).astype(object).fillna(""),
                "date": joined["StudyDate"].astype(object),
                "problem": radiographs.problems(
                    joined,
                    not_listed=joined["split"].isna(),
                    other_part=~joined["split"].isin(self.parts),
                    no_patient=subject == "",
                    no_findings=joined["conflicting"].isna(),
                    label_conflict=joined["conflict"] | joined["conflicting"].eq(True),
                    bad_number=joined["findings"].isna(),
                ),
            }
        )


def _table(root: Path, what: str) -> Path:
    name = f"mimic-cxr-2.0.0-{what}.csv"
    return radiographs.first_file(root, f"{name}.gz", name)


def _read(root: Path, what: str, columns: tuple[str, ...]) -> pd.DataFrame:
    return radiographs.table(_table(root, what), required=columns)


def _split(root: Path) -> pd.DataFrame:
    rows = radiographs.once(_read(root, "split", (*_IMAGE, "split")), *_IMAGE)
    wrong = int((rows["conflict"] | ~rows["split"].isin([*_PARTS])).sum())
    if wrong:
        raise LayoutError(
            f"{_table(root, 'split')}: {wrong} images are in no part or in several; expected each "
            f"in one of {', '.join(_PARTS)}; get the table again from the publisher"
        )
    return rows[[*_IMAGE, "split"]]


def _findings(root: Path) -> pd.DataFrame:
    """Return one row per study: its findings, and whether its rows contradict each other."""
    rows = radiographs.once(_read(root, "chexpert", (*_STUDY, *CHEXPERT_LABELS)), *_STUDY)
    return rows[[*_STUDY]].assign(
        findings=radiographs.finding_states(rows, CHEXPERT_LABELS),
        conflicting=rows["conflict"].astype(object),
    )


def _view(written: str) -> View:
    return _VIEWS.get(written.upper(), "unknown")
