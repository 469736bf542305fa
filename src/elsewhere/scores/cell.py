"""cell: the numbers of one arm on one test site, of each run and pooled: metrics.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from elsewhere.design.study import Scoring
from elsewhere.scores.discrimination import Floats, Ints
from elsewhere.scores.measures import Judged, absent, measure
from elsewhere.scores.predictions import RUN
from elsewhere.scores.thresholds import Threshold, choose

Run = tuple[int, int]


@dataclass(frozen=True)
class Predicted:
    """One arm's predictions on one site: rows and metadata, as from `predictions.read`."""

    frame: pd.DataFrame
    metadata: Mapping[str, str]


def assemble(
    test: Predicted,
    *,
    training: Mapping[str, Predicted],
    names: Mapping[str, str],
    scoring: Scoring,
) -> dict[str, Any]:
    """Return the content of metrics.json for one cell (A-51 to A-57).

    Parameters
    ----------
    test
        Predictions of the arm on the cell's site.
    training
        Predictions of the same arm on each of its training sites, in the order of the arm.
    names
        ``study``, ``arm`` and ``site``.
    scoring
        Whose validation part chooses the threshold; confidence, resamples and seed.
    """
    reason = _not_run(test)
    runs: list[dict[str, Any]] = []
    pooled = absent("not run", reason=reason) | {"fold": "pooled", "seed": "pooled"}
    if not reason:
        source = {names["site"]: test} if scoring.threshold_from == "test_site" else training
        chosen = _thresholds(_runs(test.frame), source)
        runs = [
            {"fold": run[0], "seed": run[1]}
            | measure(_judged(_part(test.frame, run, "test"), {run: threshold}), scoring=scoring)
            | _threshold_entry({run: threshold})
            for run, threshold in chosen.items()
        ]
        pooled = _pooled(test.frame, runs, chosen, scoring)
    return {
        **{name: names[name] for name in ("study", "arm", "site")},
        "training_sites": list(training),
        "patient_key": test.metadata.get("patient_key"),
        "confidence": scoring.confidence,
        "runs": runs,
        "pooled": pooled,
        "status": pooled["status"],
        "reason": pooled["reason"],
    }


def _not_run(test: Predicted) -> str | None:
    if test.metadata["status"] == "not run":
        return test.metadata["reason"]
    if not (test.frame["part"] == "test").any():
        return "the predictions have no test scans"
    return None


def _runs(frame: pd.DataFrame) -> list[Run]:
    return sorted(
        {(int(fold), int(seed)) for fold, seed in zip(*(frame[n] for n in RUN), strict=True)}
    )


def _part(frame: pd.DataFrame, run: Run, part: str) -> pd.DataFrame:
    fold, seed = run
    return frame[(frame["fold"] == fold) & (frame["seed"] == seed) & (frame["part"] == part)]


def _thresholds(runs: list[Run], source: Mapping[str, Predicted]) -> dict[Run, Threshold]:
    """Choose each run's threshold on the pooled validation scans of these sites (A-52)."""
    chosen = {}
    for run in runs:
        rows = pd.concat([_part(site.frame, run, "validation") for site in source.values()])
        value, rule = choose(_ints(rows["label"]), scores=_floats(rows["probability_1"]))
        chosen[run] = Threshold(value, f"{rule} ({' + '.join(source)})")
    return chosen


def _pooled(
    frame: pd.DataFrame,
    runs: list[dict[str, Any]],
    chosen: Mapping[Run, Threshold],
    scoring: Scoring,
) -> dict[str, Any]:
    """Measure the test rows of all runs together; with one run, that run again."""
    pooled = {"fold": "pooled", "seed": "pooled"}
    if len(runs) == 1:
        return runs[0] | pooled
    judged = _judged(frame[frame["part"] == "test"], chosen)
    return pooled | measure(judged, scoring=scoring) | _threshold_entry(chosen)


def _threshold_entry(chosen: Mapping[Run, Threshold]) -> dict[str, Any]:
    if len(chosen) == 1:
        (value, rule) = next(iter(chosen.values()))
        return {"threshold": value, "threshold_rule": rule}
    return {"threshold": None, "threshold_rule": f"each of {len(chosen)} runs at its own"}


def _judged(rows: pd.DataFrame, chosen: Mapping[Run, Threshold]) -> Judged:
    """Reduce test rows to one value a scan: the mean over its runs of probability and margin."""
    limits = [
        chosen[int(fold), int(seed)].value
        for fold, seed in zip(rows["fold"], rows["seed"], strict=True)
    ]
    marked = rows.assign(margin=rows["probability_1"] - np.array(limits, dtype=np.float64))
    scans = marked.groupby("scan_id", sort=True).agg(
        label=("label", "first"),
        patient=("patient_id", "first"),
        score=("probability_1", "mean"),
        margin=("margin", "mean"),
    )
    return Judged(
        labels=_ints(scans["label"]),
        scores=_floats(scans["score"]),
        calls=_floats(scans["margin"]) >= 0,
        patients=pd.factorize(scans["patient"])[0].astype(np.int64),
        passes=tuple(_passes(rows)),
    )


def _passes(rows: pd.DataFrame) -> list[tuple[Ints, Floats]]:
    """Return labels [n] and probabilities [n] of each Monte-Carlo pass of each seed (A-57)."""
    passes = []
    for _, group in rows.groupby("seed", sort=True):
        n_passes = int(group["mc_probability"].map(len).min())
        labels = _ints(group["label"])
        drawn = np.stack([one[:n_passes] for one in group["mc_probability"]])
        passes += [(labels, drawn[:, k]) for k in range(n_passes)]
    return passes


def _ints(column: pd.Series[Any]) -> Ints:
    return column.to_numpy(dtype=np.int64)


def _floats(column: pd.Series[Any]) -> Floats:
    return column.to_numpy(dtype=np.float64)
