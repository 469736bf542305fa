"""matching: whether two groups of patients are alike in age and sex (A-05)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import stats

from elsewhere.scores import families
from elsewhere.scores.discrimination import Floats
from elsewhere.scores.estimates import Estimate, difference
from elsewhere.scores.intervals import wilson

FEW = "known of fewer than 2 patients of a class"
ALIKE = "known, but the same in all patients of a class"
ONE_CLASS = "the site has patients of one class only"


@dataclass(frozen=True)
class Group:
    """The patients of one class of a site, each once.

    Attributes
    ----------
    ages
        Known ages in years, shape [n].
    patients
        All patients, of known age or not.
    females, males
        Patients of known sex.
    """

    ages: Floats
    patients: int
    females: int
    males: int

    @property
    def sexes_known(self) -> int:
        """Patients of known sex."""
        return self.females + self.males

    @property
    def female(self) -> float | None:
        """Share of women among the patients of known sex."""
        return self.females / self.sexes_known if self.sexes_known else None

    @property
    def mean(self) -> float | None:
        """Mean of the known ages."""
        return float(self.ages.mean()) if len(self.ages) else None

    @property
    def sd(self) -> float | None:
        """Sample standard deviation of the known ages; None for fewer than two."""
        return float(self.ages.std(ddof=1)) if len(self.ages) > 1 else None

    @property
    def median(self) -> float | None:
        """Median of the known ages."""
        return float(np.median(self.ages)) if len(self.ages) else None


class Contrast(NamedTuple):
    """Positive minus negative patients: difference, interval, standardised difference and p.

    What cannot be computed is None, and ``reason`` says why. ``p_holm`` is adjusted over a family,
    by `adjusted`.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    standardised: float | None = None
    p: float | None = None
    reason: str | None = None
    p_holm: float | None = None


def ages(positive: Group, negative: Group, *, confidence: float) -> Contrast:
    """Compare mean ages by Welch's t-test.

    The standardised difference divides by the root of the mean of both variances; below 0.1 groups
    are usually taken as balanced, whatever their size (Austin 2009, Stat Med 28:3083).
    """
    if not (positive.patients and negative.patients):
        return Contrast(None, reason=ONE_CLASS)
    if positive.mean is None or negative.mean is None:
        return Contrast(None, reason=FEW)
    value = positive.mean - negative.mean
    if positive.sd is None or negative.sd is None:
        return Contrast(value, reason=FEW)
    spread = ((positive.sd**2 + negative.sd**2) / 2) ** 0.5
    if min(positive.sd, negative.sd) == 0:
        return Contrast(value, reason=ALIKE)
    tested = stats.ttest_ind(positive.ages, negative.ages, equal_var=False)
    limits = tested.confidence_interval(confidence)
    low, high, p = (float(number) for number in (limits.low, limits.high, tested.pvalue))
    return Contrast(value, low, high, value / spread, p)


def sexes(positive: Group, negative: Group, *, confidence: float) -> Contrast:
    """Compare the shares of women by Fisher's exact test, with Newcombe's interval."""
    if not (positive.patients and negative.patients):
        return Contrast(None, reason=ONE_CLASS)
    first, second = positive.female, negative.female
    if first is None or second is None or min(positive.sexes_known, negative.sexes_known) < 2:
        return Contrast(None, reason=FEW)
    shares = [
        Estimate(share, *wilson(share, n=group.sexes_known, confidence=confidence)[:2])
        for share, group in ((first, positive), (second, negative))
    ]
    value, low, high = difference(*shares)
    spread = ((first * (1 - first) + second * (1 - second)) / 2) ** 0.5
    table = [[group.females, group.males] for group in (positive, negative)]
    p = float(stats.fisher_exact(table).pvalue)
    return Contrast(value, low, high, (first - second) / spread if spread else None, p)


def adjusted(family: Iterable[Contrast]) -> list[Contrast]:
    """Adjust the p values of a family by Holm (1979), in the order given."""
    given = list(family)
    ps = families.adjusted("matching", [contrast.p for contrast in given])
    return [contrast._replace(p_holm=p) for contrast, p in zip(given, ps, strict=True)]
