"""cohort: the prepared scans of one part of one site, read on demand and cached in memory."""

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
from elsewhere.files import texts
from elsewhere.imaging import store

CACHE_BYTES = 1 << 30
PARTS = ("train", "validation", "test")
UNKNOWN = -1  # the scan has no label for a finding: the site does not annotate it, or it is ignored


class CohortError(ValueError):
    """The index, arrays and split of a site do not fit together."""


@dataclass(frozen=True)
class SiteFiles:
    """The files that the steps `prepare` and `split` made for one site.

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


class ArrayCache:
    """Prepared scans in memory, by their position in the cohort, and the bytes they take.

    Parameters
    ----------
    arrays
        Arrays that are in the cache from the start.
    """

    def __init__(self, arrays: Iterable[Voxels] = ()) -> None:
        self.arrays: dict[int, Voxels] = dict(enumerate(arrays))
        self.used = sum(array.nbytes for array in self.arrays.values())
        self.lock = threading.Lock()

    def keep(self, index: int, array: Voxels, *, limit: int) -> None:
        """Keep an array if the cache then holds at most `limit` bytes."""
        with self.lock:  # several threads make batches
            if index not in self.arrays and self.used + array.nbytes <= limit:
                self.arrays[index] = array
                self.used += array.nbytes


@dataclass(frozen=True)
class Cohort:
    """The scans of one part of one site.

    Attributes
    ----------
    site
        Row name of the site.
    scan_ids, patient_ids
        One per scan, sorted by scan id.
    labels
        int64 [scans], 0 or 1, or the position of the class in `classes`; with findings
        [scans, findings], and `UNKNOWN` for a missing label.
    arrays
        Folder of prepared scans.
    cache_bytes
        Arrays are cached until they take this much memory; the others are read each time.
    findings
        Names of the columns of `labels`; empty: each scan has one label.
    classes
        Names of the labels where there are more than two; else empty.
    cache
        The arrays in memory.
    """

    site: str
    scan_ids: tuple[str, ...]
    patient_ids: tuple[str, ...]
    labels: npt.NDArray[np.int64]
    arrays: Path
    cache_bytes: int = CACHE_BYTES
    findings: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    cache: ArrayCache = field(default_factory=ArrayCache, repr=False, compare=False)

    def __len__(self) -> int:
        """Number of scans."""
        return len(self.scan_ids)

    def array(self, i: int) -> Voxels:
        """Return prepared scan `i`, [z, y, x] int16 or uint8, read-only."""
        if i in self.cache.arrays:
            return self.cache.arrays[i]
        array = store.read(self.arrays / f"{self.scan_ids[i]}{store.SUFFIX}")
        array.setflags(write=False)
        self.cache.keep(i, array, limit=self.cache_bytes)
        return array


def load(files: SiteFiles, *, fold: int, part: str, classes: tuple[str, ...] = ()) -> Cohort:
    """Return the scans of a site that a split assigns to a part.

    Parameters
    ----------
    files
        Files of the site.
    fold
        Fold of the split.
    part
        "train", "validation" or "test".
    classes
        Names of the labels where there are more than two; else empty.

    Raises
    ------
    CohortError
        If the part is unknown, scans of the split are not in the index, or a label is of no class.
    """
    if part not in PARTS:
        raise CohortError(f"part is '{part}', expected one of {', '.join(PARTS)}")
    rows = pd.read_csv(files.split, converters=texts("scan_id", "patient_id"))
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
    if not findings and (rows[labels.LABEL] >= (len(classes) or 2)).any():
        raise CohortError(
            f"{files.split}: has label {rows[labels.LABEL].max()}, but the study has "
            f"{len(classes) or 2} classes; split again"
        )
    return Cohort(
        site=files.site,
        scan_ids=tuple(rows["scan_id"]),
        patient_ids=tuple(rows["patient_id"]),
        labels=_labels(rows, findings),
        arrays=files.arrays,
        findings=findings,
        classes=classes,
    )


def patient_key(index: pd.DataFrame) -> Literal["none", "published"]:
    """Return whether patient keys are published; without them each scan is its own patient."""
    return "none" if (index["patient_id"] == index["scan_id"]).any() else "published"


def _labels(rows: pd.DataFrame, findings: tuple[str, ...]) -> npt.NDArray[np.int64]:
    if not findings:
        return rows[labels.LABEL].to_numpy(np.int64)
    return rows[[*findings]].fillna(UNKNOWN).to_numpy(np.int64)
