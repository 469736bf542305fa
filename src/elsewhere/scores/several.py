"""several: puts the numbers of a metric that has more than one together, each with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from elsewhere.scores.clustered import Clustered, Scale, t_interval
from elsewhere.scores.intervals import Interval
from elsewhere.scores.metric import Measured, Sample

NO_INTERVAL = "no interval: the patients do not differ, or there is only one"


class Number(NamedTuple):
    """A number with its interval, or the reason why there is neither."""

    value: float | None
    interval: Interval | None
    reason: str | None

    def entries(self, name: str) -> dict[str, Any]:
        """Return value, bounds, method and reason under keys that begin with a name."""
        low, high, method = self.interval or (None, None, None)
        return {
            name: self.value,
            f"{name}_low": low,
            f"{name}_high": high,
            f"{name}_interval": method,
            f"{name}_reason": self.reason,
        }


def number(value: float | None, interval: Interval | None, *, reason: str | None = None) -> Number:
    """Return a number; without an interval it is undefined."""
    if value is None or interval is None:
        return Number(None, None, reason or NO_INTERVAL)
    return Number(value, interval, None)


def of_estimate(estimate: Clustered, *, sample: Sample, scale: Scale = "plain") -> Number:
    """Return an estimate with its interval by Student's t on a scale."""
    interval = t_interval(
        estimate,
        confidence=sample.scoring.confidence,
        scale=scale,
        unit=sample.judged.unit,
    )
    return number(estimate.value, interval, reason=estimate.reason)


def measured(
    name: str, numbers: Mapping[str, Number], *, more: Mapping[str, Any] | None = None
) -> Measured:
    """Return the result of a metric.

    Parameters
    ----------
    name
        Of the metric.
    numbers
        Suffix of the name, empty for the metric's own number, to the number.
    more
        Further keys of metrics.json.
    """
    values = {f"{name}{suffix}": found.value for suffix, found in numbers.items() if suffix}
    own = numbers.get("")
    return Measured(
        own.value if own else None,
        intervals={s: found.interval for s, found in numbers.items() if found.interval},
        reasons={s: found.reason for s, found in numbers.items() if found.reason},
        more={**values, **(more or {})},
    )
