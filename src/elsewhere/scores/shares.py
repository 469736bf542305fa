"""shares: intervals of shares of scans, and of what is composed of them, clustered by patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from elsewhere.design.scoring import FEW_PATIENTS
from elsewhere.scores.discrimination import Floats, Ints
from elsewhere.scores.estimates import Estimate, bounds, weighted
from elsewhere.scores.intervals import OR_EXACT, Interval, Unit, share_interval, t_value, wilson

FEWEST_RARE = 5  # patients; fewer do not show how far a sum of shares may be from the truth
_NO_VARIANCE = 1e-24  # variances below this are rounding
_CONFIDENCE = 0.95  # of two quantiles; their ratio hardly depends on it


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
        return int(np.count_nonzero(np.bincount(self.patients)))  # needs no sorting

    @cached_property
    def n_effective(self) -> float:
        """Independent scans that would tell as much, by the variance clustered by patient.

        The variance between patients is reduced to scans as Korn and Graubard (1998) do, with
        quantiles of Student's t for the few patients that it is taken from. The correlation within
        patients is taken to be from 0 to 1: as many as there are scans, or as patients, counted by
        Kish (1965) where they have different numbers of scans. A negative correlation of few
        patients' scans is no evidence that they tell more. Where all scans are hits, or none, the
        correlation is not known, and the patients are counted.
        """
        n, k, share = len(self.hits), self.n_patients, self.share
        if share in (0.0, 1.0) or k in (n, 1):
            return k
        clustered = k / (k - 1) * float((self.apart(self.n_numbered) ** 2).sum())
        if clustered < _NO_VARIANCE:  # the same share of hits in each patient
            return n
        ratio = t_value(_CONFIDENCE, n - 1) / t_value(_CONFIDENCE, k - 1)
        found = share * (1 - share) / clustered * ratio**2
        fewest = n**2 / float((np.bincount(self.patients) ** 2.0).sum())
        return float(np.clip(found, fewest, n))

    @property
    def n_rarer(self) -> int:
        """Patients with a hit, or with a scan that is none, whichever are fewer."""
        return min(len(np.unique(self.patients[of])) for of in (self.hits, ~self.hits))

    @property
    def n_numbered(self) -> int:
        """Patients that numbers have room for."""
        return int(self.patients.max()) + 1

    def apart(self, n_numbered: int) -> Floats:
        """Return what the scans of each patient add to the deviation of the share [patients]."""
        each = (self.hits - self.share) / len(self.hits)
        return np.bincount(self.patients, each, n_numbered).astype(np.float64)

    def interval(self, *, confidence: float, unit: Unit, few: int = FEW_PATIENTS) -> Interval:
        """Return the interval of the share with the effective number of scans.

        Parameters
        ----------
        few
            Patients below which limits are also those of Clopper and Pearson.
        """
        n, k, scarce = len(self.hits), self.n_patients, self.n_patients < few
        found = share_interval(
            self.share, n=self.n_effective, confidence=confidence, scarce=scarce, unit=unit
        )
        if self.n_effective == k:
            return found
        counts = f"{self.n_effective:.1f} effective of {n} scans of {k} {unit}s"
        return found._replace(method=f"Wilson, n = {counts}{OR_EXACT * scarce}")


def combined(
    groups: Sequence[Hits],
    *,
    weights: Sequence[float],
    confidence: float,
    unit: Unit,
    few: int = FEW_PATIENTS,
) -> Interval:
    """Return the interval of a weighted sum of shares, of which each group has at least one scan.

    The limits are recovered from those of each share (`estimates.weighted`). Groups that have
    patients in common, such as the scans of two classes, are correlated as those patients tell.
    Where a group has fewer than `FEWEST_RARE` patients with a hit, or with none, this covers too
    rarely; then each limit is the farther one of this and of Wilson's for the sum as one share,
    among the scans that its variance at equal shares amounts to.

    Parameters
    ----------
    weights
        Above 0; of one group alone 1.
    few
        As for `Hits.interval`.
    """
    intervals = [group.interval(confidence=confidence, unit=unit, few=few) for group in groups]
    if len(groups) == 1:
        return intervals[0]
    values = [
        Estimate(group.share, *interval[:2])
        for group, interval in zip(groups, intervals, strict=True)
    ]
    n_numbered = max(group.n_numbered for group in groups)
    related = correlation(np.stack([one.apart(n_numbered) for one in groups]), unknown=0.0)
    found = weighted(values, weights=weights, correlation=related)
    low, high = bounds(found)
    counts = " and ".join(f"{group.n_effective:.4g}" for group in groups)
    method = f"MOVER of Wilson, n = {counts} {unit}s"
    if any(group.n_patients < few for group in groups):
        method = f"MOVER of Wilson{OR_EXACT}, n = {counts} {unit}s"
    if min(group.n_rarer for group in groups) >= FEWEST_RARE:
        return Interval(low, high, method)
    each = np.array(weights) / np.sqrt([group.n_effective for group in groups])
    total, square = sum(weights), float(np.einsum("i,ij,j->", each, related, each))
    value = found.value or 0.0
    most = sum(group.n_effective for group in groups)  # also where classes cancel in each patient
    n = min(most, total**2 / square) if square > 0 else most
    whole = wilson(value / total, n=n, confidence=confidence, unit=unit)
    low, high = min(low, total * whole.low), max(high, total * whole.high)
    return Interval(low, high, f"{method}, or Wilson of their sum: the farther limits")


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
    variance = np.diag(covariance)
    sd = np.sqrt(np.where(variance < _NO_VARIANCE, 0.0, variance))
    product = np.outer(sd, sd)
    known = np.full_like(product, unknown)
    np.divide(covariance, product, out=known, where=product > 0)
    np.fill_diagonal(known, 1.0)
    return known
