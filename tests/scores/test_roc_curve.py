from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_curve

from elsewhere.scores.discrimination import GRID, auc
from elsewhere.scores.roc_curve import corners, curved
from elsewhere.scores.single_models import ModelScans


def drawn(dice, positive, negative, *, area=0.8, each=1, rho=0.0, first=0):
    """Binormal scores with this true area; scans of a patient are correlated."""
    labels = np.repeat([1] * positive + [0] * negative, each)
    patients = np.repeat(np.arange(first, first + positive + negative), each)
    shared = np.repeat(dice.normal(size=positive + negative), each)
    noise = rho**0.5 * shared + (1 - rho) ** 0.5 * dice.normal(size=len(labels))
    return ModelScans(
        labels,
        noise + 2**0.5 * norm.ppf(area) * labels,
        patients.astype(str),
        np.arange(len(labels)).astype(str),
    )


def test_one_model_has_the_empirical_curve(dice):
    one = drawn(dice, 12, 15)
    one = one._replace(scores=one.scores.round(1))
    found = curved([one], confidence=0.95)
    assert np.trapezoid(found.tpr, found.fpr) == pytest.approx(auc(one.labels, scores=one.scores))
    fpr, tpr, _ = roc_curve(one.labels, one.scores)
    points = set(zip(found.fpr.round(9), found.tpr.round(9), strict=True))
    assert set(zip(fpr.round(9), tpr.round(9), strict=True)) <= points


def test_the_area_of_the_mean_curve_is_the_mean_area(dice):
    models = [drawn(dice, 9, 14, first=40 * k) for k in range(4)]
    models += [drawn(dice, 100, 200, area=0.6, first=900)]
    found = curved(models, confidence=0.95)
    areas = [auc(one.labels, scores=one.scores) for one in models]
    assert np.trapezoid(found.tpr, found.fpr) == pytest.approx(np.mean(areas), abs=1e-3)


def test_the_band_holds_the_curve_and_both_ends(dice):
    models = [drawn(dice, 6, 11), drawn(dice, 8, 9, first=50)]
    found = curved(models, confidence=0.95)
    tops = np.interp(GRID, found.fpr, found.tpr)
    assert (found.low <= tops + 1e-12).all()
    assert (tops <= found.high + 1e-12).all()
    assert (found.low[0], found.low[-1], found.high[-1]) == (0, 1, 1)
    assert (np.diff(found.low) >= 0).all()
    wider = curved(models, confidence=0.99)
    assert (wider.low <= found.low).all()
    assert (wider.high >= found.high).all()


@pytest.mark.parametrize(
    ("positive", "negative", "options"),
    [(15, 15, {}), (5, 55, {}), (20, 20, {"each": 3, "rho": 0.6}), (15, 15, {"area": 0.95})],
)
def test_at_each_rate_the_band_holds_the_true_curve(dice, positive, negative, options):
    at = np.array([5, 10, 20, 30, 50, 80])
    true = norm.cdf(2**0.5 * norm.ppf(options.get("area", 0.8)) + norm.ppf(GRID[at]))
    held = []
    for _ in range(150):
        found = curved([drawn(dice, positive, negative, **options)], confidence=0.95)
        held.append((found.low[at] <= true) & (true <= found.high[at]))
    assert (np.mean(held, axis=0) >= 0.92).all()


def test_copies_of_a_scan_do_not_narrow_the_band(dice):
    one = drawn(dice, 15, 15)
    copied = ModelScans(*(np.repeat(values, 3) for values in one))
    alone, found = (curved([model], confidence=0.95) for model in (one, copied))
    np.testing.assert_allclose(found.low, alone.low)
    np.testing.assert_allclose(found.high, alone.high)


def test_one_class_has_no_curve_and_a_long_curve_is_cut(dice):
    one = drawn(dice, 4, 4)
    assert curved([one._replace(labels=np.ones(8, dtype=np.int64))], confidence=0.95) is None
    long = curved([drawn(dice, 3_000, 3_000)], confidence=0.95)
    assert len(long.fpr) == 600
    assert {*corners(long)} == {"fpr", "tpr", "band_fpr", "band_low", "band_high"}
