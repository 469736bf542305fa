import numpy as np
import pytest
from scipy.special import expit, logit

from elsewhere.scores.new_site import Known, corrected, pooled, row

AREAS, ERRORS = np.array([0.90, 0.82, 0.71, 0.78]), np.array([0.03, 0.04, 0.05, 0.06])
NONE = (0.0, 1.0, (20, 20))  # an interval that is not needed, and patients
ABOUT = {"arm": "a", "which": "all"}


def test_worked_numbers_of_metafor():
    """metafor: DL with knha; Q and I squared are those of every method."""
    found = pooled(AREAS, errors=ERRORS, confidence=0.95)
    assert found.tau**2 == pytest.approx(0.2115937, abs=1e-6)
    assert found.auc == pytest.approx(0.809376, abs=1e-6)
    assert (found.low, found.high) == pytest.approx((0.640051, 0.910221), abs=1e-6)
    assert found.q == pytest.approx(10.3533, abs=1e-4)
    assert found.i_squared == pytest.approx(0.710, abs=5e-4)


def test_sites_that_do_not_differ_are_pooled_by_their_precision():
    """Without variance between sites the mean is that of the inverse variances, by hand."""
    areas, errors = np.full(5, 0.8), np.array([0.02, 0.03, 0.04, 0.05, 0.06])
    found = pooled(areas, errors=errors, confidence=0.95)
    assert (found.tau, found.i_squared) == (0, 0)
    assert found.auc == pytest.approx(0.8)
    plain = ((0.16 / errors) ** 2).sum() ** -0.5
    assert found.high > expit(logit(0.8) + 1.96 * plain)
    assert found.new_low <= found.low  # nothing says that the next site is another


def test_a_new_site_is_less_sure_than_the_mean_and_is_covered_as_often_as_said():
    """Sites drawn from a normal distribution of logits: the next one lies within the interval."""
    rng = np.random.default_rng(0)
    covered = []
    for _ in range(400):
        true = expit(rng.normal(1.2, 0.6, 9))
        errors = np.full(8, 0.03)
        seen = expit(logit(true[:8]) + rng.normal(size=8) * errors / (true[:8] * (1 - true[:8])))
        found = pooled(seen, errors=errors, confidence=0.95)
        assert found.new_low < found.low < found.auc < found.high < found.new_high
        covered.append(found.new_low <= true[8] <= found.new_high)
    assert 0.90 < np.mean(covered) < 0.985


def test_two_sites_tell_nothing_of_a_third():
    found = row(
        [Known("a", 0.9, 0.03, *NONE), Known("b", 0.8, 0.04, *NONE)], about=ABOUT, confidence=0.95
    )
    assert (found["status"], found["auc"], found["new_low"]) == ("undefined", None, None)
    assert "at least 3" in found["reason"]
    with pytest.raises(ValueError, match="at least 3"):
        pooled(AREAS[:2], errors=ERRORS[:2], confidence=0.95)


KNOWN = [Known(*one, *NONE) for one in zip("abcd", AREAS, ERRORS, strict=True)]
PERFECT = Known("e", 1.0, None, 0.85, 1.0, (10, 20))


def test_a_perfect_site_is_half_a_pair_below_1():
    """10 and 20 patients: 1 - 1 / 400, and the error that a lower limit of 0.85 implies."""
    found = corrected(PERFECT, confidence=0.95)
    assert found is not None
    area, error = found
    assert area == pytest.approx(0.9975)
    on_logits = (np.log(0.9975 / 0.0025) - np.log(0.85 / 0.15)) / 1.959963985
    assert error == pytest.approx(on_logits * 0.9975 * 0.0025)
    mirrored = corrected(Known("f", 0.0, None, 0.0, 0.15, (20, 10)), confidence=0.95)
    assert mirrored == pytest.approx((0.0025, error))


def test_the_best_site_counts_and_is_named():
    without = row(KNOWN, about=ABOUT, confidence=0.95)
    found = row([*KNOWN, PERFECT], about=ABOUT, confidence=0.95)
    assert (found["corrected"], found["left_out"], found["n_sites"]) == ("e", "", 5)
    assert found["auc"] > without["auc"]
    areas = np.append(AREAS, 0.9975)
    error = (logit(0.9975) - logit(0.85)) / 1.959963985 * 0.9975 * 0.0025
    by_hand = pooled(areas, errors=np.append(ERRORS, error), confidence=0.95)
    assert (found["auc"], found["new_low"]) == pytest.approx((by_hand.auc, by_hand.new_low))
    assert without["corrected"] == ""


def test_one_patient_of_a_class_takes_the_error_of_its_interval():
    single = Known("e", 0.8, None, 0.3, 0.97, (1, 20))
    found = corrected(single, confidence=0.95)
    assert found is not None
    assert found[0] == 0.8
    expected = (logit(0.97) - logit(0.3)) / 2 / 1.959963985 * 0.16
    assert found[1] == pytest.approx(expected)


def test_a_site_whose_interval_tells_nothing_is_left_out_and_named():
    found = row([*KNOWN, Known("e", 1.0, None, 0.0, 1.0, (1, 1))], about=ABOUT, confidence=0.95)
    assert (found["left_out"], found["n_sites"], found["status"]) == ("e", 4, "ok")
    assert found["auc"] == pytest.approx(0.809376, abs=1e-6)
