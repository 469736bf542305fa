"""metric: what every metric implements, and the judged scans from which metrics are computed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elsewhere.design.scoring import Scoring
from elsewhere.scores import confusion, resampling, shares
from elsewhere.scores.confusion import Confusion
from elsewhere.scores.delong import Delong
from elsewhere.scores.discrimination import Floats, Ints, undefined
from elsewhere.scores.intervals import Interval, Unit, auc_interval
from elsewhere.scores.resampling import Draws, ResampledCounts
from elsewhere.scores.shares import Hits
from elsewhere.scores.thresholds import Scored


@dataclass(frozen=True)
class Judged:
    """Test scans, one entry per scan.

    Attributes
    ----------
    labels
        0 or 1, shape [n].
    scores
        Probability of class 1, shape [n].
    calls
        Whether the scan is called positive, shape [n].
    patients
        Patient number, shape [n].
    passes
        Labels [k] and probabilities [k] of each Monte-Carlo dropout pass.
    unit
        What is numbered in `patients`: images where a site publishes no patient keys.
    local, training
        Validation scans of the test site, and of the arm's training sites, scored by the same
        models; None where there are none, or where folds have different ones.
    """

    labels: Ints
    scores: Floats
    calls: NDArray[np.bool_]
    patients: Ints
    passes: tuple[tuple[Ints, Floats], ...]
    unit: Unit = "patient"
    local: Scored | None = None
    training: Scored | None = None


@dataclass(frozen=True)
class Sample:
    """At least one judged scan, with values that several metrics share, computed on demand."""

    judged: Judged
    scoring: Scoring

    @property
    def one_class(self) -> str | None:
        """Why there is no AUC: all scans are of one class; None if there are both."""
        return undefined(self.judged.labels)

    @cached_property
    def draws(self) -> Draws:
        """Patients drawn with replacement, the same for all metrics."""
        return resampling.resample(
            self.judged.labels,
            patients=self.judged.patients,
            n=self.scoring.bootstrap,
            seed=self.scoring.seed,
        )

    @cached_property
    def counts(self) -> Confusion:
        """Right and wrong calls."""
        return confusion.count(self.judged.labels, calls=self.judged.calls)

    @cached_property
    def resampled(self) -> ResampledCounts:
        """Right and wrong calls of each resample."""
        return resampling.resampled_counts(
            self.judged.labels, calls=self.judged.calls, draws=self.draws
        )

    def percentile(self, values: Floats) -> Interval | None:
        """Return the percentile interval of resampled values; None if they do not spread."""
        return resampling.percentile_interval(
            values, confidence=self.scoring.confidence, unit=self.judged.unit
        )

    def hits(self, hits: NDArray[np.bool_], *, among: NDArray[np.bool_]) -> Hits:
        """Return which of some scans are hits, with their patients; both arguments are [n]."""
        return Hits(hits[among], self._numbered[among])

    def combined(self, groups: Sequence[Hits], *, weights: Sequence[float]) -> Interval:
        """Return the interval of a weighted sum of shares."""
        return shares.combined(
            groups,
            weights=weights,
            confidence=self.scoring.confidence,
            unit=self.judged.unit,
            few=self.scoring.few_patients,
        )

    def of_share(self, found: Hits) -> Interval:
        """Return the interval of one share."""
        scoring = self.scoring
        return found.interval(
            confidence=scoring.confidence, unit=self.judged.unit, few=scoring.few_patients
        )

    def of_area(self, found: Delong) -> Interval:
        """Return the interval of an AUC."""
        scoring = self.scoring
        return auc_interval(
            found, confidence=scoring.confidence, unit=self.judged.unit, few=scoring.few_patients
        )

    @cached_property
    def _numbered(self) -> Ints:
        numbered: Ints = np.unique(self.judged.patients, return_inverse=True)[1]
        return numbered


@dataclass(frozen=True)
class Measured:
    """The result of a metric.

    Attributes
    ----------
    value
        The number; None if it is undefined.
    reason
        Why it is undefined; None if there is nothing to say.
    intervals
        Suffix of the metric's name (empty for its own) to the interval; None: every resample
        gives the same value, so there is none.
    reasons
        Suffix of the metric's name to the reason why this number is undefined.
    more
        Further keys of metrics.json.
    """

    value: float | None
    reason: str | None = None
    intervals: Mapping[str, Interval | None] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)


class Metric(ABC):
    """One metric: a number of judged scans, with its interval or the reason why it has none."""

    @abstractmethod
    def measure(self, sample: Sample) -> Measured:
        """Compute it."""


class Share(Metric):
    """A share of some scans, with an interval over patients."""

    @abstractmethod
    def hits(self, judged: Judged) -> NDArray[np.bool_]:
        """Return which scans are hits, shape [n]; those that do not count may be any."""

    @abstractmethod
    def among(self, judged: Judged) -> NDArray[np.bool_]:
        """Return which scans count, shape [n]."""

    @property
    @abstractmethod
    def empty(self) -> str:
        """Why it is undefined where no scan counts."""

    def measure(self, sample: Sample) -> Measured:
        """Return the share with Wilson's interval, or say why it is undefined."""
        judged = sample.judged
        among = self.among(judged)
        if not among.any():
            return Measured(None, self.empty)
        found = sample.hits(self.hits(judged), among=among)
        return Measured(found.share, intervals={"": sample.of_share(found)})
