"""decision_limits: against scipy's exact limits, sums by hand and draws of new patients."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import binomtest, norm

from elsewhere.scores.decision import net_benefit, thresholds
from elsewhere.scores.decision_limits import Gains, limits
from elsewhere.scores.shares import Hits

AT = np.array([0.1, 0.3, 0.5])


@pytest.mark.parametrize(("k", "n"), [(0, 12), (1, 12), (5, 12), (12, 12), (3, 60)])
def test_limits_of_single_scans_are_those_of_clopper_and_pearson(k, n):
    found = limits(Hits(np.arange(n) < k, np.arange(n)), confidence=0.95)
    expected = binomtest(k, n).proportion_ci(0.95, method="exact")
    assert found == pytest.approx((expected.low, expected.high), abs=1e-12)


def drawn(n, *, dice, mean=0.0, scans=1):
    """Calibrated probabilities; half of what decides about a label is the patient's."""
    patients = np.repeat(np.arange(n), scans)
    logits = dice.normal(mean, 1.5, n)[patients]
    chance = (dice.normal(size=n)[patients] + dice.normal(size=len(patients))) / 2**0.5
    return (norm.cdf(chance) < expit(logits)).astype(np.int64), expit(logits), patients


def test_the_gain_is_that_of_the_net_benefit_and_lies_within_its_limits():
    labels, scores, patients = drawn(40, dice=np.random.default_rng(0), scans=2)
    gains = Gains(labels, scores, patients, AT, 0.95)
    gain = net_benefit(labels, scores=scores, at=AT).gain
    assert [one.value for one in gains.each()] == pytest.approx(gain)
    assert all(one.low <= one.value <= one.high for one in gains.each())
    mean = gains.mean()
    assert mean.low < gain.mean() < mean.high
    assert "patient" in mean.method


def test_a_model_that_calls_all_patients_has_limits_by_hand():
    """10 of 40 are positive, all called at 0.1 and 0.3. To all the model differs in no patient.

    There the shares of true and false negatives are 0, with Clopper and Pearson's upper limits; to
    none it is 0.25 - 0.75 odds, which at odds of 1/9 is far above.
    """
    labels = np.repeat([1, 0], [10, 30])
    found = Gains(labels, np.full(40, 0.4), np.arange(40), AT[:1], 0.95).each()[0]
    most = 1 - 0.025 ** (1 / 40)
    assert found.value == 0
    assert (found.low, found.high) == pytest.approx((-most, most / 9))


def test_equal_thresholds_have_the_same_mean_as_one():
    labels, scores, patients = drawn(30, dice=np.random.default_rng(1))
    one, twice = (
        Gains(labels, scores, patients, at, 0.9).mean()[:2] for at in (AT[1:2], AT[[1, 1]])
    )
    assert one == pytest.approx(twice)


def test_scans_of_one_patient_widen_the_limits():
    labels, scores, _ = drawn(30, dice=np.random.default_rng(2))
    labels, scores = (np.repeat(of, 3) for of in (labels, scores))
    apart, together = (
        Gains(labels, scores, patients, AT, 0.95)
        for patients in (np.arange(90), np.repeat(np.arange(30), 3))
    )
    for few, many in zip(together.each(), apart.each(), strict=True):
        assert few.high - few.low > many.high - many.low
    (low, high, _), (own_low, own_high, _) = together.mean(), apart.mean()
    assert high - low > own_high - own_low


def test_few_positive_patients_are_covered():
    """Six of 60 patients are positive on average: a mean over patients covers 0.85 here."""
    dice, at = np.random.default_rng(3), thresholds((0.05, 0.5))[::15]
    _, many, _ = drawn(400_000, dice=dice, mean=-3.0)
    odds, called = at / (1 - at), many[:, None] >= at
    model = (called * (many[:, None] - (1 - many[:, None]) * odds)).mean(axis=0)
    true = model - np.maximum(many.mean() - (1 - many.mean()) * odds, 0)
    held = []
    for _ in range(200):
        labels, scores, patients = drawn(60, dice=dice, mean=-3.0)
        gains = Gains(labels, scores, patients, at, 0.95)
        low, high, _ = gains.mean()
        second = gains.each()[1]
        held.append((low <= true.mean() <= high, second.low <= true[1] <= second.high))
    assert (np.mean(held, axis=0) > 0.92).all()
