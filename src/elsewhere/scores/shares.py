"""shares: intervals of shares of scans, and of what is composed of them, clustered by patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from elsewhere.scores.discrimination import Floats, Ints
from elsewhere.scores.estimates import Estimate, bounds, weighted
from elsewhere.scores.intervals import Interval, Unit, wilson

_ROUNDING = 1e-12


@dataclass(frozen=True)
class Hits:
    """Scans of which some are hits, such as those that are called rightly.

    Attributes
    ----------
    hits
        Whether the scan is one, shape [n], of at least one scan.
    patients
        Patient number from 0 on, shape [n].
    """

    hits: NDArray[np.bool_]
    patients: Ints

    @property
    def share(self) -> float:
        """Share of the scans that are hits."""
        return float(self.hits.mean())

    @cached_property
    def n_patients(self) -> int:
        """Patients who have one of these scans."""
        return len(np.unique(self.patients))

    @cached_property
    def n_effective(self) -> float:
        """Independent scans that would tell as much, by the variance clustered by patient.

        It is the scans divided by their design effect, the variance of the share between patients
        by that of independent scans, which is taken as at least 1: a negative correlation of few
        patients' scans is no evidence that they tell more. Where all scans are hits, or none, the
        correlation is not known, and the patients are counted.
        """
        n, k, share = len(self.hits), self.n_patients, self.share
        if share in (0.0, 1.0) or k == 1:
            return k
        clustered = k / (k - 1) * float((self.apart(self.n_numbered) ** 2).sum())
        effect = clustered * (n - 1) / (share * (1 - share))
        return n / effect if effect > 1 + _ROUNDING else n

    @property
    def n_numbered(self) -> int:
        """Patients that numbers have room for."""
        return int(self.patients.max()) + 1

    def apart(self, n_numbered: int) -> Floats:
        """Return what the scans of each patient add to the deviation of the share [patients]."""
        each = (self.hits - self.share) / len(self.hits)
        return np.bincount(self.patients, each, n_numbered).astype(np.float64)

    def interval(self, *, confidence: float, unit: Unit) -> Interval:
        """Return Wilson's interval with the effective number of scans."""
        n, k = len(self.hits), self.n_patients
        found = wilson(self.share, n=self.n_effective, confidence=confidence, unit=unit)
        if self.n_effective == k:
            return found
        counts = f"{self.n_effective:.1f} effective of {n} scans of {k} {unit}s"
        return found._replace(method=f"Wilson, n = {counts}")


def combined(
    groups: Sequence[Hits], *, weights: Sequence[float], confidence: float, unit: Unit
) -> Interval:
    """Return the interval of a weighted sum of shares, of which each group has at least one scan.

    The limits are recovered from Wilson's of each share (`estimates.weighted`). Groups that have
    patients in common, such as the scans of two classes, are correlated as those patients tell.
    """
    intervals = [group.interval(confidence=confidence, unit=unit) for group in groups]
    values = [
        Estimate(group.share, *interval[:2])
        for group, interval in zip(groups, intervals, strict=True)
    ]
    n = max(group.n_numbered for group in groups)
    apart = np.stack([group.apart(n) for group in groups])
    found = weighted(values, weights=weights, correlation=correlation(apart, unknown=0.0))
    counts = " and ".join(f"{group.n_effective:.4g}" for group in groups)
    return Interval(*bounds(found), f"MOVER of Wilson, n = {counts} {unit}s")


def correlation(apart: Floats, *, unknown: float) -> Floats:
    """Return the correlation of estimates [k, k] from what each patient adds to their deviation.

    Parameters
    ----------
    apart
        [k, patients].
    unknown
        The correlation with an estimate from which no patient deviates.
    """
    covariance: Floats = np.einsum("ki,li->kl", apart, apart)
    sd = np.sqrt(np.diag(covariance))
    product = np.outer(sd, sd)
    known = np.full_like(product, unknown)
    np.divide(covariance, product, out=known, where=product > 0)
    np.fill_diagonal(known, 1.0)
    return known
