"""cohort: the prepared scans of one part of one site, read on demand and cached in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from elsewhere.cohorts import extent
from elsewhere.cohorts.allowance import Allowance
from elsewhere.cohorts.extent import Extent
from elsewhere.cohorts.view import Voxels
from elsewhere.files import texts
from elsewhere.imaging import store

if TYPE_CHECKING:
    import pandas as pd

# pandas, pyarrow and the labels are imported where tables are read: a cohort itself, and
# so a training step, does without them

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
    """Prepared scans in memory, by their position in the cohort.

    Parameters
    ----------
    arrays
        Arrays that are in the cache from the start; they do not count.
    allowance
        What further arrays may take; cohorts share one.
    """

    def __init__(self, arrays: Iterable[Voxels] = (), allowance: Allowance | None = None) -> None:
        self.arrays: dict[int, Voxels] = dict(enumerate(arrays))
        self.extents: dict[int, Extent] = {}  # of scans of which the index says none
        self.allowance = allowance or Allowance()
        self.lock = threading.Lock()

    def keep(self, index: int, array: Voxels) -> None:
        """Keep an array if the allowance grants it."""
        with self.lock:  # several threads make batches
            if index not in self.arrays and self.allowance.take(array.nbytes):
                self.arrays[index] = array


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
    findings
        Names of the columns of `labels`; empty: each scan has one label.
    classes
        Names of the labels where there are more than two; else empty.
    extents
        int64 [scans, 5], the columns `extent.COLUMNS` of the index; None: they are measured.
    cache
        The arrays in memory; the others are read each time.
    """

    site: str
    scan_ids: tuple[str, ...]
    patient_ids: tuple[str, ...]
    labels: npt.NDArray[np.int64]
    arrays: Path
    findings: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    extents: npt.NDArray[np.int64] | None = field(default=None, repr=False, compare=False)
    cache: ArrayCache = field(default_factory=ArrayCache, repr=False, compare=False)

    def __len__(self) -> int:
        """Number of scans."""
        return len(self.scan_ids)

    def array(self, i: int) -> Voxels:
        """Return prepared scan `i`, [z, y, x] int16 or uint8, read-only."""
        if i in self.cache.arrays:
            return self.cache.arrays[i]
        array = store.read(self._file(i))
        array.setflags(write=False)
        self.cache.keep(i, array)
        return array

    def extent(self, i: int) -> Extent:
        """Return shape and range of values of scan `i`; it is read if the index has none."""
        if self.extents is not None:
            return Extent(*map(int, self.extents[i]))
        measured = self.cache.extents
        if i not in measured:
            measured[i] = Extent.of(self.array(i))
        return measured[i]

    def slices(self, i: int, wanted: range) -> Voxels:
        """Return some slices of scan `i`, [slices, y, x].

        While there is room for the whole scan, it is read and kept; else only these are decoded.
        """
        if i in self.cache.arrays or self.cache.allowance.has_room(self.extent(i).nbytes):
            return self.array(i)[wanted.start : wanted.stop : wanted.step]
        return store.read(self._file(i), start=wanted.start, stop=wanted.stop, step=wanted.step)

    def _file(self, i: int) -> Path:
        return self.arrays / f"{self.scan_ids[i]}{store.SUFFIX}"


def load(
    files: SiteFiles,
    *,
    fold: int,
    part: str,
    classes: tuple[str, ...] = (),
    allowance: Allowance | None = None,
) -> Cohort:
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
    allowance
        Memory that the job's cohorts share; None: this one has its own.

    Raises
    ------
    CohortError
        If the part is unknown, scans of the split are not in the index, or a label is of no class.
    """
    import pandas as pd

    from elsewhere.cohorts import labels

    if part not in PARTS:
        raise CohortError(f"part is '{part}', expected one of {', '.join(PARTS)}")
    rows = pd.read_csv(files.split, converters=texts("scan_id", "patient_id"))
    if len(rows) and fold not in set(rows["fold"]):
        raise CohortError(f"{files.split}: has no fold {fold}, it has {sorted(set(rows['fold']))}")
    rows = rows[(rows["fold"] == fold) & (rows["part"] == part)].sort_values("scan_id")
    index = _index(files.index)
    known = set(index.index)
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
        extents=index.loc[rows["scan_id"]].to_numpy(np.int64) if len(index.columns) else None,
        cache=ArrayCache(allowance=allowance),
    )


def patient_key(index: pd.DataFrame) -> Literal["none", "published"]:
    """Return whether patient keys are published; without them each scan is its own patient."""
    return "none" if (index["patient_id"] == index["scan_id"]).any() else "published"


def _index(path: Path) -> pd.DataFrame:
    """Return the extents of all scans by scan id; an older index has none, so no columns."""
    import pandas as pd
    import pyarrow.parquet as pq

    there = set(pq.read_schema(path).names)
    columns = extent.COLUMNS if there.issuperset(extent.COLUMNS) else ()
    return pd.read_parquet(path, columns=["scan_id", *columns]).set_index("scan_id")


def _labels(rows: pd.DataFrame, findings: tuple[str, ...]) -> npt.NDArray[np.int64]:
    from elsewhere.cohorts import labels

    if not findings:
        return rows[labels.LABEL].to_numpy(np.int64)
    return rows[[*findings]].fillna(UNKNOWN).to_numpy(np.int64)
