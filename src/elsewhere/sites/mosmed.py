"""mosmed: layout of MosMedData, CT as NIfTI volumes graded by severity (A-08, A-24).

Files: studies/CT-{0..4}/study_NNNN.nii.gz, one study per patient
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from elsewhere.design.layouts.mosmed import MosmedOptions
from elsewhere.design.site import IntakeRow
from elsewhere.imaging.source import Source
from elsewhere.sites.layout import (
    Layout,
    LeftOut,
    Scan,
    folder,
    relative,
    visible,
)
from elsewhere.sites.published_table import table

CATEGORIES = ("CT-0", "CT-1", "CT-2", "CT-3", "CT-4")
_SUFFIXES = (".nii.gz", ".nii")


class Mosmed(MosmedOptions, Layout):
    """Volumes graded by severity; CT-1 to CT-4 are positive."""

    citation: ClassVar[str] = "Morozov et al. 2020, MosMedData: chest CT, arXiv 2005.06465"
    licence: ClassVar[str] = "CC BY-NC-ND 3.0"
    suffixes: ClassVar[tuple[str, ...]] = _SUFFIXES

    def scans(self, root: Path, policy: IntakeRow) -> Iterator[Scan | LeftOut]:
        """Yield one scan per study, checked against dataset_registry.xlsx if that exists."""
        studies = folder(root, "studies")
        listed = _listed(root / "dataset_registry.xlsx")
        for category in CATEGORIES:
            if not (studies / category).is_dir():
                continue
            for path in visible(studies / category):
                if path.name.endswith(_SUFFIXES) and path.is_file():
                    yield self._scan(path, category, listed)
        yield from _missing(studies, listed or {})

    def rest(self, path: Path, root: Path) -> LeftOut:
        """Return the row of a file that is not a scan; the publisher's masks are set aside."""
        at = relative(path, root)
        if at.startswith("masks/") and path.name.endswith(_SUFFIXES):
            return LeftOut(at, "mask", "segmentation beside the scans", (path,))
        return super().rest(path, root)

    def _scan(self, path: Path, category: str, listed: dict[str, str] | None) -> Scan | LeftOut:
        study = _study(path)
        at = f"studies/{category}/{path.name}"
        reason = detail = ""
        if category in self.leave_out:
            reason, detail = "left_out", f"options.leave_out names {category}"
        elif listed is not None and study not in listed:
            reason, detail = "not_listed", "dataset_registry.xlsx has no such study"
        elif listed is not None and listed[study] != category:
            reason = "label_conflict"
            detail = f"dataset_registry.xlsx says another category than {category}"
        if reason:
            return LeftOut(at, reason, detail, (path,))
        source = Source(kind="nifti", files=(path,))
        return Scan(study, at, study, int(category != "CT-0"), category, source)


def _study(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".nii")


def _listed(path: Path) -> dict[str, str] | None:
    if not path.is_file():
        return None
    rows = table(path, required=("study_id", "category"))
    return {row["study_id"]: row["category"] for row in rows}


def _missing(studies: Path, listed: dict[str, str]) -> Iterator[LeftOut]:
    on_disk = {_study(path) for path in studies.glob("CT-*/*.nii*")}
    for study, category in sorted(listed.items()):
        if study not in on_disk:
            detail = "listed in dataset_registry.xlsx, not on disk"
            yield LeftOut(f"studies/{category}/{study}.nii.gz", "missing", detail)
