"""averages: the average of the numbers of an arm over test sites, each with equal weight (A-54)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from elsewhere.design.metric_rows import metric_row
from elsewhere.scores import headline
from elsewhere.scores.estimates import Estimate, average
from elsewhere.scores.run_thresholds import SPREAD

COUNTS = ("n_patients", headline.POSITIVE, "n_scans", "n_positive")


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
        Counts are sums. ``threshold`` is that of all sites, None if they differ, and
        ``threshold_patients`` the fewest of a site; ``status`` says whether there is an AUC.
    """
    found: dict[str, Any] = {name: _total([site.get(name) for site in sites]) for name in COUNTS}
    for name in metrics:
        row = metric_row(name)
        found |= dict.fromkeys(row.fields)
        if name in row.fields:
            ends = ("", "_low", "_high")
            limits = [Estimate(*(site.get(f"{name}{end}") for end in ends)) for site in sites]
            known = zip(ends, average(limits), strict=True)
            found |= {f"{name}{end}": value for end, value in known if f"{name}{end}" in row.fields}
    thresholds = {site.get("threshold") for site in sites}
    found |= dict.fromkeys((*headline.POOLED, "pooling", *SPREAD))
    found["threshold"] = thresholds.pop() if len(thresholds) == 1 else None
    fewest = [site[SPREAD[0]] for site in sites if site.get(SPREAD[0]) is not None]
    found[SPREAD[0]] = min(fewest, default=None)
    status = "undefined" if found.get("auc") is None else "ok"
    return found | {"fold": "pooled", "seed": "pooled", "status": status if sites else "not run"}


def _total(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None
