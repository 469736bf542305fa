"""averages: the mean of a metric over test sites, each with equal weight, and its interval."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from elsewhere.design.metric_rows import metric_row

COUNTS = ("n_patients", "n_scans", "n_positive")


class Average(NamedTuple):
    """A mean over sites with its interval; None where one site has no number, or no interval."""

    value: float | None
    low: float | None = None
    high: float | None = None


def mean(values: Sequence[float | None]) -> float | None:
    """Return the mean; None if one value is missing: without its site it is another measure."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None


def average(sites: Sequence[Average]) -> Average:
    """Average numbers of independent sites, and recover the interval from theirs (A-54).

    Variances of independent estimates add. Zou and Donner 2008 (Stat Med 27:1693) take them from
    the limits, below and above apart: lower limit = mean - sqrt(sum (value - low)^2) / n, and so
    above. It holds for limits of any method, also unsymmetric ones, and stays within 0..1.

    Parameters
    ----------
    sites
        One number for each site, whose patients are those of no other.
    """
    value = mean([site.value for site in sites])
    low, high = mean([site.low for site in sites]), mean([site.high for site in sites])
    if value is None or low is None or high is None:
        return Average(value)
    below, above = (
        sum((getattr(site, end) - site.value) ** 2 for site in sites) ** 0.5 / len(sites)
        for end in ("low", "high")
    )
    return Average(value, value - below, value + above)


def numbers(sites: Sequence[Mapping[str, Any]], *, metrics: Iterable[str]) -> dict[str, Any]:
    """Return the average of the numbers of sites, a row of matrix.csv.

    Parameters
    ----------
    sites
        The pooled numbers of each site that was run, from metrics.json.
    metrics
        Those of the study: each is averaged under its own name; what else a metric has, such as
        the spread over Monte-Carlo passes, is not.

    Returns
    -------
    dict
        Counts are sums. ``threshold`` is that of all sites, None if they differ; ``status`` says
        whether there is an AUC.
    """
    found: dict[str, Any] = {name: _total([site.get(name) for site in sites]) for name in COUNTS}
    for name in metrics:
        row = metric_row(name)
        found |= dict.fromkeys(row.fields)
        if name in row.fields:
            ends = ("", "_low", "_high")
            limits = [Average(*(site.get(f"{name}{end}") for end in ends)) for site in sites]
            known = zip(ends, average(limits), strict=True)
            found |= {f"{name}{end}": value for end, value in known if f"{name}{end}" in row.fields}
    thresholds = {site.get("threshold") for site in sites}
    found["threshold"] = thresholds.pop() if len(thresholds) == 1 else None
    status = "undefined" if found.get("auc") is None else "ok"
    return found | {"fold": "pooled", "seed": "pooled", "status": status if sites else "not run"}


def _total(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None
