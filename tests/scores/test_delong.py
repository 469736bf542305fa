from __future__ import annotations

import numpy as np
import pytest
from clustered_scans import arrays, clustered
from hypothesis import assume, given
from hypothesis import strategies as st

from elsewhere.scores.delong import delong, standard_error
from elsewhere.scores.discrimination import auc


def enough(labels, patients):
    return min(len(set(patients[labels == label])) for label in (0, 1)) >= 2


def brute_components(labels, scores):
    """Structural components of DeLong from all pairs."""
    kernel = np.array(
        [[(p > n) + 0.5 * (p == n) for n in scores[labels == 0]] for p in scores[labels == 1]],
        dtype=float,
    )
    return kernel.mean(), kernel.mean(axis=1), kernel.mean(axis=0)


def brute_variance(labels, scores, patients):
    """Obuchowski 1997, equations for one test, patient by patient."""
    area, ten, one = brute_components(labels, scores)
    m, n = len(ten), len(one)
    owners_ten, owners_one = patients[labels == 1], patients[labels == 0]
    everyone = sorted(set(patients))
    i, i10, i01 = len(everyone), len(set(owners_ten)), len(set(owners_one))
    s10 = s01 = s11 = 0.0
    for patient in everyone:
        of_ten, of_one = owners_ten == patient, owners_one == patient
        dev_ten = ten[of_ten].sum() - of_ten.sum() * area
        dev_one = one[of_one].sum() - of_one.sum() * area
        s10 += dev_ten**2
        s01 += dev_one**2
        s11 += dev_ten * dev_one
    s10 *= i10 / ((i10 - 1) * m)
    s01 *= i01 / ((i01 - 1) * n)
    s11 *= i / (i - 1)
    return s10 / m + s01 / n + 2 * s11 / (m * n)


@given(clustered)
def test_clustered_delong_is_that_of_all_pairs(rows):
    labels, scores, patients = arrays(rows)
    assume(enough(labels, patients))
    found = delong(labels, scores=scores[None], patients=patients)
    assert found.auc[0] == pytest.approx(auc(labels, scores=scores), abs=1e-12)
    expected = brute_variance(labels, scores, patients)
    assert found.covariance[0, 0] == pytest.approx(expected, abs=1e-12)
    assert found.covariance[0, 0] >= -1e-15


@given(clustered)
def test_one_scan_a_patient_gives_plain_delong(rows):
    labels, scores, _ = arrays(rows)
    patients = np.arange(len(labels))[::-1]
    assume(enough(labels, patients))
    _, ten, one = brute_components(labels, scores)
    plain = ten.var(ddof=1) / len(ten) + one.var(ddof=1) / len(one)
    found = delong(labels, scores=scores[None], patients=patients)
    assert found.covariance[0, 0] == pytest.approx(plain, abs=1e-12)


@given(clustered, st.integers(2, 4))
def test_copies_of_scans_within_patients_change_nothing(rows, copies):
    labels, scores, patients = arrays(rows)
    assume(enough(labels, patients))
    single = delong(labels, scores=scores[None], patients=patients)
    copied = [np.tile(values, copies) for values in (labels, scores, patients)]
    several = delong(copied[0], scores=copied[1][None], patients=copied[2])
    assert several.covariance[0, 0] == pytest.approx(single.covariance[0, 0], abs=1e-12)
    assert several.n_patients == single.n_patients
    assert several.n_out_of_order == single.n_out_of_order


def test_ignoring_the_patients_of_copies_understates_the_error(dice):
    labels = np.tile([0, 1], 30)
    scores = dice.normal(labels)
    labels, scores = np.tile(labels, 3), np.tile(scores, 3)
    as_scans = delong(labels, scores=scores[None], patients=np.arange(180))
    as_patients = delong(labels, scores=scores[None], patients=np.tile(np.arange(60), 3))
    ratio = standard_error(as_patients) / standard_error(as_scans)
    assert ratio == pytest.approx(3**0.5, rel=0.05)


@given(clustered)
def test_within_a_class_the_variance_is_at_least_that_of_independent_scans(rows):
    labels, scores, patients = arrays(rows)
    assume(enough(labels, patients))
    found = delong(labels, scores=scores[None], patients=patients)
    spread = found.spread(np.ones(1))
    assert spread is None or spread.variance >= found.covariance[0, 0] - 1e-15
    if not any(len(set(labels[patients == one])) == 2 for one in set(patients)):
        alone = delong(labels, scores=scores[None], patients=np.arange(len(labels)))
        assert spread is None or spread.variance >= alone.covariance[0, 0] - 1e-15


def opposite():
    """Of the three scans of each of nine patients one scores high, whether it is ill or not."""
    patients = np.repeat(np.arange(9), 3)
    scores = 10.0 * (np.arange(27) % 3 == 0) + np.arange(27) * 7 % 27 / 27
    return np.repeat([1, 0], [12, 15]), scores, patients


def test_scans_of_a_patient_that_differ_on_purpose_tell_no_more_than_independent_ones():
    labels, scores, patients = opposite()
    found = delong(labels, scores=scores[None], patients=patients)
    alone = delong(labels, scores=scores[None], patients=np.arange(27))
    assert found.covariance[0, 0] < 0.3 * alone.covariance[0, 0]
    assert standard_error(found) == pytest.approx(alone.covariance[0, 0] ** 0.5)


def test_degrees_of_freedom_are_those_of_welch_for_equal_scores_of_patients(dice):
    """Of two samples of one number each, AUC components are ranks: Satterthwaite's formula."""
    labels, scores = np.repeat([1, 0], [5, 30]), dice.normal(size=35)
    found = delong(labels, scores=scores[None], patients=np.arange(35))
    _, ten, one = brute_components(labels, scores)
    parts = ten.var(ddof=1) / 5, one.var(ddof=1) / 30
    assert found.spread(np.ones(1)).df == pytest.approx(
        sum(parts) ** 2 / (parts[0] ** 2 / 4 + parts[1] ** 2 / 29)
    )


def test_the_spread_of_a_difference_is_that_of_its_components(dice):
    labels = np.tile([0, 0, 1], 15)
    scores = dice.normal(size=(2, 45))
    found = delong(labels, scores=scores, patients=np.arange(45))
    contrast = np.array([1.0, -1.0])
    assert found.spread(contrast).variance == pytest.approx(contrast @ found.covariance @ contrast)


def test_patients_and_those_out_of_order_are_counted():
    labels = np.array([1, 1, 1, 1, 0, 0, 0])
    scores = np.array([0.9, 0.8, 0.3, 0.2, 0.5, 0.1, 0.1])
    patients = np.array([0, 0, 1, 1, 2, 3, 4])
    found = delong(labels, scores=scores[None], patients=patients)
    assert (found.n_patients, found.n_out_of_order) == ((2, 3), (1, 1))
    turned = delong(labels, scores=-scores[None], patients=patients)
    assert turned.n_out_of_order == (1, 1), "an AUC near 0 is as one near 1"


def test_one_patient_of_a_class_has_no_variance():
    labels, patients = np.array([1, 1, 0, 0]), np.array([0, 0, 1, 2])
    found = delong(labels, scores=np.array([[0.1, 0.9, 0.5, 0.2]]), patients=patients)
    assert found.covariance is None
    assert found.spread(np.ones(1)) is None
    assert standard_error(found) is None
