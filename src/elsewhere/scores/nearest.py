"""nearest: which scans of a study are most like another scan, and how far is too far.

A scan is a unit vector: of its histogram the roots of the shares, or its signature. The distance of
two scans is 1 minus the product of their vectors: of histograms the square of Hellinger's distance,
of signatures 1 minus the correlation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

VOTES = 5
SHARE = 0.99  # of the scans that lie within the limit before it is widened
WIDER = 1.5  # times: the farthest of few scans is nearer than the farthest of all that will come
MOST = 500  # scans whose own distance is measured for the limit

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Seen:
    """Scans to compare with: unit vectors [n, numbers], and the site and the patient of each."""

    vectors: Floats
    sites: Sequence[str]
    patients: Sequence[str]

    def __len__(self) -> int:
        """Number of scans."""
        return len(self.sites)

    def only(self, sites: Collection[str]) -> Seen:
        """Return the scans of some sites."""
        at = [number for number, site in enumerate(self.sites) if site in sites]
        chosen = ([names[number] for number in at] for names in (self.sites, self.patients))
        return Seen(self.vectors[at], *chosen)


def of_histograms(histograms: npt.ArrayLike) -> Floats:
    """Return the unit vectors of histograms [n, bins], none of which is empty."""
    counts = np.asarray(histograms, np.float64)
    roots: Floats = np.sqrt(counts / counts.sum(axis=1, keepdims=True))
    return roots


def distances(vector: Floats, seen: Seen) -> Floats:
    """Return the distance of a scan to each that was seen, [n]: 0 is equal, 1 has nothing alike."""
    # rounding may bring the product of equal vectors above 1
    return np.maximum(1 - seen.vectors @ vector, 0)


def votes(found: Floats, seen: Seen, *, most: int = VOTES) -> Mapping[str, int]:
    """Return of which sites the nearest scans are, one scan for each patient.

    Parameters
    ----------
    found
        From `distances`.
    seen
        The same scans.
    most
        How many scans vote.

    Returns
    -------
    dict
        Site to votes, most first; of equal ones the site of the nearer scan.
    """
    nearest: dict[tuple[str, str], None] = {}
    for number in np.argsort(found, kind="stable"):
        nearest.setdefault((seen.sites[number], seen.patients[number]))
        if len(nearest) == most:
            break
    return dict(Counter(site for site, _ in nearest).most_common())


def limit(seen: Seen, *, most: int = MOST) -> float | None:
    """Return from which distance on a scan is unlike all that were seen; None of one patient.

    A share `SHARE` of the seen scans has a scan of another patient within it, before it is made
    `WIDER` times as large.

    Parameters
    ----------
    seen
        The scans.
    most
        At most so many of them are measured, evenly chosen.
    """
    who = np.array(
        [f"{site}/{patient}" for site, patient in zip(seen.sites, seen.patients, strict=True)]
    )
    if len(set(who.tolist())) < 2:
        return None
    chosen = np.unique(np.linspace(0, len(seen) - 1, min(most, len(seen))).astype(np.intp))
    own = [
        float(np.where(who == who[number], np.inf, distances(seen.vectors[number], seen)).min())
        for number in chosen
    ]
    return WIDER * float(np.quantile(own, SHARE))
