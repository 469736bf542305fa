"""loss: what models lose elsewhere: AUCs compared within each test site, with an interval.

At a test site, models that were trained there and models that never saw it are tested on the same
patients. So their difference is not one between easy and difficult sites, and patients who are
difficult for one model are so for the others: the interval knows that they are shared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from elsewhere.scores.discrimination import Floats
from elsewhere.scores.estimates import Estimate, weighted
from elsewhere.scores.shares import correlation
from elsewhere.scores.single_models import MeanArea
from elsewhere.scores.summary import Place

Key = tuple[str, str, str]  # arm, site and finding of a cell


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
    limits = [Estimate(cell.auc, cell.auc_low, cell.auc_high) for cell in cells]

    def estimate(weights: Iterable[Floats]) -> Estimate:
        given = [*weights]
        if not given:
            return Estimate(None)
        return weighted(limits, weights=np.mean(given, axis=0).tolist(), correlation=related)

    return Within(
        first=estimate(ones.values()),
        second=estimate(others.values()),
        difference=estimate(ones[site] - others[site] for site in sites),
        by_site={site: estimate([ones[site] - others[site]]) for site in sites},
        n_first=sum(len(groups[0][site]) for site in sites),
        n_second=sum(len(groups[1][site]) for site in sites),
    )


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
        known = {
            at: areas[cell.arm, site, cell.finding]
            for at, cell in enumerate(cells)
            if cell.site == site and (cell.arm, site, cell.finding) in areas
        }
        if known:
            rows = np.array([*known])
            related[rows[:, None], rows] = _correlated([*known.values()])
    return related


def _correlated(areas: Sequence[MeanArea]) -> Floats:
    patients = np.unique(np.concatenate([area.patients for area in areas]))
    apart = np.zeros((len(areas), len(patients)))
    for number, area in enumerate(areas):
        apart[number, np.searchsorted(patients, area.patients)] = area.parts
    # an AUC from which no patient deviates has no known correlation: 0 is wider than any above it
    return correlation(apart, unknown=0.0)
