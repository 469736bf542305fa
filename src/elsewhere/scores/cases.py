"""cases: how an arm calls each test scan; draws scans that at least one misclassifies (B-43)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from elsewhere.scores.outcomes import in_random_order
from elsewhere.scores.predictions import RUN
from elsewhere.scores.thresholds import OF_ARGMAX


class CasesError(ValueError):
    """No case can be drawn; the message says why and what to do."""


def called(rows: pd.DataFrame, *, cell: Mapping[str, Any]) -> pd.DataFrame:
    """Return how one arm calls the test scans of a site.

    Each run calls at its own threshold, or at 0.5 if it has none. A scan of several runs is called
    once, by the mean of its margins, probability minus threshold; the confusion matrix of its cell
    counts the call of each run.

    Parameters
    ----------
    rows
        Predictions of one finding; its test part is used.
    cell
        Of the same finding: ``runs`` and ``pooled`` of metrics.json.

    Returns
    -------
    pandas.DataFrame
        By scan_id, sorted: patient_id, label, probability (the mean over runs) and call.

    Raises
    ------
    CasesError
        If predictions and metrics are not of the same runs and scans.
    """
    tested, limits, above = _tested(rows, cell)
    runs = _runs(tested)
    margins = tested["probability_1"] - [limits[run] for run in runs]
    scans = (
        tested.assign(margin=margins)
        .groupby("scan_id", sort=True)
        .agg(
            patient_id=("patient_id", "first"),
            label=("label", "first"),
            probability=("probability_1", "mean"),
            margin=("margin", "mean"),
        )
    )
    call = scans["margin"] > 0 if above else scans["margin"] >= 0
    return scans.drop(columns="margin").assign(call=call)


def each_call(
    rows: pd.DataFrame, *, cell: Mapping[str, Any], classes: Sequence[str] = ()
) -> pd.DataFrame:
    """Return how each run calls each test scan: the calls that the confusion matrix counts.

    Parameters
    ----------
    rows
        Predictions of one finding; of more than two classes, of all classes.
    cell
        As in `called`; of a class with its name as ``finding``.
    classes
        Names of the classes in their order, where there are more than two: the most probable one
        is called, the first of equals.

    Returns
    -------
    pandas.DataFrame
        A row a run and scan: scan_id, patient_id, label, fold, seed, probability_1, margin
        (probability minus threshold; of classes, minus the highest probability of another) and
        call.

    Raises
    ------
    CasesError
        If predictions and metrics are not of the same runs and scans.
    """
    one = rows[rows["finding"] == cell["finding"]] if classes else rows
    tested, limits, above = _tested(one, cell)
    shown = tested[["scan_id", "patient_id", "label", *RUN, "probability_1"]]
    if classes:
        wide = _wide(rows, classes).loc[pd.MultiIndex.from_frame(tested[["scan_id", *RUN]])]
        others = wide.drop(columns=cell["finding"]).max(axis=1).to_numpy()
        call = wide.to_numpy().argmax(axis=1) == [*classes].index(cell["finding"])
        return shown.assign(margin=shown["probability_1"] - others, call=call)
    margins = tested["probability_1"] - [limits[run] for run in _runs(tested)]
    return shown.assign(margin=margins, call=margins > 0 if above else margins >= 0)


def most_probable(rows: pd.DataFrame, *, classes: Sequence[str]) -> pd.DataFrame:
    """Return the class that each run calls of each test scan, of more than two classes.

    Parameters
    ----------
    rows
        Predictions of all classes.
    classes
        Their names in order; the first of equals is called.

    Returns
    -------
    pandas.DataFrame
        A row a run and scan: scan_id, patient_id, label and call (names of classes), fold, seed,
        probability_1 of the called class, and margin: by how much it exceeds the next.
    """
    wide = _wide(rows, classes)
    found = wide.to_numpy()
    ordered = np.sort(found, axis=1)
    true = rows[(rows["part"] == "test") & (rows["label"] == 1)]
    true = true.set_index(["scan_id", *RUN]).loc[wide.index]
    return pd.DataFrame(
        {
            "patient_id": true["patient_id"].to_numpy(),
            "label": true["finding"].to_numpy(),
            "probability_1": ordered[:, -1],
            "margin": ordered[:, -1] - ordered[:, -2],
            "call": np.array(classes, dtype=object)[found.argmax(axis=1)],
        },
        index=wide.index,
    ).reset_index()


def _wide(rows: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Return the probability of each class, by scan and run of the test part."""
    tested = rows[rows["part"] == "test"]
    wide = tested.pivot(index=["scan_id", *RUN], columns="finding", values="probability_1")
    return wide[[*classes]]


def _tested(
    rows: pd.DataFrame, cell: Mapping[str, Any]
) -> tuple[pd.DataFrame, dict[tuple[int, int], float], bool]:
    """Return the test rows, the threshold of each run, and whether only what is above is positive.

    Raises
    ------
    CasesError
        If the metrics are of other runs or scans.
    """
    tested = rows[rows["part"] == "test"]
    limits, above = _limits(cell)
    runs, known = {*_runs(tested)}, cell["pooled"]["n_scans"]
    if not runs <= limits.keys() or known != tested["scan_id"].nunique():
        raise CasesError(
            f"metrics of {known} scans and runs {sorted(limits)}, predictions of "
            f"{tested['scan_id'].nunique()} scans and runs {sorted(runs)}: they do not "
            "belong together; run the graph again (`snakemake -j8`)"
        )
    return tested, limits, above


def _runs(rows: pd.DataFrame) -> list[tuple[int, int]]:
    return [(int(fold), int(seed)) for fold, seed in zip(*(rows[n] for n in RUN), strict=True)]


def _limits(cell: Mapping[str, Any]) -> tuple[dict[tuple[int, int], float], bool]:
    """Return the threshold of each run, and whether only what is above it is positive."""
    limits, above = {}, True
    for run in cell["runs"]:
        value = run["threshold"]
        limits[run["fold"], run["seed"]] = OF_ARGMAX.value if value is None else float(value)
        above = above and run["threshold_rule"] in (None, OF_ARGMAX.rule)
    return limits, above


def drawn(
    arms: Mapping[str, pd.DataFrame], *, shown: Collection[str], images: int, seed: int
) -> pd.DataFrame:
    """Draw misclassified scans, one per patient.

    A scan's place in the random order depends on the seed and its scan_id alone.

    Parameters
    ----------
    arms
        Arm to what `called` returns of it.
    shown
        Scans that may be shown.
    images
        Largest number of scans to draw.
    seed
        Of the drawing.

    Returns
    -------
    pandas.DataFrame
        scan_id, label, and of each arm ``probability_<arm>`` and ``call_<arm>``, in
        random order.

    Raises
    ------
    CasesError
        If the arms were not tested on the same scans, or there is no scan to draw.
    """
    first = next(iter(arms.values()))
    if any(not calls.index.equals(first.index) for calls in arms.values()):
        raise CasesError(
            f"the arms {', '.join(arms)} were not tested on the same scans; run the graph again "
            "(`snakemake -j8`)"
        )
    scans = first[["patient_id", "label"]].reset_index()
    wrong = pd.Series(False, index=scans.index)
    for arm, calls in arms.items():
        scans[f"probability_{arm}"] = calls["probability"].to_numpy()
        scans[f"call_{arm}"] = calls["call"].to_numpy()
        wrong |= scans[f"call_{arm}"] != (scans["label"] == 1)
    cases = scans[wrong & scans["scan_id"].isin([*shown])]
    if cases.empty:
        raise CasesError(_why_none(scans, wrong, [*arms]))
    chosen = in_random_order(cases, seed=seed).drop_duplicates("patient_id").head(images)
    return chosen.drop(columns="patient_id").reset_index(drop=True)


def _why_none(scans: pd.DataFrame, wrong: pd.Series[bool], arms: list[str]) -> str:
    which, n = " or ".join(arms), int(wrong.sum())
    if n == 0:
        return f"none of {len(scans)} test scans is misclassified by {which}: nothing to review"
    return (
        f"{n} of {len(scans)} test scans are misclassified by {which}, and none of these may be "
        "shown: other views than `review.views`, or flagged for text in their pixels"
    )
