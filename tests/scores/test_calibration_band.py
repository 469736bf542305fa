"""calibration_band: against statsmodels' Wilson interval, and draws of new patients."""

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import norm
from statsmodels.stats.proportion import proportion_confint

from elsewhere.scores.calibration import recalibration, separated
from elsewhere.scores.calibration_band import band, central, ici_limits
from elsewhere.scores.calibration_curve import local_lines


def drawn(n, *, seed=0, mean=0.0, slope=1.0, scans=1):
    """Probabilities that are too extreme by a slope; half of a label's luck is the patient's."""
    dice = np.random.default_rng(seed)
    patients = np.repeat(np.arange(n), scans)
    logits = dice.normal(mean, 1.5, n)[patients]
    luck = (dice.normal(size=n)[patients] + dice.normal(size=len(patients))) / 2**0.5
    return (norm.cdf(luck) < expit(logits)).astype(np.int64), expit(slope * logits), patients


def of(labels, scores, patients):
    guide, _ = recalibration(labels, scores=scores, patients=patients, how="intercept and slope")
    lines = local_lines(labels, scores=scores, patients=patients, guide=guide)
    return lines, band(labels, scores=scores, lines=lines, confidence=0.95)


def test_where_most_probabilities_are_equal_it_is_the_interval_of_their_share():
    """400 scans at 0.5 are all that the line there rests on; t of 398 degrees is close to z."""
    scores = np.concatenate([np.full(400, 0.5), np.linspace(0.1, 0.9, 100)])
    labels = np.concatenate([np.repeat([1, 0], [120, 280]), np.tile([0, 1], 50)])
    lines = local_lines(labels, scores=scores, patients=np.arange(500))
    low, high = band(labels, scores=scores, lines=lines, confidence=0.95)
    node = lines.at == 0.5
    expected = proportion_confint(120, 400, method="wilson")
    assert (low[node][0], high[node][0]) == pytest.approx(expected, abs=5e-4)


def test_it_narrows_with_more_patients_and_widens_with_scans_that_are_alike():
    labels, scores, patients = drawn(60)
    widths = {}
    for times, number in (("once", patients), ("four scans", np.repeat(patients, 4))):
        again = len(number) // 60
        _, (low, high) = of(np.repeat(labels, again), np.repeat(scores, again), number)
        widths[times] = np.median(high - low)
    _, (low, high) = of(np.repeat(labels, 4), np.repeat(scores, 4), np.arange(240))
    assert np.median(high - low) < 0.7 * widths["four scans"]
    assert widths["once"] == pytest.approx(widths["four scans"], rel=0.2)


def test_there_is_none_of_fewer_than_five_patients():
    labels, scores, _ = drawn(40)
    lines = local_lines(labels, scores=scores, patients=np.arange(40) % 4)
    low, high = band(labels, scores=scores, lines=lines, confidence=0.95)
    assert np.isnan(low).all()
    assert np.isnan(high).all()


def test_the_central_range_leaves_a_twentieth_on_each_side():
    at = np.linspace(0, 1, 101)
    kept = at[central(np.linspace(0, 1, 1001), at)]
    assert (kept.min(), kept.max()) == pytest.approx((0.05, 0.95))


@pytest.mark.parametrize(
    ("mean", "slope", "scans"), [(0.0, 2.0, 2), (-3.0, 1.0, 1)], ids=["too extreme", "few positive"]
)
def test_the_true_curve_and_index_are_covered(mean, slope, scans):
    """Percentiles of resampled patients cover 0.82 to 0.88 of these curves, the index 0 never."""
    logits = np.random.default_rng(1).normal(mean, 1.5, 200_000)
    index = np.abs(expit(slope * logits) - expit(logits)).mean()
    held, indices = [], []
    for seed in range(70):
        labels, scores, patients = drawn(60, seed=seed, mean=mean, slope=slope, scans=scans)
        if len(np.unique(patients[labels == 1])) < 5 or separated(labels, scores=scores):
            continue
        lines, (low, high) = of(labels, scores, patients)
        kept = central(scores, lines.at)
        true = expit(logit(lines.at) / slope)
        held.append(((low <= true) & (true <= high))[kept].mean())
        limits = ici_limits(
            lines.curve(), lines.resampled(100, seed=seed), ends=(low, high), confidence=0.95
        )
        assert limits[0] <= lines.curve().ici <= limits[1]
        indices.append(limits[0] <= index <= limits[1])
    assert np.mean(held) > 0.91
    assert np.mean(indices) > 0.9
