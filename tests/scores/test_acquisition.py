import numpy as np
import pandas as pd
import pytest
from scipy.stats import f_oneway

from elsewhere.scores import acquisition
from elsewhere.scores.acquisition import FEWEST, ScansWithFields, associations, errors, fields


def manifest(**columns):
    n = len(next(iter(columns.values())))
    base = {
        "manufacturer": ["A"] * n,
        "kernel": ["soft"] * n,
        "spacing_z_mm": [1.0] * n,
        "contrast": ["no"] * n,
        "value_scale": ["hu"] * n,
    }
    return pd.DataFrame(base | columns)


def of(scores, labels, seed=0, patients=None, **columns):
    patients = np.arange(len(labels)) if patients is None else patients
    tested = ScansWithFields(
        np.array(labels), np.array(scores), patients, fields(manifest(**columns))
    )
    return {row["field"]: row for row in associations(tested, seed=seed)}


def test_errors_are_ranks_within_a_class():
    wrong = errors(np.array([0, 0, 1, 1]), scores=np.array([0.1, 0.9, 0.2, 0.8]))
    assert wrong == pytest.approx([-0.25, 0.25, 0.25, -0.25])


def test_the_scanner_on_which_a_model_errs_is_found():
    labels = np.tile([0, 1], 30)
    scanner = np.repeat(["A", "B"], 30)
    right = np.where(labels == 1, 0.9, 0.1) + np.linspace(0, 0.05, 60)
    scores = np.where(scanner == "A", right, 1 - right)
    rows = of(scores, labels, manufacturer=scanner)
    assert rows["scanner"]["p"] <= 0.001
    assert rows["scanner"]["worst"] == "B"
    assert rows["scanner"]["worst_patients"] == 30
    assert rows["kernel"]["p"] is None
    assert "the same for all patients" in rows["kernel"]["reason"]


def test_a_field_that_goes_with_the_class_alone_is_not_blamed():
    """All positives are of one scanner and the model is as good on both classes."""
    labels = np.repeat([0, 1], 20)
    rng = np.random.default_rng(0)
    rows = of(rng.random(40), labels, manufacturer=np.where(labels == 1, "A", "B"))
    assert rows["scanner"]["explained"] == pytest.approx(0, abs=1e-9)
    assert rows["scanner"]["p"] == 1


def test_the_share_explained_is_eta_squared():
    """F of a one-way analysis of variance gives the same share."""
    rng = np.random.default_rng(3)
    labels = np.zeros(30, int)
    labels[:15] = 1
    scores, scanner = rng.random(30), rng.choice(["A", "B", "C"], 30)
    found = of(scores, labels, manufacturer=scanner)["scanner"]["explained"]
    wrong = errors(labels, scores=scores)
    f = f_oneway(*[wrong[scanner == name] for name in "ABC"]).statistic
    assert found == pytest.approx(2 * f / (2 * f + 27))


def test_without_an_association_p_is_uniform(monkeypatch):
    monkeypatch.setattr(acquisition, "PERMUTATIONS", 199)
    rng = np.random.default_rng(5)
    ps = []
    for seed in range(200):
        scanner = rng.choice(["A", "B"], 24)
        found = of(rng.random(24), np.tile([0, 1], 12), seed=seed, manufacturer=scanner)
        ps.append(found["scanner"]["p"])
    assert np.mean(np.array(ps) <= 0.05) < 0.09
    assert 0.42 < np.mean(ps) < 0.58


def test_scans_of_a_patient_count_once():
    labels, scores = np.tile([0, 1], 12), np.random.default_rng(1).random(24)
    scanner = np.repeat(["A", "B"], 12)
    once = of(scores, labels, manufacturer=scanner)["scanner"]
    twice = of(
        np.repeat(scores, 2),
        np.repeat(labels, 2),
        patients=np.repeat(np.arange(24), 2),
        manufacturer=np.repeat(scanner, 2),
    )["scanner"]
    assert twice["p"] == pytest.approx(once["p"], abs=0.02)
    assert twice["n_patients"] == 24


def test_few_patients_are_not_tested():
    rows = of(np.linspace(0, 1, 8), np.tile([0, 1], 4), manufacturer=list("AABBAABB"))
    assert rows["scanner"]["p"] is None
    assert str(FEWEST) in rows["scanner"]["reason"]


def test_a_thickness_is_named_by_its_band_and_an_unknown_one_as_such():
    few = fields(manifest(spacing_z_mm=[1.0, 1.0, 5.0, np.nan]))["thickness"]
    assert few == ("1 mm", "1 mm", "5 mm", "unknown")
    many = fields(manifest(spacing_z_mm=np.linspace(0.5, 8, 40)))["thickness"]
    assert len(set(many)) == 4
