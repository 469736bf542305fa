"""Cells that break careless statistics: no metric raises, and what it says is honest."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from elsewhere.design import kinds
from elsewhere.design.metric_rows import metric_row
from elsewhere.design.scoring import Scoring
from elsewhere.scores import auc_width, groups, new_site, operating, site_probe, why_fell
from elsewhere.scores.cell import Predicted, assemble
from elsewhere.scores.new_site import Known
from elsewhere.scores.single_models import by_model

NAMES = {"study": "s", "arm": "a", "site": "b"}
METRICS = tuple(sorted(kinds.names("metrics")))
# Numbers whose reason stands with another number, or that are no result.
NO_RESULT = {"auc_mc_mean", "auc_mc_sd", "auc_mc_passes", "predictive_values_prevalence"}
SCORING = Scoring(threshold_from="argmax", confidence=0.95, bootstrap=20, seed=0, metrics=METRICS)
N = 12
HALF = np.tile([0, 1], N // 2)
SPREAD = np.linspace(0.05, 0.95, N)


def rows(labels: Any, scores: Any, *, patients: Any = None, seed: int = 0) -> pd.DataFrame:
    """Return test rows and the same scores as validation rows of other patients."""
    labels, scores = np.asarray(labels), np.asarray(scores, dtype=np.float64)
    number = np.arange(len(labels)) if patients is None else np.asarray(patients)
    frame = pd.DataFrame(
        {
            **{"finding": "", "label": labels, "fold": 0, "seed": seed, "part": "test"},
            "probability_0": 1 - scores,
            "probability_1": scores,
            "scan_id": [f"s{one:03d}" for one in range(len(labels))],
            "patient_id": [f"p{one:03d}" for one in number],
            "mc_probability": [[] for _ in labels],
        }
    )
    other = frame.assign(
        part="validation", scan_id="v" + frame["scan_id"], patient_id="v" + frame["patient_id"]
    )
    return pd.concat([frame, other], ignore_index=True)


CELLS = {
    "all positive": rows(np.ones(N, int), SPREAD),
    "all negative": rows(np.zeros(N, int), SPREAD),
    "one positive": rows([1] + [0] * (N - 1), SPREAD),
    "the wrong way round": rows(HALF, np.where(HALF == 1, 0.1, 0.9) + SPREAD / 100),
    "perfect": rows(HALF, np.where(HALF == 1, 0.9, 0.1) + SPREAD / 100),
    "saturated": rows(HALF, HALF.astype(float)),
    "saturated and wrong": rows(HALF, 1.0 - HALF),
    "all equal": rows(HALF, np.full(N, 0.3)),
    "all 0": rows(HALF, np.zeros(N)),
    "all 1": rows(HALF, np.ones(N)),
    "one patient": rows(HALF, SPREAD[::-1], patients=np.zeros(N, int)),
    "one scan": rows([1], [0.7]),
    "two scans": rows([0, 1], [0.2, 0.7]),
    "every patient in both classes": rows(HALF, SPREAD, patients=np.arange(N) // 2),
    "two models": pd.concat([rows(HALF, SPREAD), rows(HALF, SPREAD[::-1], seed=1)]),
    "two models of one class": pd.concat(
        [rows(np.ones(N, int), SPREAD), rows(np.ones(N, int), SPREAD[::-1], seed=1)]
    ),
}


def measured(frame: pd.DataFrame, key: str, threshold_from: str = "training_sites") -> Any:
    scoring = SCORING.model_copy(update={"threshold_from": threshold_from})
    given = Predicted(frame, {"status": "ok", "patient_key": key})
    return assemble(given, training={"b": given}, names=NAMES, scoring=scoring)


@pytest.mark.parametrize("key", ["published", "none"])
@pytest.mark.parametrize("name", CELLS)
def test_odd_cells_have_numbers_with_intervals_or_reasons(name: str, key: str) -> None:
    cell = measured(CELLS[name], key)
    json.dumps(cell, allow_nan=False)
    for numbers in (cell["pooled"], *cell["runs"]):
        for metric in METRICS:
            _is_honest(numbers, metric)


def _is_honest(numbers: dict[str, Any], metric: str) -> None:
    """Each column is a number within its limits, whose method is named, or has a reason."""
    columns = metric_row(metric).columns
    for column in columns:
        if column.endswith(("_low", "_high")) or column in NO_RESULT:
            continue
        value, said = numbers[column], {**numbers["undefined"]}
        if value is None:
            assert column in said or metric in said, column
            assert numbers.get(f"{column}_low") is None, column
            assert column not in numbers["intervals"], column
            continue
        assert column not in said, column
        low, high = numbers[f"{column}_low"], numbers[f"{column}_high"]
        assert low is not None, column
        assert low - 1e-9 <= value <= high + 1e-9, (column, low, value, high)
        assert low < high, (column, low, high)
        assert numbers["intervals"][column], column


def test_images_are_named_in_the_method_of_every_interval() -> None:
    cell = measured(CELLS["every patient in both classes"], "none")
    methods = cell["pooled"]["intervals"].values()
    assert methods
    assert not [method for method in methods if "patient" in method]


def test_a_class_against_the_rest_may_be_missing_or_never_called() -> None:
    """Three classes: one that no scan is of, and one that no scan is called."""
    dice = np.random.default_rng(0)
    shares = dice.dirichlet([4, 1, 1], N)
    for labels in (np.zeros(N, int), HALF):
        frame = rows(labels, shares[:, 1]).assign(finding="b")
        both = np.concatenate([shares, shares])
        frame = frame.assign(a=both[:, 0], b=both[:, 1], c=both[:, 2])
        given = Predicted(frame, {"status": "ok", "patient_key": "published"}, ("a", "b", "c"))
        cell = assemble(given, training={"b": given}, names=NAMES, scoring=SCORING)
        json.dumps(cell, allow_nan=False)
        for metric in METRICS:
            _is_honest(cell["pooled"], metric)


ORDINARY = rows(np.tile([0, 1], 20), np.random.default_rng(1).uniform(0.2, 0.8, 40) ** 1.1)
LIMITS = ("low", "high")


def _rows_are_honest(found: Any, value: str, *, prefix: str = "") -> None:
    """Rows of a figure: without NaN, with a number within its limits or the reason for none."""
    for row in found:
        json.dumps({key: _plain(one) for key, one in row.items()}, allow_nan=False)
        low, high = (row[f"{prefix}{end}"] for end in LIMITS)
        if row[value] is None:
            assert row["reason"], row
            assert low is None, row
        else:
            assert row["status"] == "ok", row
            assert low is not None, row
            assert low - 1e-9 <= row[value] <= high + 1e-9, row


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


@pytest.fixture(params=CELLS)
def odd(request: pytest.FixtureRequest) -> tuple[Predicted, Any]:
    frame = CELLS[request.param]
    predicted = Predicted(frame, {"status": "ok", "patient_key": "published"})
    return predicted, measured(frame, "published", "argmax")


def test_widths_and_new_sites_of_odd_cells(odd: tuple[Predicted, Any]) -> None:
    predicted, cell = odd
    pooled = cell["pooled"]
    effect = auc_width.observed_effect(by_model(predicted.frame))
    row = auc_width.row(pooled, effect=effect, target=0.1, confidence=0.95)
    _rows_are_honest([row], "auc")
    if row["auc"] is not None and row["patients_needed"] is None:
        assert row["reason"]
    known = [Known(name, 0.8, 0.04, 0.7, 0.87, (20, 20)) for name in "abc"]
    if pooled["auc"] is not None:
        of = pooled["n_positive_patients"]
        ends = (pooled["auc_low"], pooled["auc_high"], (of, pooled["n_patients"] - of))
        known.append(Known("odd", pooled["auc"], pooled["auc_se"], *ends))
    about = {"arm": "a", "which": "all"}
    found = new_site.row(known, about=about, confidence=0.95)
    _rows_are_honest([found], "auc")
    assert found["new_low"] <= found["auc"] <= found["new_high"]
    if pooled["auc"] in (0.0, 1.0):
        assert "odd" in (found["corrected"], found["left_out"])


def test_groups_of_odd_cells(odd: tuple[Predicted, Any]) -> None:
    predicted, cell = odd
    one = operating.place(predicted, cell, scoring=SCORING)
    sexes = np.where(np.arange(len(one.labels)) % 4 < 2, "F", "M")
    for values in (sexes, np.full(len(sexes), "F"), np.full(len(sexes), "unknown")):
        _rows_are_honest(groups.measured(one, {"sex": tuple(values)}), "value")


def test_site_probes_of_odd_cells(odd: tuple[Predicted, Any]) -> None:
    predicted, _ = odd
    other = Predicted(ORDINARY, predicted.metadata)
    for sites in ({"b": [predicted], "c": [other]}, {"b": [predicted]}):
        scans = site_probe.gathered(sites, classes=("no", "yes"))
        found = [*site_probe.of_arm(scans, classes=("no", "yes"), confidence=0.95)]
        _rows_are_honest([{"low": None, "high": None, **row} for row in found], "auc")


def test_what_odd_cells_lose(odd: tuple[Predicted, Any]) -> None:
    predicted, cell = odd
    if cell["pooled"]["auc"] is None:
        return  # such a cell has no loss; the figure says why
    home = Predicted(ORDINARY, predicted.metadata)
    places = [
        operating.place(of, numbers, scoring=SCORING)
        for of, numbers in ((home, measured(ORDINARY, "published", "argmax")), (predicted, cell))
    ]
    for first, second in (places, places[::-1]):
        one = why_fell.Cell(("a", "b"), {"home": first}, second, {}, ())
        found = why_fell.rows(one, scoring=SCORING)
        for row in found:
            json.dumps({key: _plain(value) for key, value in row.items()}, allow_nan=False)
            if row["fall"] is None:
                assert row["reason"], row
            elif row["fall_low"] is not None:
                assert row["fall_low"] <= row["fall"] <= row["fall_high"], row
            else:
                assert row["reason"], row
        json.dumps({k: _plain(v) for k, v in why_fell.sign(one).items()}, allow_nan=False)
