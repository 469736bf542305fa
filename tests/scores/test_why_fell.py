import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from elsewhere.design.scoring import Scoring
from elsewhere.scores import acquisition, why_fell
from elsewhere.scores.attribution import PARTS
from elsewhere.scores.cell import Predicted, assemble
from elsewhere.scores.operating import place
from elsewhere.scores.why_fell import AUC, BALANCED, Cell

SCORING = Scoring(threshold_from="training_sites", confidence=0.95, bootstrap=100, seed=0)
SIZE = 120


@pytest.fixture(autouse=True)
def _few_permutations(monkeypatch):
    monkeypatch.setattr(acquisition, "PERMUTATIONS", 999)


def patients(seed, *, apart=3.0, share=0.5, shift=0.0, flipped=False):
    """Labels and scores whose logit is right but for the shift, wrong way round if flipped."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(SIZE) < SIZE * share).astype(int)
    logits = rng.normal(0, 1, SIZE) * apart**0.5 + (labels - 0.5) * apart
    return labels, expit((-1 if flipped else 1) * logits + shift)


def at(rows, site, test, valid, home=None):
    frame = pd.concat([rows(*test), rows(*valid, part="validation")])
    predicted = Predicted(frame, {"status": "ok", "patient_key": "published"})
    names = {"study": "s", "arm": "a", "site": site}
    training = {"home": home or predicted}
    return predicted, assemble(predicted, training=training, names=names, scoring=SCORING)


def told(rows, test, valid, fields=None, others=()):
    home = at(rows, "home", patients(1), patients(2))
    there = at(rows, "there", test, valid, home[0])
    places = [place(*one, scoring=SCORING) for one in (home, there)]
    cell = Cell(("arm", "there"), {"home": places[0]}, places[1], fields or {}, others)
    return cell, {row["measure"]: row for row in why_fell.rows(cell, scoring=SCORING)}


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        ({"apart": 0.6}, "case_mix"),
        ({"flipped": True}, "ranking"),
        ({"shift": 4.0}, "calibration"),
    ],
)
def test_what_was_changed_is_what_is_found(rows, changed, part):
    _, by = told(rows, patients(3, **changed), patients(4, **changed))
    for measure in (AUC, BALANCED) if part != "calibration" else (BALANCED,):
        row = by[measure]
        assert row["fall_low"] > 0
        assert why_fell.largest(row)[0] == part
        assert row["status"] == "ok"
    shift = by[AUC]
    if part == "calibration":
        assert shift["fall_low"] < 0 < shift["fall_high"]
        assert shift["ranking_low"] < 0 < shift["ranking_high"]


@pytest.mark.parametrize("changed", [{"share": 0.1}, {"apart": 0.6}, {"shift": -2.0}])
def test_parts_sum_to_the_fall_and_the_fall_is_that_of_the_cells(rows, changed):
    _, by = told(rows, patients(3, **changed), patients(4, **changed))
    for row in by.values():
        assert sum(row[name] for name in PARTS) == pytest.approx(row["fall"])
        assert row["fall"] == pytest.approx(row["at_home"] - row["elsewhere"])


def test_without_validation_scans_of_both_classes_the_rest_is_not_split(rows):
    _, by = told(rows, patients(3, flipped=True), ([1] * 9, np.linspace(0.2, 0.9, 9)))
    assert by[BALANCED]["calibration"] is None
    assert by[AUC]["case_mix"] is None
    assert by[AUC]["reason"] == why_fell.NO_CLASSES
    assert why_fell.largest(by[BALANCED])[0] == why_fell.UNSPLIT
    assert "cannot be split" in why_fell.words(by[BALANCED])


def test_a_site_where_the_model_is_better_has_no_loss(rows):
    _, by = told(rows, patients(3, apart=9.0), patients(4, apart=9.0))
    assert by[AUC]["fall"] < 0
    assert by[AUC]["words"] == "Nothing is lost here."


def test_a_reversed_score_is_flagged_with_where_to_look(rows):
    test = patients(3, flipped=True)
    kernels = {"kernel": tuple(np.tile(["soft", "sharp"], SIZE // 2))}
    cell, _ = told(rows, test, patients(4, flipped=True), kernels, (0.2, 0.3))
    sign = why_fell.sign(cell)
    assert (sign["below_chance"], sign["look_at"]) == ("yes", "class index")
    assert "kernel soft" in sign["reversed_in"]


def test_errors_are_adjusted_over_the_family_and_named(rows):
    labels, scores = patients(3)
    sharp = np.arange(SIZE) % 2 == 1
    scores = np.where(sharp, 1 - scores, scores)
    kernels = {
        "kernel": tuple(np.where(sharp, "sharp", "soft")),
        "scanner": ("A",) * SIZE,
        "contrast": tuple(np.random.default_rng(0).choice(["yes", "no"], SIZE)),
    }
    cell, _ = told(rows, (labels, scores), patients(4), kernels)
    found = why_fell.fields([cell], seed=0)
    by = {row["field"]: row for row in found}
    assert {row["family"] for row in found} == {2}
    assert by["kernel"]["p_holm"] == pytest.approx(2 * by["kernel"]["p"])
    assert (by["scanner"]["status"], by["scanner"]["p_holm"]) == ("undefined", None)
    assert "kernel, worst sharp" in why_fell.errors_with(found)
    assert "beyond chance" in why_fell.errors_with([by["contrast"]])
    assert "no field" in why_fell.errors_with([by["scanner"]])
