"""confusion: confusion matrices: counts, normalised shares and averages over sites."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple, TypedDict

import numpy as np
from numpy.typing import NDArray

from elsewhere.scores.discrimination import Ints

Matrix = list[list[float | None]]


class Confusion(NamedTuple):
    """Counts of scans (A-53); where several models call each scan, means over models."""

    tp: float
    fp: float
    tn: float
    fn: float


class Averages(TypedDict):
    """The two matrices that summarise an arm over test sites (A-54); see `average`."""

    matrix: Matrix
    accuracy: float | None
    negative_sites: list[str]
    positive_sites: list[str]


def count(labels: Ints, *, calls: NDArray[np.bool_]) -> Confusion:
    """Count right and wrong calls; both arrays have shape [n] (A-53)."""
    truth = labels == 1
    return Confusion(
        tp=int(np.sum(truth & calls)),
        fp=int(np.sum(~truth & calls)),
        tn=int(np.sum(~truth & ~calls)),
        fn=int(np.sum(truth & ~calls)),
    )


def accuracy(counts: Confusion) -> float | None:
    """Return the share of right calls (A-55), None without scans."""
    return (counts.tp + counts.tn) / sum(counts) if sum(counts) else None


def normalised(counts: Confusion) -> Matrix:
    """Return [[true negative, false positive], [false negative, true positive]] as shares (A-53).

    Each row is divided by its own number of scans (rows: truth); a class without scans gives
    [None, None].
    """
    return [_shares(counts.tn, counts.fp), _shares(counts.fn, counts.tp)]


def combined(counts: Iterable[Confusion]) -> Confusion:
    """Return the counts over the samples of all sites together, the "Combined" matrix (A-54)."""
    table = [(0, 0, 0, 0), *counts]
    tp, fp, tn, fn = (sum(column) for column in zip(*table, strict=True))
    return Confusion(tp, fp, tn, fn)


def average(sites: Mapping[str, Confusion], *, without: Collection[str] = ()) -> Averages:
    """Average the normalised matrices with equal weight for each site: "Average" (A-54).

    Parameters
    ----------
    sites
        Counts of one arm on each test site.
    without
        Sites left out, such as the one that has no negative scans.

    Returns
    -------
    Averages
        ``matrix`` as from `normalised`; a row is averaged over the sites that have scans of its
        class, which are listed. ``accuracy`` is the mean of the sites' accuracies.
    """
    kept = {name: counts for name, counts in sites.items() if name not in without}
    matrices = {name: normalised(counts) for name, counts in kept.items()}
    accuracies = [accuracy(counts) for counts in kept.values()]
    present = [[name for name, matrix in matrices.items() if matrix[row][0] is not None]
               for row in (0, 1)]  # fmt: skip
    return Averages(
        matrix=[
            [_mean([matrices[name][row][column] for name in present[row]]) for column in (0, 1)]
            for row in (0, 1)
        ],
        accuracy=_mean(accuracies),
        negative_sites=present[0],
        positive_sites=present[1],
    )


def _shares(first: float, second: float) -> list[float | None]:
    both = first + second
    return [first / both, second / both] if both else [None, None]


def _mean(values: list[float | None]) -> float | None:
    defined = [value for value in values if value is not None]
    return sum(defined) / len(defined) if defined else None
