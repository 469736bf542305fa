import numpy as np
import pandas as pd
import pytest
from scipy import stats

from elsewhere.design.scoring import Scoring
from elsewhere.scores import groups
from elsewhere.scores.cell import Predicted, assemble
from elsewhere.scores.discrimination import auc
from elsewhere.scores.groups import AUC, CALIBRATION, SENSITIVITY, fields, measured, worst
from elsewhere.scores.intervals import auc_interval
from elsewhere.scores.operating import place
from elsewhere.scores.single_models import by_model, mean_area

SCORING = Scoring(threshold_from="argmax", confidence=0.95, bootstrap=400, seed=0)
LABELS = np.tile([0, 1], 60)
SEX = np.repeat(["F", "M"], 60)


def at(rows, scores, labels=LABELS):
    predicted = Predicted(rows(labels, scores), {"status": "ok", "patient_key": "published"})
    names = {"study": "s", "arm": "a", "site": "x"}
    cell = assemble(predicted, training={"x": predicted}, names=names, scoring=SCORING)
    return place(predicted, cell, scoring=SCORING)


def drawn(seed, noise):
    values = LABELS + np.random.default_rng(seed).normal(0, noise, len(LABELS))
    return 1 / (1 + np.exp(-3 * (values - 0.5)))


def by(found, quantity):
    return {row["group"]: row for row in found if row["quantity"] == quantity}


def test_a_group_in_which_the_model_fails_is_the_worst_beyond_chance(rows):
    scores = np.where(SEX == "M", drawn(1, 3.0), drawn(0, 0.3))
    found = measured(at(rows, scores), {"sex": SEX})
    areas = by(found, AUC)
    assert areas["M"]["worst"] == "yes"
    assert [row["worst"] for row in found].count("yes") == 1
    assert areas["M"]["difference_high"] < 0 < areas["F"]["difference_low"]
    assert areas["M"]["value"] == pytest.approx(auc(LABELS[60:], scores=scores[60:]))
    assert areas["M"]["difference"] == pytest.approx(-areas["F"]["difference"])
    assert worst(found).startswith("sex M: AUC")
    assert "; beyond chance for the lowest of 2" in worst(found)


def test_groups_that_do_not_differ_are_not_said_to(rows):
    found = measured(at(rows, drawn(2, 1.0)), {"sex": SEX})
    for row in found:
        assert row["difference_low"] < 0 < row["difference_high"]
    assert "not beyond chance" in worst(found)


def test_sensitivity_and_calibration_have_closed_forms(rows):
    scores = drawn(3, 1.0)
    found = measured(at(rows, scores), {"sex": SEX})
    women = SEX == "F"
    positive = women & (LABELS == 1)
    assert by(found, SENSITIVITY)["F"]["value"] == pytest.approx((scores[positive] > 0.5).mean())
    apart = LABELS[women].mean() - scores[women].mean()
    assert by(found, CALIBRATION)["F"]["value"] == pytest.approx(apart)


def test_intervals_of_differences_are_wider_where_more_groups_are_looked_at(rows):
    one = at(rows, drawn(4, 1.0))
    several = {f"field {number}": SEX for number in range(10)}
    few, many = (by(measured(one, of), AUC)["F"] for of in ({"sex": SEX}, several))
    assert (few["groups"], many["groups"]) == (2, 20)
    assert many["difference_high"] - many["difference_low"] > (
        few["difference_high"] - few["difference_low"]
    )
    assert (many["low"], many["high"]) == (few["low"], few["high"])


def test_small_groups_and_unknown_ones_are_not_judged(rows):
    sex = np.array(["F"] * 8 + ["unknown"] * 2 + ["M"] * 110)
    found = measured(at(rows, drawn(5, 1.0)), {"sex": sex})
    assert {*by(found, AUC)} == {"F", "M"}
    small = by(found, AUC)["F"]
    assert (small["status"], small["value"]) == ("undefined", None)
    assert "fewer than 5" in small["reason"]
    assert small["n_patients"] == 8
    assert worst([row for row in found if row["group"] == "F"]) is None


def test_a_group_that_holds_all_has_nothing_to_compare_with(rows):
    found = measured(at(rows, drawn(6, 1.0)), {"contrast": ["no"] * 120})
    assert {row["reason"] for row in found} == {"all scans of known group are of this one"}


def test_a_cell_of_which_nothing_is_known_says_so(rows):
    (found,) = measured(at(rows, drawn(7, 1.0)), {"sex": ["unknown"] * 120})
    assert (found["status"], found["reason"]) == ("undefined", groups.NO_FIELD)
    assert worst([found]) is None


def test_ages_are_in_bands():
    manifest = pd.DataFrame(
        {
            "sex": ["F", None],
            "age": [59.9, np.nan],
            **dict.fromkeys(("manufacturer", "kernel", "contrast", "value_scale"), "x"),
            "spacing_z_mm": [1.0, 1.0],
        }
    )
    found = fields(manifest)
    assert found["age"] == ("40 to 59", "unknown")
    assert found["sex"] == ("F", "unknown")
    assert [*found] == ["sex", "age", *groups.OF_SCANS]


def test_of_several_models_a_group_of_all_has_the_interval_of_the_cell(rows):
    """The group is the cell but for five patients; percentiles would be narrower."""
    frames = [rows(LABELS, drawn(seed, 1.0), seed=number) for number, seed in enumerate((8, 9))]
    predicted = Predicted(pd.concat(frames), {"status": "ok", "patient_key": "published"})
    names = {"study": "s", "arm": "a", "site": "x"}
    cell = assemble(predicted, training={"x": predicted}, names=names, scoring=SCORING)
    one = place(predicted, cell, scoring=SCORING)
    of = np.array(["F"] * 110 + ["M"] * 10)[np.tile(np.arange(120), 2)]
    order = one.test.index.str[-4:].astype(int)
    found = by(measured(one, {"sex": tuple(of[order])}), AUC)["F"]
    assert found["value"] == pytest.approx(
        np.mean([auc(LABELS[:110], scores=drawn(seed, 1.0)[:110]) for seed in (8, 9)])
    )
    kept = predicted.frame[predicted.frame["scan_id"].str[-4:].astype(int) < 110]
    expected = mean_area(by_model(kept))
    assert expected is not None
    interval = auc_interval(expected.delong, confidence=0.95)
    assert (found["low"], found["high"]) == pytest.approx(interval[:2])


def test_calibration_does_not_take_the_share_of_positives_for_known(rows):
    """One scan a patient: the t interval of label minus probability, and Welch's error."""
    scores = drawn(10, 1.0)
    found = by(measured(at(rows, scores), {"sex": SEX}), CALIBRATION)["F"]
    away = LABELS - scores
    expected = stats.ttest_1samp(away[SEX == "F"], 0).confidence_interval()
    assert (found["low"], found["high"]) == pytest.approx(tuple(expected))
    error = np.hypot(*(away[sex == SEX].std(ddof=1) / 60**0.5 for sex in "FM"))
    half = stats.norm.ppf(1 - 0.025 / 2) * error
    assert found["difference_high"] - found["difference"] == pytest.approx(half, rel=0.01)


@pytest.mark.parametrize(("label", "which"), [(1, "positive"), (0, "negative")])
def test_a_group_of_one_class_has_no_calibration(rows, label, which):
    """Its share of positives is 0 or 1 and does not vary, so the interval would be a point."""
    kernel = np.where((label == LABELS) & (SEX == "F"), "sharp", "soft")
    found = by(measured(at(rows, drawn(5, 1.0)), {"kernel": kernel}), CALIBRATION)
    assert found["sharp"]["value"] is None
    assert found["sharp"]["reason"] == f"all scans of the group are {which}"
    assert found["soft"]["value"] is None, "the others are of one class"
    assert found["soft"]["reason"] == f"all scans of the others are {which}"


def test_a_group_whose_classes_one_probability_divides_has_no_calibration(rows):
    """Saturated probabilities lie as near to every label: an interval of 0.01 would be no news."""
    scores = drawn(6, 1.0)
    sure = np.where(LABELS == 1, 0.98, 0.01) + np.linspace(0, 0.01, len(LABELS))
    found = measured(at(rows, np.where(SEX == "F", sure, scores)), {"sex": SEX})
    calibrated = by(found, CALIBRATION)
    assert calibrated["F"]["value"] is None
    assert calibrated["F"]["reason"].startswith("separation")
    assert calibrated["F"]["reason"].endswith("in the group")
    assert calibrated["M"]["reason"].endswith("in the others")
    assert by(found, AUC)["F"]["value"] == 1, "the AUC is defined"
    fine = by(measured(at(rows, scores), {"sex": SEX}), CALIBRATION)
    assert fine["F"]["value"] is not None
