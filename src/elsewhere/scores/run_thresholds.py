"""run_thresholds: rows of each run of a cell, and its threshold, chosen on validation scans."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from elsewhere.scores.intervals import Unit
from elsewhere.scores.thresholds import OF_ARGMAX, Scored, Threshold, choose, spread

Run = tuple[int, int]
SPREAD = ("threshold_patients", "threshold_low", "threshold_high", "threshold_spread")


def part_of(frame: pd.DataFrame, run: Run, part: str) -> pd.DataFrame:
    """Return the rows of predictions of one part of one run."""
    fold, seed = run
    return frame[(frame["fold"] == fold) & (frame["seed"] == seed) & (frame["part"] == part)]


def apart(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows in which what each run says of a scan counts as a scan of its own."""
    of_run = rows["fold"].astype(str) + "-" + rows["seed"].astype(str)
    return rows.assign(scan_id=rows["scan_id"] + " of " + of_run)


def validation(
    frames: Sequence[pd.DataFrame], runs: Collection[Run], *, each_run: bool
) -> Scored | None:
    """Return the validation scans of sites, with the mean over runs or with the score of each.

    None where there are none, and of several folds: a scan that validates one model is a test scan
    of another.

    Parameters
    ----------
    frames
        Of each site, rows of predictions.parquet of one finding.
    each_run
        Whether the score of each run is a scan of its own.
    """
    if not frames or len({fold for fold, _ in runs}) > 1:
        return None
    rows = pd.concat([part_of(frame, run, "validation") for frame in frames for run in runs])
    if rows.empty:
        return None
    rows = apart(rows) if each_run else rows
    scans = rows.groupby("scan_id", sort=True).agg(
        label=("label", "first"), patient=("patient_id", "first"), score=("probability_1", "mean")
    )
    return Scored(
        scans["label"].to_numpy(dtype=np.int64),
        scans["score"].to_numpy(dtype=np.float64),
        pd.factorize(scans["patient"])[0].astype(np.int64),
    )


def choose_each(
    frames: Mapping[str, pd.DataFrame], runs: Iterable[Run], *, confidence: float, unit: Unit
) -> dict[Run, Threshold]:
    """Choose each run's threshold on the validation scans of some sites, pooled (A-52).

    Parameters
    ----------
    frames
        By site, rows of predictions.parquet of one finding.
    runs
        Fold and seed of each.
    confidence
        Share of the resampled thresholds between the limits of their spread.
    unit
        What is numbered as patients.
    """
    chosen = {}
    for run in runs:
        rows = pd.concat([part_of(frame, run, "validation") for frame in frames.values()])
        labels = rows["label"].to_numpy(dtype=np.int64)
        scores = rows["probability_1"].to_numpy(dtype=np.float64)
        patients = pd.factorize(rows["patient_id"])[0].astype(np.int64)
        threshold = choose(labels, scores=scores)
        moved = spread(labels, scores=scores, patients=patients, confidence=confidence, unit=unit)
        rule = f"{threshold.rule} ({' + '.join(frames)})"
        chosen[run] = threshold._replace(rule=rule, spread=moved)
    return chosen


def entry(chosen: Mapping[Run, Threshold], rivals: Sequence[str]) -> dict[str, Any]:
    """Return what metrics.json says of the threshold of one run, or of several together.

    Parameters
    ----------
    chosen
        Threshold of each run.
    rivals
        More than two classes, of which scans are called of the most probable one; else empty.

    Returns
    -------
    dict
        ``threshold``, ``threshold_rule`` and `SPREAD`; of several runs only the fewest validation
        patients of one.
    """
    first = next(iter(chosen.values()))
    none = dict.fromkeys(("threshold", *SPREAD))
    if rivals:
        return none | {"threshold_rule": f"argmax of {len(rivals)} classes"}
    spreads = [threshold.spread for threshold in chosen.values() if threshold.spread is not None]
    counted = {"threshold_patients": min((one.n_patients for one in spreads), default=None)}
    if len(chosen) > 1 and set(chosen.values()) != {OF_ARGMAX}:
        return none | counted | {"threshold_rule": f"each of {len(chosen)} runs at its own"}
    about = none | {"threshold": first.value, "threshold_rule": first.rule}
    return about | (dict(zip(SPREAD, first.spread, strict=True)) if first.spread else {})
