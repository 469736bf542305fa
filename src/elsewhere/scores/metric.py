"""metric: what every metric implements, and the judged scans from which metrics are computed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elsewhere.design.scoring import Scoring
from elsewhere.scores import confusion, intervals
from elsewhere.scores.confusion import Confusion
from elsewhere.scores.discrimination import Floats, Ints, undefined
from elsewhere.scores.intervals import Draws, Interval, ResampledCounts, Unit


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
    """

    labels: Ints
    scores: Floats
    calls: NDArray[np.bool_]
    patients: Ints
    passes: tuple[tuple[Ints, Floats], ...]
    unit: Unit = "patient"


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
        return intervals.resample(
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
        return intervals.resampled_counts(
            self.judged.labels, calls=self.judged.calls, draws=self.draws
        )

    def percentile(self, values: Floats) -> Interval | None:
        """Return the percentile interval of resampled values; None if they do not spread."""
        return intervals.percentile_interval(
            values, confidence=self.scoring.confidence, unit=self.judged.unit
        )

    def wilson(self, share: float, among: NDArray[np.bool_]) -> Interval:
        """Return Wilson's interval of a share, among the patients of the scans that count."""
        n_patients = len(np.unique(self.judged.patients[among]))
        return intervals.wilson(
            share, n=n_patients, confidence=self.scoring.confidence, unit=self.judged.unit
        )


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
    more
        Further keys of metrics.json.
    """

    value: float | None
    reason: str | None = None
    intervals: Mapping[str, Interval | None] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)


class Metric(ABC):
    """One metric: a number of judged scans, with its interval or the reason why it has none."""

    @abstractmethod
    def measure(self, sample: Sample) -> Measured:
        """Compute it."""


class Ratio(Metric):
    """A ratio of counts of right and wrong calls, without an interval."""

    @abstractmethod
    def ratio(self, tp: Any, fp: Any, tn: Any, fn: Any) -> tuple[Any, Any]:
        """Return numerator and denominator, of four counts or of four arrays of them."""

    @property
    @abstractmethod
    def empty(self) -> str:
        """Why it is undefined where the denominator is 0."""

    def measure(self, sample: Sample) -> Measured:
        """Divide, or say why this is undefined."""
        part, whole = self.ratio(*sample.counts)
        return Measured(part / whole) if whole else Measured(None, self.empty)


class Share(Ratio):
    """The share of some scans that are called correctly, with an interval over patients."""

    @abstractmethod
    def among(self, labels: Ints) -> NDArray[np.bool_]:
        """Return which scans count, shape [n]."""

    def measure(self, sample: Sample) -> Measured:
        """Give the share its bootstrap interval; Wilson's where resamples leave no spread."""
        share = super().measure(sample)
        if share.value is None:
            return share
        part, whole = self.ratio(*sample.resampled)
        with np.errstate(invalid="ignore"):
            interval = sample.percentile(part / whole)
        if interval is None or sample.one_class:
            interval = sample.wilson(share.value, self.among(sample.judged.labels))
        return Measured(share.value, intervals={"": interval})
