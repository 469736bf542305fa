import numpy as np
import pytest
from scipy.special import expit, logit

from elsewhere.scores.case_mix import concordance, recalibrate, resampled_concordance
from elsewhere.scores.resampling import resample

WIDE = np.array([0.05, 0.10, 0.20, 0.30, 0.60, 0.80, 0.90, 0.95])


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [(WIDE, 0.914855), (np.linspace(0.30, 0.65, 8), 0.649254)],
)
def test_patients_who_are_alike_are_harder_to_order(probabilities, expected):
    """Worked numbers of van Klaveren's formula: the fall from 0.915 to 0.649 is case mix alone."""
    assert concordance(probabilities) == pytest.approx(expected, abs=1e-6)


def test_it_is_the_expected_share_of_pairs_in_order():
    """Brute force over all ordered pairs, ties at half."""
    p = np.array([0.2, 0.5, 0.5, 0.7, 0.9])
    won = total = 0.0
    for i in range(5):
        for j in set(range(5)) - {i}:
            chance = p[i] * (1 - p[j])
            total += chance
            won += chance * (1.0 if p[i] > p[j] else 0.5 if p[i] == p[j] else 0.0)
    assert concordance(p) == pytest.approx(won / total)


def test_a_resample_that_holds_every_patient_once_gives_the_same_number():
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    draws = resample(labels, patients=np.arange(8), n=400, seed=0)
    values = resampled_concordance(WIDE, draws=draws)
    once = (draws.weights == 1).all(axis=1)
    assert np.allclose(values[once], concordance(WIDE))
    several = draws.weights[0]
    kept = np.flatnonzero(several)
    won = total = 0.0
    for i in kept:
        for j in set(kept) - {i}:
            chance = several[i] * several[j] * WIDE[i] * (1 - WIDE[j])
            total += chance
            won += chance * (WIDE[i] > WIDE[j])
    assert values[0] == pytest.approx(won / total)


def test_separated_validation_scans_have_a_finite_slope():
    fitted = recalibrate(np.array([0, 0, 0, 1, 1, 1]), scores=np.array([0.1, 0.2, 0, 0.8, 0.9, 1]))
    assert fitted is not None
    assert 0 < fitted.slope < 10


def test_right_probabilities_keep_their_scale_where_there_are_many():
    rng = np.random.default_rng(0)
    p = expit(rng.normal(0, 2, 40_000))
    labels = (rng.random(40_000) < p).astype(np.int64)
    fitted = recalibrate(labels, scores=p)
    assert fitted.slope == pytest.approx(1, abs=0.05)
    assert fitted.intercept == pytest.approx(0, abs=0.05)
    shifted = recalibrate(labels, scores=expit(logit(p) + 2), slope=1.0)
    assert shifted.intercept == pytest.approx(-2, abs=0.05)


def test_the_fit_is_that_of_its_score_equations():
    """At the optimum the mean probability is the mean of Platt's targets."""
    labels = np.array([1, 0, 1, 1, 0, 0, 1, 0])
    scores = np.array([0.9, 0.3, 0.6, 0.4, 0.5, 0.2, 0.7, 0.8])
    fitted = recalibrate(labels, scores=scores)
    assert fitted.apply(scores).mean() == pytest.approx((4 * 5 / 6 + 4 / 6) / 8, abs=1e-6)


@pytest.mark.parametrize("labels", [[0, 0], [1, 1], [], [0, 0, 1]])
def test_two_scans_of_each_class_are_needed(labels):
    assert recalibrate(np.array(labels), scores=np.full(len(labels), 0.5)) is None
