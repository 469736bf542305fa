"""duplicates: find copies of scans across patients and sites, and the patients they connect."""

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
PRIOR = 20  # zero signatures averaged into the mean, so that a few scans do not cancel each other
BLOCK, WIDE = 1024, 16_384  # numbers of scans that are compared at once with each other
MOST_LISTED = 100_000

log = logging.getLogger(__name__)

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Duplicates:
    """Pairs of duplicate scans, and the groups of patients that they connect.

    Attributes
    ----------
    pairs
        Columns `PAIR`, the most similar first. The kind is "identical" (equal voxels) or "near";
        only the `MOST_LISTED` most similar near pairs are listed.
    groups
        Columns site and those of `groups`; one row per patient that is connected to another.
    n_identical, n_near
        Numbers of pairs, listed or not. n identical scans count as n - 1 pairs.
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
    """Find scans of different patients with identical or nearly identical voxels.

    Signatures are compared after whitening, which removes what all chests share, see `whitened`.
    Images are compared with images, and volumes with volumes. For n scans this takes n x n products
    of `signature.LENGTH` numbers, in blocks; the log shows the progress.

    Parameters
    ----------
    scans
        Columns site, scan_id, patient_id, n_slices, volume_sha256, signature. Keys identify scans
        and patients within a site; the same key at two sites means two patients.
    similarity
        Smallest correlation of near-duplicates, above 0.
    """
    # by voxels first, so that rounding does not depend on the secret that hashes the keys
    ordered = scans.sort_values(["site", "volume_sha256", "scan_id"], ignore_index=True)
    owner = ordered.groupby(["site", "patient_id"]).ngroup().to_numpy().astype(np.int64)
    pairs = _Pairs(owner)
    first_copy = ordered.groupby("volume_sha256")["volume_sha256"].transform(
        lambda same: same.index[0]
    )
    pairs.add(first_copy.to_numpy(np.int64), np.arange(len(ordered)), np.full(len(ordered), np.inf))
    n_identical = pairs.count
    for selected in (ordered["n_slices"] == 1, ordered["n_slices"] > 1):
        positions = np.flatnonzero(selected.to_numpy())
        for a, b, similarities in _near_duplicates(
            ordered["signature"].iloc[positions].tolist(), similarity
        ):
            pairs.add(positions[a], positions[b], similarities)
    return Duplicates(
        pairs=_listed(ordered, pairs.table()),
        groups=_groups(ordered, owner, pairs.labels),
        n_identical=n_identical,
        n_near=pairs.count - n_identical,
    )


class _Pairs:
    """Collects pairs of scans of different patients, and the patients that they connect."""

    def __init__(self, owner: Ints) -> None:
        self._owner = owner
        self._chunks: list[tuple[Ints, Ints, npt.NDArray[np.float64]]] = []
        self._stored = 0
        self.labels: Ints = np.arange(owner.max() + 1 if len(owner) else 0)
        self.count = 0

    def add(self, a: Ints, b: Ints, similarity: npt.NDArray[np.float64]) -> None:
        """Add pairs of scans; pairs within one patient are ignored."""
        across = self._owner[a] != self._owner[b]
        if not across.any():
            return
        a, b, similarity = a[across], b[across], similarity[across]
        self.count += len(a)
        self._connect(self._owner[a], self._owner[b])
        self._chunks.append((a, b, similarity))
        self._stored += len(a)
        if self._stored > 2 * MOST_LISTED:
            self._shorten()

    def table(self) -> pd.DataFrame:
        """Return the columns a, b and similarity, the most similar pairs first."""
        self._shorten()
        a, b, similarity = self._chunks[0] if self._chunks else (np.zeros(0, int),) * 3
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
        if not self._chunks:
            return
        a, b, similarity = (np.concatenate(arrays) for arrays in zip(*self._chunks, strict=True))
        order = np.lexsort((b, a, -similarity))
        n_identical = int(np.isinf(similarity).sum())
        order = order[: n_identical + MOST_LISTED]
        self._chunks = [(a[order], b[order], similarity[order])]
        self._stored = len(order)


def whitened(shapes: Floats) -> Floats:
    """Whiten signatures, so that individual details count more than what varies in all chests.

    The mean is subtracted, and each principal direction is divided by sqrt(variance + mean
    variance). Size, inspiration and the appearance of a site vary much and identify nobody. The
    added mean variance keeps directions that hardly vary from being amplified.

    Parameters
    ----------
    shapes
        float32 [n, signature.LENGTH], rows of length 1, or of zeros.

    Returns
    -------
    numpy.ndarray
        The same shape, rows of length 1; a row of zeros stays zero.
    """
    zero_rows = ~shapes.any(axis=1)
    centred = shapes - shapes.sum(axis=0) / np.float32(len(shapes) + PRIOR)
    variances, directions = np.linalg.eigh(centred.T @ centred / np.float32(len(shapes)))
    mean_variance = float(variances.sum()) / min(shapes.shape)  # n scans span at most n directions
    added_variance = max(mean_variance, np.finfo(np.float32).tiny)
    weights = directions / np.sqrt(np.clip(variances, 0, None) + added_variance)
    result = signature.normalised((centred @ weights).astype(np.float32))
    result[zero_rows] = 0
    return result


def _near_duplicates(
    packed: list[bytes], similarity: float
) -> Iterator[tuple[Ints, Ints, npt.NDArray[np.float64]]]:
    """Yield the pairs a < b whose signatures correlate by at least `similarity`, block by block."""
    if not packed:
        return
    signatures = whitened(signature.unpacked(packed))
    starts = range(0, len(signatures), BLOCK)
    unit = f"blocks of {BLOCK} scans compared"
    for start in reported(starts, log, total=len(starts), unit=unit):
        tiles = [
            _similar_pairs(signatures, start, other, similarity)
            for other in range(start, len(signatures), WIDE)
        ]
        a, b, similarities = (np.concatenate(arrays) for arrays in zip(*tiles, strict=True))
        yield a, b, similarities


def _similar_pairs(
    signatures: Floats, start: int, other: int, similarity: float
) -> tuple[Ints, Ints, npt.NDArray[np.float64]]:
    """Return the similar pairs of a block and `WIDE` other scans; more would not fit in memory."""
    products = signatures[start : start + BLOCK] @ signatures[other : other + WIDE].T
    a, b = np.nonzero(products >= similarity)
    upper = a + start < b + other
    a, b = a[upper], b[upper]
    return a + start, b + other, products[a, b].astype(np.float64)


def _listed(ordered: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Replace row numbers by keys; list an identical pair only once, not also as near."""
    table = table.drop_duplicates(["a", "b"])
    identical = np.isinf(table["similarity"].to_numpy(float))
    columns = {
        f"{name.removesuffix('_id')}_{end}": ordered[name].to_numpy()[table[end].to_numpy(int)]
        for end in ("a", "b")
        for name in ("site", "scan_id", "patient_id")
    }
    return pd.DataFrame(
        {
            **columns,
            "kind": np.where(identical, "identical", "near"),
            "similarity": np.where(identical, 1.0, table["similarity"].to_numpy(float)).round(4),
        },
        columns=[*PAIR],
    )


def _groups(ordered: pd.DataFrame, owner: Ints, labels: Ints) -> pd.DataFrame:
    """Return the patients of each group of two or more.

    A group is named after the voxels of its first scan, so that its name is the same on every
    machine, whatever secret hides its patients, and a new member rarely changes it.
    """
    digests = ordered.groupby(owner)["volume_sha256"].min()
    patients = ordered[["site", "patient_id"]].assign(owner=owner).drop_duplicates("owner")
    patients = patients.sort_values("owner", ignore_index=True)
    patients["label"], patients["digest"] = labels, digests.to_numpy()
    sizes = patients.groupby("label")["owner"].transform("size")
    patients = patients[sizes > 1]
    sites = patients.groupby("label")["site"].transform("nunique")
    first = patients.groupby("label")["digest"].transform("min")
    members = patients.assign(
        group=[hashlib.sha256(digest.encode()).hexdigest()[:16] for digest in first],
        across_sites=sites > 1,
    )
    return members.reset_index(drop=True)[["site", *groups.COLUMNS]]
