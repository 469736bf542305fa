"""calibration_curve: against statsmodels' lowess, R's loess and repeated scans."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit
from statsmodels.nonparametric.smoothers_lowess import lowess

from elsewhere.scores import calibration_curve, resampling
from elsewhere.scores.calibration_curve import NODES, local_lines, nodes, redrawn
from elsewhere.scores.logits import Recalibration
from elsewhere.scores.resampling import Draws

# 16 scans of 10 patients, as in test_calibration
SCORES = np.array(
    [0.05, 0.10, 0.15, 0.20, 0.30, 0.30, 0.40, 0.45, 0.55, 0.60, 0.70, 0.75, 0.80, 0.85, 0.90, 0.95]
)
LABELS = np.array([0, 0, 0, 1, 0, 0, 1, 0, 0, 1, 1, 0, 1, 1, 1, 1])
PATIENTS = np.array([1, 1, 2, 3, 2, 4, 5, 4, 6, 7, 7, 6, 8, 8, 9, 10])


def curve(labels, *, scores, span=None):
    """The curve of scans that are a patient each."""
    return local_lines(labels, scores=scores, patients=np.arange(len(labels)), span=span).curve()


def drawn(n, seed=2, power=1.0):
    """Labels whose probability is the score to a power."""
    dice = np.random.default_rng(seed)
    scores = dice.random(n)
    return (dice.random(n) < scores**power).astype(int), scores


@pytest.mark.parametrize("span", [0.75, 1.0])
def test_the_curve_is_lowess_of_statsmodels(span):
    found = curve(LABELS, scores=SCORES, span=span)
    oracle = lowess(LABELS, SCORES, frac=span, it=0, return_sorted=False)
    expected = [oracle[score == SCORES][0] for score in found.at]
    assert found.share == pytest.approx(np.clip(expected, 0, 1), abs=1e-8)
    assert found.ici == pytest.approx(np.mean(np.abs(np.clip(oracle, 0, 1) - SCORES)), abs=1e-8)


def test_few_scans_are_all_used():
    found = [curve(LABELS, scores=SCORES, span=span).ici for span in (None, 1.0, 0.75)]
    assert found[0] == found[1] != found[2]


def test_the_ici_is_that_of_r_up_to_its_interpolation():
    """R 4.2, loess(span = 1, degree = 1): 0.021046; it interpolates between a few points."""
    assert curve(LABELS, scores=SCORES, span=1.0).ici == pytest.approx(0.021046, abs=3e-4)


def test_with_many_probabilities_the_nodes_cost_next_to_nothing():
    labels, scores = drawn(3000)
    found = curve(labels, scores=scores)
    assert len(found.at) == NODES
    oracle = np.clip(lowess(labels, scores, frac=0.75, it=0, return_sorted=False), 0, 1)
    # between the last two nodes the curve reaches 1 at a bend
    assert np.interp(scores, found.at, found.share) == pytest.approx(oracle, abs=1e-2)
    assert found.ici == pytest.approx(np.mean(np.abs(oracle - scores)), abs=1e-3)


def test_a_curve_finds_the_true_one():
    labels, scores = drawn(20_000, power=2.0)
    found = curve(labels, scores=scores, span=0.3)
    assert found.share == pytest.approx(found.at**2, abs=0.03)
    assert found.ici == pytest.approx(1 / 2 - 1 / 3, abs=0.01)  # the mean of x - x^2


def test_a_resample_is_the_curve_of_its_scans_with_the_bandwidths_of_all(monkeypatch):
    """Patients that are all drawn twice move nothing; else numpy fits the same weighted line."""
    number = np.unique(PATIENTS, return_inverse=True)[1]
    weights = np.stack([np.ones(10), np.full(10, 2), np.arange(10) % 3]).astype(np.int32)
    draws = [Draws(weights, number)]
    monkeypatch.setattr(calibration_curve, "redrawn", lambda *_, **__: draws)
    lines = local_lines(LABELS, scores=SCORES, patients=PATIENTS, span=0.75)
    found, whole = lines.resampled(3, seed=0), lines.curve()
    for row in (0, 1):
        assert found.share[row] == pytest.approx(whole.share, abs=1e-6)
        assert found.ici[row] == pytest.approx(whole.ici, abs=1e-6)
    node = 7
    times = weights[2][number]
    distance = np.abs(SCORES - whole.at[node])
    kernel = (1 - np.minimum(1, distance / np.sort(distance)[11]) ** 3) ** 3 * times
    line = np.polyfit(SCORES - whole.at[node], LABELS, 1, w=np.sqrt(kernel))
    assert found.share[2][node] == pytest.approx(np.clip(line[1], 0, 1), abs=1e-6)


def test_a_guide_is_followed_by_the_lines_through_what_it_leaves():
    """statsmodels' lowess of the residuals, added to the guide."""
    guide = Recalibration(0.2, 0.6)
    lines = local_lines(LABELS, scores=SCORES, patients=np.arange(16), span=0.75, guide=guide)
    left = lowess(LABELS - guide.apply(SCORES), SCORES, frac=0.75, it=0, return_sorted=False)
    found = lines.curve()
    expected = [(guide.apply(SCORES) + left)[score == SCORES][0] for score in found.at]
    assert found.share == pytest.approx(np.clip(expected, 0, 1), abs=1e-8)


def test_a_guide_bends_where_lines_would_not():
    """Probabilities that are far too extreme: the true share at 0.001 is 0.24."""
    dice = np.random.default_rng(4)
    true = dice.normal(0, 1, 20_000)
    labels = (dice.random(20_000) < expit(true)).astype(int)
    given = {"scores": expit(6 * true), "patients": np.arange(20_000)}
    away = {
        guide: np.abs(found.share - expit(logit(found.at) / 6))[2:-2].max()
        for guide in (None, Recalibration(0.0, 1 / 6))
        for found in [local_lines(labels, **given, guide=guide).curve()]
    }
    assert away[None] > 3 * away[Recalibration(0.0, 1 / 6)]


def test_probabilities_that_are_mostly_equal_have_the_share_of_these():
    scores = np.array([0.5] * 18 + [0.1, 0.9])
    labels = np.array([1, 0, 0] * 6 + [0, 1])
    found = curve(labels, scores=scores)
    assert found.share[found.at == 0.5] == pytest.approx(6 / 18)


def test_scans_that_are_all_equally_far_from_a_place_count_alike():
    """Between 0.5, which 90 % of the scans have, and the next there is a quantile."""
    scores = np.concatenate([np.full(400, 0.5), np.linspace(0.1, 0.9, 100)])
    found = curve(np.tile([1, 0], 250), scores=scores)
    assert not np.isin(found.at, scores).all()
    assert found.share == pytest.approx(0.5, abs=0.05)
    assert np.isfinite(found.ici)


def test_one_probability_has_no_curve():
    with pytest.raises(ValueError, match="1 different probabilities"):
        curve(LABELS, scores=np.full(16, 0.4))


def test_nodes_hold_the_lowest_and_the_highest_probability():
    scores = drawn(3000)[1]
    assert nodes(scores)[[0, -1]].tolist() == [scores.min(), scores.max()]


def test_each_resample_has_as_many_patients_as_there_are_and_blocks_differ(monkeypatch):
    monkeypatch.setattr(resampling, "_BLOCK", 40)
    blocks = [*redrawn(PATIENTS - 1, n=10, seed=3)]
    assert [len(block.weights) for block in blocks] == [4, 4, 2]
    for block in blocks:
        assert (block.weights.sum(axis=1) == 10).all()
    assert not np.array_equal(blocks[0].weights, blocks[1].weights)
