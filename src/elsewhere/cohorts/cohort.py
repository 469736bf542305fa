"""cohort: the scans of one part of one site, read on demand and kept within a byte budget."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from elsewhere.cohorts import labels
from elsewhere.cohorts.view import Voxels
from elsewhere.imaging import store

CACHE_BYTES = 1 << 30
PARTS = ("train", "validation", "test")
UNKNOWN = -1  # a scan has no label for a finding: not annotated at the site, or ignored


class CohortError(ValueError):
    """Index, arrays and split of a site do not fit together."""


@dataclass(frozen=True)
class SiteFiles:
    """What `prepare` and `split` made of one site.

    Attributes
    ----------
    site
        Row name of the site.
    index, arrays
        index.parquet and the folder of prepared scans.
    split
        CSV of the site's parts.
    """

    site: str
    index: Path
    arrays: Path
    split: Path


class Kept:
    """Prepared scans in memory, by their place in the cohort, and what they take.

    Parameters
    ----------
    arrays
        What is there from the start.
    """

    def __init__(self, arrays: Iterable[Voxels] = ()) -> None:
        self.arrays: dict[int, Voxels] = dict(enumerate(arrays))
        self.used = sum(array.nbytes for array in self.arrays.values())
        self.lock = threading.Lock()

    def keep(self, i: int, array: Voxels, *, most: int) -> None:
        """Keep an array if there is room for it."""
        with self.lock:  # batches are made by several threads
            if i not in self.arrays and self.used + array.nbytes <= most:
                self.arrays[i] = array
                self.used += array.nbytes


@dataclass(frozen=True)
class Cohort:
    """Scans of one site and part, sites kept apart.

    Attributes
    ----------
    site
        Row name of the site.
    scan_ids, patient_ids
        One a scan, sorted by scan.
    labels
        int64 [scans], 0 or 1; of findings [scans, findings], and `UNKNOWN` where there is none.
    arrays
        Folder of prepared scans.
    cache_bytes
        Arrays are kept in memory until they fill this; the rest is read each time.
    findings
        What the columns of `labels` are; empty: each scan has one label.
    kept
        The arrays in memory.
    """

    site: str
    scan_ids: tuple[str, ...]
    patient_ids: tuple[str, ...]
    labels: npt.NDArray[np.int64]
    arrays: Path
    cache_bytes: int = CACHE_BYTES
    findings: tuple[str, ...] = ()
    kept: Kept = field(default_factory=Kept, repr=False, compare=False)

    def __len__(self) -> int:
        """Number of scans."""
        return len(self.scan_ids)

    def array(self, i: int) -> Voxels:
        """Return prepared scan `i`, [z, y, x] int16 or uint8, not to be written to."""
        if i in self.kept.arrays:
            return self.kept.arrays[i]
        array = store.read(self.arrays / f"{self.scan_ids[i]}{store.SUFFIX}")
        array.setflags(write=False)
        self.kept.keep(i, array, most=self.cache_bytes)
        return array


def load(files: SiteFiles, *, fold: int, part: str) -> Cohort:
    """Return the scans of a site that a split gives to a part.

    Parameters
    ----------
    files
        Of the site.
    fold
        Fold of the split.
    part
        "train", "validation" or "test".

    Raises
    ------
    CohortError
        If the part is unknown, or scans of the split are not in the index.
    """
    if part not in PARTS:
        raise CohortError(f"part is '{part}', expected one of {', '.join(PARTS)}")
    rows = pd.read_csv(files.split, dtype={"scan_id": str, "patient_id": str})
    if len(rows) and fold not in set(rows["fold"]):
        raise CohortError(f"{files.split}: has no fold {fold}, it has {sorted(set(rows['fold']))}")
    rows = rows[(rows["fold"] == fold) & (rows["part"] == part)].sort_values("scan_id")
    known = set(pd.read_parquet(files.index, columns=["scan_id"])["scan_id"])
    missing = [scan for scan in rows["scan_id"] if scan not in known]
    if missing:
        raise CohortError(
            f"{files.index}: {len(missing)} scans of {files.split} are not in it, "
            f"first {missing[0]}; make both from the same manifest"
        )
    findings = labels.findings_of(rows.columns)
    return Cohort(
        site=files.site,
        scan_ids=tuple(rows["scan_id"]),
        patient_ids=tuple(rows["patient_id"]),
        labels=_labels(rows, findings),
        arrays=files.arrays,
        findings=findings,
    )


def patient_key(index: pd.DataFrame) -> Literal["none", "published"]:
    """Return whether patients are known; without a published key a scan is its own patient."""
    return "none" if (index["patient_id"] == index["scan_id"]).any() else "published"


def _labels(rows: pd.DataFrame, findings: tuple[str, ...]) -> npt.NDArray[np.int64]:
    if not findings:
        return rows[labels.LABEL].to_numpy(np.int64)
    return rows[[*findings]].fillna(UNKNOWN).to_numpy(np.int64)
