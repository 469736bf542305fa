"""arms: compares arms at a site by paired tests; adjusts p, with that of the audit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
import pandas as pd

from elsewhere.design.comparisons import Over
from elsewhere.scores import families
from elsewhere.scores.cell import Predicted
from elsewhere.scores.comparisons import Comparison, contrast, paired
from elsewhere.scores.discrimination import Floats, Ints, auc, undefined
from elsewhere.scores.single_models import by_model, mean_area, two_means
from elsewhere.scores.tests import corrected_t, paired_t

PAIRED, CORRECTED, DELONG = "paired t", "corrected resampled t", "DeLong"
AS_PUBLISHED = "as published"  # no valid test over folds, so its p is not adjusted
NO_RATIO = "the split of this site has no training scans"
ABOUT = ("site", "arm", "against", "patient_key")
COLUMNS = (
    *(*ABOUT, "test", "measure", "n", "of", "clusters", "test_to_train"),
    *("mean_arm", "mean_against", "difference", "low", "high"),
    *("statistic", "p", "p_holm", "family", "kind", "status", "reason"),
)


@dataclass(frozen=True)
class Pair:
    """Two arms on the same site.

    Attributes
    ----------
    names
        Site, arm, and the arm it is compared with.
    cells
        metrics.json of either arm on this site.
    scans
        Predictions of either arm on this site.
    test_to_train
        Scans of the test part of a fold to those of its training part; None without scans.
    """

    names: tuple[str, str, str]
    cells: tuple[Mapping[str, Any], Mapping[str, Any]]
    scans: tuple[Predicted, Predicted]
    test_to_train: float | None


def compare(
    pairs: Iterable[Pair], *, confidence: float, measures: Sequence[str]
) -> list[dict[str, Any]]:
    """Return one row per pair, test and measure, with `COLUMNS`, not adjusted (D-41, D-42).

    [AMB] D-41: the paper names neither measure nor pairs. Here a pair of values is that of both
    arms in one run (fold and seed). Each of `measures` (D-41 has the five of Table I) is tested by
    the paired t-test, as published, and by the corrected resampled t-test. The AUC is also tested
    on the scans, by DeLong's paired test clustered by patient: the difference is that of the means
    over the single models of each arm, and the trained models are taken as given. ``clusters``
    counts the patients; where ``patient_key`` is none, every image counts as one, so p is too
    small.

    ``difference`` is arm minus against, with its interval. What cannot be computed is None, its
    ``status`` undefined or not run, with a reason.
    """
    rows = [row for pair in pairs for row in _of_pair(pair, measures, confidence)]
    return [{name: row[name] for name in COLUMNS} for row in rows]


def adjusted(
    rows: Sequence[Mapping[str, Any]], *, audit: Sequence[Mapping[str, Any]], over: Over
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return rows of `compare` and answers of the audit with p adjusted by Holm (1979).

    ``p_holm`` is adjusted over the family of the test (`families`), whatever site, arm and measure;
    ``family`` counts its tests that have a p, and ``kind`` says whether it is confirmatory. The
    paired t-test has no family.

    Parameters
    ----------
    rows
        Of all pairs of the study.
    audit
        Answers of audit.json.
    over
        What the family of the audit and of DeLong's test is of.
    """
    compared, over_folds = (
        [row["p"] for row in rows if row["test"] == test] for test in (DELONG, CORRECTED)
    )
    asked, compared = families.confirmatory(
        [answer["p"] for answer in audit], compared=compared, over=over
    )
    over_folds = families.adjusted(CORRECTED, over_folds)
    of_audit, of_comparisons = families.size(asked), families.size(compared)
    if over == "study":
        of_audit = of_comparisons = of_audit + of_comparisons
    found = {
        DELONG: _judged(compared, DELONG, of_comparisons),
        CORRECTED: _judged(over_folds, CORRECTED, families.size(over_folds)),
        PAIRED: repeat({"p_holm": None, "family": None, "kind": AS_PUBLISHED}),
    }
    answers = zip(audit, _judged(asked, "audit", of_audit), strict=True)
    return (
        [{**row, **next(found[row["test"]])} for row in rows],
        [{**answer, **judged} for answer, judged in answers],
    )


def _judged(p_values: Sequence[float | None], family: str, size: int) -> Iterator[dict[str, Any]]:
    kind = families.FAMILIES[family].kind
    return ({"p_holm": p, "family": size, "kind": kind} for p in p_values)


def scans_ratio(gate: Mapping[str, Any]) -> float | None:
    """Return test scans to training scans of a site's folds, from its gate.json.

    Validation scans count for neither: a larger ratio, so a larger p, than with them in training.
    """
    scans = {
        part: sum(row["scans"] for row in gate["counts"] if row["part"] == part)
        for part in ("test", "train")
    }
    return scans["test"] / scans["train"] if scans["train"] else None


def out_of_fold(frame: pd.DataFrame) -> pd.DataFrame:
    """Return label, patient and score of each test scan: the mean over seeds of its probability.

    Parameters
    ----------
    frame
        Rows of predictions.parquet of one cell.

    Returns
    -------
    DataFrame
        Columns ``label``, ``patient`` and ``score``, sorted by ``scan_id``, which is the index.
    """
    tested = frame[frame["part"] == "test"]
    return tested.groupby("scan_id", sort=True).agg(
        label=("label", "first"), patient=("patient_id", "first"), score=("probability_1", "mean")
    )


def on_scans(scans: tuple[Predicted, Predicted], *, confidence: float) -> dict[str, Any]:
    """Return the AUCs of two arms on the same scans, and DeLong's paired test of their difference.

    Of several models of an arm it is the mean of their AUCs, as in the cell: scans of different
    folds are not ranked against each other.

    Returns
    -------
    dict
        ``difference``, ``low``, ``high``, ``statistic`` and ``p`` among the columns of `COLUMNS`;
        without a p, ``reason`` says why there is none.
    """
    first, second = (out_of_fold(predicted.frame) for predicted in scans)
    if not first.index.equals(second.index):
        return {"p": None, "reason": "the two arms were not tested on the same scans"}
    labels = first["label"].to_numpy(dtype=np.int64)
    why = undefined(labels)
    if why is not None:
        return {"n": len(labels), "p": None, "reason": why}
    scores = [rows["score"].to_numpy(dtype=np.float64) for rows in (first, second)]
    patients = pd.factorize(first["patient"])[0].astype(np.int64)
    areas = [auc(labels, scores=of_arm) for of_arm in scores]
    if any(len(by_model(predicted.frame)) > 1 for predicted in scans):
        areas, comparison = _of_models(scans, confidence)
        if not areas:
            return {"n": len(labels), "p": None, "reason": comparison.reason}
    else:
        comparison = paired(
            labels, first=scores[0], second=scores[1], patients=patients, confidence=confidence
        )
    return {
        "n": len(labels),
        "clusters": int(patients.max()) + 1,
        "mean_arm": areas[0],
        "mean_against": areas[1],
        "difference": comparison.difference,
        "low": comparison.low,
        "high": comparison.high,
        "statistic": comparison.statistic,
        "p": comparison.p,
        "reason": comparison.reason,
    }


def _of_models(
    scans: tuple[Predicted, Predicted], confidence: float
) -> tuple[list[float], Comparison]:
    """Compare two means of AUCs, with their covariance through the patients that they share."""
    models = [by_model(predicted.frame) for predicted in scans]
    both, means = two_means(*models), [mean_area(of_arm) for of_arm in models]
    alone = [mean.delong for mean in means if mean is not None]
    if both is None:
        return [], Comparison(0, None, None, None, None, "no model's test scans have both classes")
    return both.auc.tolist(), contrast(both, alone=alone, confidence=confidence)


def _of_pair(pair: Pair, measures: Sequence[str], confidence: float) -> Iterator[dict[str, Any]]:
    key = pair.scans[0].metadata.get("patient_key")
    about: dict[str, Any] = dict(zip(ABOUT, (*pair.names, key), strict=True))
    why = next((cell["reason"] for cell in pair.cells if cell["status"] == "not run"), None)
    if why is not None:
        for test, measure in _tests(measures):
            yield about | _empty(test, measure) | {"status": "not run", "reason": why}
        return
    for test, measure in _tests(measures):
        numbers = _empty(test, measure)
        if test == DELONG:
            numbers |= on_scans(pair.scans, confidence=confidence)
        else:
            numbers |= _over_runs(pair, test, measure, confidence)
        yield about | numbers | {"status": "undefined" if numbers["p"] is None else "ok"}


def _tests(measures: Sequence[str]) -> list[tuple[str, str]]:
    over_runs = [(test, measure) for test in (PAIRED, CORRECTED) for measure in measures]
    return [*over_runs, (DELONG, "auc")]


def _empty(test: str, measure: str) -> dict[str, Any]:
    of = {PAIRED: "runs", CORRECTED: "folds", DELONG: "scans"}[test]
    none = dict.fromkeys(name for name in COLUMNS if name not in ABOUT)
    return none | {"test": test, "measure": measure, "n": 0, "of": of}


def _over_runs(pair: Pair, test: str, measure: str, confidence: float) -> dict[str, Any]:
    folds, first, second = _values(pair.cells, measure)
    ratio = pair.test_to_train
    difference = paired_t(first, second=second, confidence=confidence)
    if test == CORRECTED:
        difference = corrected_t(
            first, second=second, folds=folds, test_to_train=ratio or 0.0, confidence=confidence
        )
        if ratio is None:
            difference = difference._replace(low=None, high=None, t=None, p=None, reason=NO_RATIO)
    means = [float(values.mean()) if len(values) else None for values in (first, second)]
    return {
        "n": difference.n,
        "test_to_train": ratio if test == CORRECTED else None,
        "mean_arm": means[0],
        "mean_against": means[1],
        "difference": difference.mean,
        "low": difference.low,
        "high": difference.high,
        "statistic": difference.t,
        "p": difference.p,
        "reason": difference.reason,
    }


def _values(cells: Sequence[Mapping[str, Any]], measure: str) -> tuple[Ints, Floats, Floats]:
    """Return the folds of the runs in which both arms have a measure, and its values; all [n]."""
    of = [
        {
            (run["fold"], run["seed"]): run[measure]
            for run in cell["runs"]
            if run[measure] is not None
        }
        for cell in cells
    ]
    both = sorted(of[0].keys() & of[1].keys())
    first, second = (np.array([values[run] for run in both], dtype=np.float64) for values in of)
    return np.array([fold for fold, _ in both], dtype=np.int64), first, second
