"""loss: what models lose elsewhere: AUCs compared within each test site, with an interval.

At a test site, models that were trained there and models that never saw it are tested on the same
patients. So their difference is not one between easy and difficult sites, and patients who are
difficult for one model are so for the others: the interval knows that they are shared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elsewhere.scores.discrimination import Floats
from elsewhere.scores.estimates import Estimate
from elsewhere.scores.single_models import MeanArea
from elsewhere.scores.summary import Place

Key = tuple[str, str, str]  # arm, site and finding of a cell
_NO_VARIANCE = 1e-24


class Within(NamedTuple):
    """Two groups of cells compared within test sites, each site with equal weight.

    Attributes
    ----------
    first, second, difference
        Mean AUCs, and first minus second; None without a site that has cells of both groups.
    by_site
        The difference at each such site.
    n_first, n_second
        Cells that count.
    """

    first: Estimate
    second: Estimate
    difference: Estimate
    by_site: Mapping[str, Estimate]
    n_first: int
    n_second: int


def within_sites(
    first: Iterable[Place], second: Iterable[Place], *, areas: Mapping[Key, MeanArea]
) -> Within:
    """Compare two groups of cells within the test sites that have cells of both.

    Parameters
    ----------
    first, second
        Cells with their AUCs and intervals.
    areas
        What tells how much each patient moves the AUC of a cell; without it a cell counts as
        independent of the others.
    """
    groups = [_by_site(first), _by_site(second)]
    sites = [site for site in groups[0] if site in groups[1]]
    cells = [place for site in sites for group in groups for place in group[site]]
    ones = {site: _weights(cells, groups[0][site]) for site in sites}
    others = {site: _weights(cells, groups[1][site]) for site in sites}
    related = _correlations(cells, areas)

    def estimate(weights: Iterable[Floats]) -> Estimate:
        given = [*weights]
        return weighted(cells, np.mean(given, axis=0), related) if given else Estimate(None)

    return Within(
        first=estimate(ones.values()),
        second=estimate(others.values()),
        difference=estimate(ones[site] - others[site] for site in sites),
        by_site={site: estimate([ones[site] - others[site]]) for site in sites},
        n_first=sum(len(groups[0][site]) for site in sites),
        n_second=sum(len(groups[1][site]) for site in sites),
    )


def weighted(cells: Sequence[Place], weights: Floats, related: Floats) -> Estimate:
    """Return a weighted sum of AUCs with an interval recovered from those of the cells.

    Limits of single numbers give the limits of a sum of them, also of correlated ones and where
    limits are not symmetric (Zou 2008 and 2009, MOVER): so few patients and AUCs of 1, for which
    a cell has a wide interval, are not lost in the sum.

    Parameters
    ----------
    cells
        n cells with AUC and limits.
    weights
        Of the sum, shape [n].
    related
        Correlations of the AUCs, shape [n, n].
    """
    values = np.array([cell.auc for cell in cells])
    low, high = (np.array([getattr(cell, name) for cell in cells]) for name in _LIMITS)
    value = float(weights @ values)
    below = weights * np.where(weights > 0, values - low, high - values)
    above = weights * np.where(weights > 0, high - values, values - low)
    spans = [float(max(ends @ related @ ends, 0.0)) ** 0.5 for ends in (below, above)]
    return Estimate(value, value - spans[0], value + spans[1])


_LIMITS = ("auc_low", "auc_high")


def _by_site(places: Iterable[Place]) -> dict[str, list[Place]]:
    sites: dict[str, list[Place]] = {}
    for place in places:
        sites.setdefault(place.site, []).append(place)
    return sites


def _weights(cells: Sequence[Place], chosen: Sequence[Place]) -> Floats:
    """Give each of the chosen cells the same weight; all together have 1."""
    return np.array([cell in chosen for cell in cells]) / len(chosen)


def _correlations(cells: Sequence[Place], areas: Mapping[Key, MeanArea]) -> Floats:
    """Return the correlations of the AUCs through patients that cells of a site share, [n, n]."""
    related = np.eye(len(cells))
    for site in dict.fromkeys(cell.site for cell in cells):
        found = {}
        for at, cell in enumerate(cells):
            area = areas.get((cell.arm, site, cell.finding)) if cell.site == site else None
            if area is not None and area.parts is not None:
                found[at] = (area.patients, area.parts)
        if found:
            rows = np.array([*found])
            related[rows[:, None], rows] = _correlated([*found.values()])
    return related


def _correlated(known: Sequence[tuple[NDArray[np.str_], Floats]]) -> Floats:
    patients = np.unique(np.concatenate([keys for keys, _ in known]))
    parts = np.zeros((4, len(known), len(patients)))
    for number, (keys, of_cell) in enumerate(known):
        parts[:, number, np.searchsorted(patients, keys)] = of_cell
    crossed = parts[2] @ parts[3].T
    covariance = parts[0] @ parts[0].T + parts[1] @ parts[1].T + crossed + crossed.T
    error = np.sqrt(np.diag(covariance).clip(0))
    scale = np.where(error**2 > _NO_VARIANCE, error, np.inf)
    related: Floats = (covariance / np.outer(scale, scale)).clip(-1, 1)
    np.fill_diagonal(related, 1.0)
    return related
