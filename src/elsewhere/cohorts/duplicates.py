"""duplicates: copies of a scan under other patients or at other sites, and whom they connect."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from elsewhere.cohorts import groups
from elsewhere.imaging import signature
from elsewhere.progress import reported

PAIR = ("site_a", "scan_a", "patient_a", "site_b", "scan_b", "patient_b", "kind", "similarity")
PRIOR = 20  # scans that show nothing, averaged into the mean: few scans must not cancel each other
BLOCK, WIDE = 1024, 16_384  # scans compared at once with so many others
MOST_LISTED = 100_000

log = logging.getLogger(__name__)

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Duplicates:
    """What was found.

    Attributes
    ----------
    pairs
        Columns `PAIR`, the most alike first; kind "identical" (equal voxels) or "near"; of near
        ones the `MOST_LISTED` most alike.
    groups
        Columns site and those of `groups`; one row a patient that is connected to another.
    n_identical, n_near
        Pairs found, listed or not. Of n identical scans n - 1 pairs are counted.
    """

    pairs: pd.DataFrame
    groups: pd.DataFrame
    n_identical: int
    n_near: int

    @property
    def counts(self) -> dict[str, int]:
        """How many pairs and groups there are, within sites and across them."""
        sizes = self.groups.groupby("group").size()
        across = self.groups.loc[self.groups["across_sites"], "group"]
        return {
            "identical_pairs": self.n_identical,
            "near_pairs": self.n_near,
            "listed_pairs": len(self.pairs),
            "listed_pairs_across_sites": int((self.pairs["site_a"] != self.pairs["site_b"]).sum()),
            "groups": len(sizes),
            "groups_across_sites": int(across.nunique()),
            "patients_in_groups": int(sizes.sum()),
            "largest_group": int(sizes.max()) if len(sizes) else 0,
        }


def find(scans: pd.DataFrame, *, similarity: float) -> Duplicates:
    """Find scans of different patients that show the same voxels, or nearly.

    Signatures are compared after what chests share is taken off and weighed down, see `apart`.
    Images are compared with images, volumes with volumes. The work is n x n products of
    `signature.LENGTH` numbers, in blocks; the log tells how far it is.

    Parameters
    ----------
    scans
        Columns site, scan_id, patient_id, n_slices, volume_sha256, signature. Keys tell scans and
        patients of one site; the same key at two sites is two patients.
    similarity
        Least correlation of near-duplicates, above 0.
    """
    ordered = scans.sort_values(["site", "scan_id"], ignore_index=True)
    owner = ordered.groupby(["site", "patient_id"]).ngroup().to_numpy().astype(np.int64)
    edges = _Edges(owner)
    first = ordered.groupby("volume_sha256")["volume_sha256"].transform(lambda same: same.index[0])
    edges.add(first.to_numpy(np.int64), np.arange(len(ordered)), np.full(len(ordered), np.inf))
    n_identical = edges.count
    for chosen in (ordered["n_slices"] == 1, ordered["n_slices"] > 1):
        rows = np.flatnonzero(chosen.to_numpy())
        for a, b, alike in _near(ordered["signature"].iloc[rows].tolist(), similarity):
            edges.add(rows[a], rows[b], alike)
    return Duplicates(
        pairs=_listed(ordered, edges.table()),
        groups=_groups(ordered, owner, edges.labels),
        n_identical=n_identical,
        n_near=edges.count - n_identical,
    )


class _Edges:
    """Pairs of scans of different patients, and the patients that they connect so far."""

    def __init__(self, owner: Ints) -> None:
        self._owner = owner
        self._found: list[tuple[Ints, Ints, npt.NDArray[np.float64]]] = []
        self._kept = 0
        self.labels: Ints = np.arange(owner.max() + 1 if len(owner) else 0)
        self.count = 0

    def add(self, a: Ints, b: Ints, similarity: npt.NDArray[np.float64]) -> None:
        """Take pairs of scans; those of one patient say nothing."""
        new = self._owner[a] != self._owner[b]
        if not new.any():
            return
        a, b, similarity = a[new], b[new], similarity[new]
        self.count += len(a)
        self._connect(self._owner[a], self._owner[b])
        self._found.append((a, b, similarity))
        self._kept += len(a)
        if self._kept > 2 * MOST_LISTED:
            self._shorten()

    def table(self) -> pd.DataFrame:
        """Return a, b and similarity, the most alike first."""
        self._shorten()
        a, b, similarity = self._found[0] if self._found else (np.zeros(0, int),) * 3
        return pd.DataFrame({"a": a, "b": b, "similarity": similarity})

    def _connect(self, a: Ints, b: Ints) -> None:
        size = len(self.labels)
        ends = np.concatenate([np.arange(size), a]), np.concatenate([self.labels, b])
        matrix = coo_array((np.ones(len(ends[0]), bool), ends), shape=(size, size))
        _, parts = connected_components(matrix, directed=False)
        first = np.full(size, size)
        np.minimum.at(first, parts, np.arange(size))
        self.labels = first[parts]

    def _shorten(self) -> None:
        if not self._found:
            return
        a, b, similarity = (np.concatenate(each) for each in zip(*self._found, strict=True))
        order = np.lexsort((b, a, -similarity))
        identical = int(np.isinf(similarity).sum())
        order = order[: identical + MOST_LISTED]
        self._found = [(a[order], b[order], similarity[order])]
        self._kept = len(order)


def apart(shapes: Floats) -> Floats:
    """Weigh down what varies together in all chests, so that only one's own details count.

    The mean is taken off, and each direction divided by its standard deviation, to whose square
    the mean variance is added: size, inspiration and the look of a site vary much and say little,
    and what hardly varies must not be blown up.

    Parameters
    ----------
    shapes
        float32 [n, signature.LENGTH], rows of length 1, or of zeros.

    Returns
    -------
    numpy.ndarray
        The same shape, rows of length 1; a row of zeros stays.
    """
    blank = ~shapes.any(axis=1)
    centred = shapes - shapes.sum(axis=0) / np.float32(len(shapes) + PRIOR)
    variances, directions = np.linalg.eigh(centred.T @ centred / np.float32(len(shapes)))
    mean = float(variances.sum()) / min(shapes.shape)  # of as many directions as n scans span
    least = max(mean, np.finfo(np.float32).tiny)
    weights = directions / np.sqrt(np.clip(variances, 0, None) + least)
    found = signature.normalised((centred @ weights).astype(np.float32))
    found[blank] = 0
    return found


def _near(
    packed: list[bytes], similarity: float
) -> Iterator[tuple[Ints, Ints, npt.NDArray[np.float64]]]:
    """Yield pairs a < b whose signatures correlate by at least `similarity`."""
    if not packed:
        return
    shapes = apart(signature.unpacked(packed))
    starts = range(0, len(shapes), BLOCK)
    unit = f"blocks of {BLOCK} scans compared"
    for start in reported(starts, log, total=len(starts), unit=unit):
        tiles = [_alike(shapes, start, at, similarity) for at in range(start, len(shapes), WIDE)]
        a, b, alike = (np.concatenate(each) for each in zip(*tiles, strict=True))
        yield a, b, alike


def _alike(
    shapes: Floats, start: int, other: int, similarity: float
) -> tuple[Ints, Ints, npt.NDArray[np.float64]]:
    """Compare a block with `WIDE` scans; all others at once would fill the memory."""
    products = shapes[start : start + BLOCK] @ shapes[other : other + WIDE].T
    a, b = np.nonzero(products >= similarity)
    upper = a + start < b + other
    a, b = a[upper], b[upper]
    return a + start, b + other, products[a, b].astype(np.float64)


def _listed(ordered: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Replace rows by keys; a pair that is identical is not listed as near too."""
    table = table.drop_duplicates(["a", "b"])
    same = np.isinf(table["similarity"].to_numpy(float))
    columns = {
        f"{name.removesuffix('_id')}_{end}": ordered[name].to_numpy()[table[end].to_numpy(int)]
        for end in ("a", "b")
        for name in ("site", "scan_id", "patient_id")
    }
    return pd.DataFrame(
        {
            **columns,
            "kind": np.where(same, "identical", "near"),
            "similarity": np.where(same, 1.0, table["similarity"].to_numpy(float)).round(4),
        },
        columns=[*PAIR],
    )


def _groups(ordered: pd.DataFrame, owner: Ints, labels: Ints) -> pd.DataFrame:
    """Return the patients of each group of two or more.

    A group is named after its first patient, so that a new member elsewhere seldom renames it.
    """
    people = ordered[["site", "patient_id"]].assign(owner=owner).drop_duplicates("owner")
    people = people.sort_values("owner", ignore_index=True)
    people["label"] = labels
    sizes = people.groupby("label")["owner"].transform("size")
    people = people[sizes > 1]
    sites = people.groupby("label")["site"].transform("nunique")
    leaders = people.groupby("label")[["site", "patient_id"]].transform("first")
    named = [
        hashlib.sha256(f"{site}|{patient}".encode()).hexdigest()[:16]
        for site, patient in leaders.itertuples(index=False)
    ]
    found = people.assign(group=named, across_sites=sites > 1)
    return found.reset_index(drop=True)[["site", *groups.COLUMNS]]
