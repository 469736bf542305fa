from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import norm

from elsewhere.scores import embeddings


@pytest.fixture
def clouds(dice):
    """Two far clouds of 60 scans in 50 dimensions, and whose they are."""
    names = np.repeat(["a", "b"], 60)
    places = dice.normal(size=(120, 50)) + 20 * (names == "b")[:, None]
    return places.astype(np.float32), pd.Series(names)


def alone(count: int) -> pd.Series:
    return pd.Series([f"p{number}" for number in range(count)])


def test_components_keep_distances_up_to_one_scale(dice) -> None:
    """Of as many features as components nothing is lost but the mean and a unit."""
    features = (dice.normal(size=(40, 6)) * [9, 5, 3, 2, 1, 1] + 7).astype(np.float32)
    found, share = embeddings.reduced(features)
    assert found.dtype == np.float32
    assert share == pytest.approx(1)
    ratio = pdist(found) / pdist(features)
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-4)
    assert found[:, 0].std() == pytest.approx(1, rel=1e-5)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-5)


def test_the_share_of_the_variance_is_that_of_its_eigenvalues(dice) -> None:
    features = (dice.normal(size=(300, 60)) * np.linspace(5, 1, 60)).astype(np.float32)
    found, share = embeddings.reduced(features)
    values = np.sort(np.linalg.eigvalsh(np.cov(features.T.astype(float))))[::-1]
    assert found.shape == (300, embeddings.DIMENSIONS)
    assert share == pytest.approx(values[: embeddings.DIMENSIONS].sum() / values.sum(), rel=1e-6)


@pytest.mark.parametrize("shape", [(0, 9), (1, 9), (5, 9), (5, 1)])
def test_few_scans_have_few_components(shape, dice) -> None:
    found, share = embeddings.reduced(dice.normal(size=shape).astype(np.float32))
    assert found.shape == (shape[0], min(shape))
    assert np.isfinite(found).all()
    assert (share is None) == (shape[0] < 2)
    how, places = embeddings.plane(found, seed=0)
    assert how == "two principal components"
    assert places.shape == (shape[0], 2)


def test_scans_that_are_all_alike(dice) -> None:
    found, share = embeddings.reduced(np.ones((30, 4), np.float32))
    assert share is None
    assert not found.any()
    assert not embeddings.plane(found, seed=0)[1].any()


def test_neighbours_stay_neighbours_in_the_plane(clouds) -> None:
    places, names = clouds
    how, flat = embeddings.plane(embeddings.reduced(places)[0], seed=0)
    assert how == "t-SNE"
    far = np.linalg.norm(flat[:, None] - flat[None], axis=2) + np.diag([np.inf] * 120)
    nearest = names.to_numpy()[far.argmin(axis=1)]
    assert (nearest == names).all()


def test_the_plane_is_the_same_each_time(clouds) -> None:
    components, _ = embeddings.reduced(clouds[0])
    first, second = (embeddings.plane(components, seed=4)[1] for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_what_is_apart_can_be_told_and_what_is_drawn_cannot(clouds, dice) -> None:
    components, _ = embeddings.reduced(clouds[0])
    found = embeddings.linear_probe(components, clouds[1], patients=alone(120), seed=0)
    assert found == {
        "auc": 1.0, "n_scans": 120, "n_patients": 120, "status": "ok", "reason": None,
    }  # fmt: skip
    drawn = [
        embeddings.linear_probe(
            components, pd.Series(dice.permutation(clouds[1])), patients=alone(120), seed=0
        )["auc"]
        for _ in range(20)
    ]
    assert np.mean(drawn) == pytest.approx(0.5, abs=0.05)


def test_the_auc_of_two_normal_clouds_has_its_closed_form(dice) -> None:
    """Of distance d along one direction it is Phi(d / sqrt 2), whatever the rotation."""
    label = np.repeat([0, 1], 1500)
    places = dice.normal(size=(3000, 3)) + np.outer(label, [1.0, 0, 0])
    turned = places @ np.linalg.qr(dice.normal(size=(3, 3)))[0]
    components, _ = embeddings.reduced(turned.astype(np.float32))
    found = embeddings.linear_probe(components, pd.Series(label), patients=alone(3000), seed=0)
    assert found["auc"] == pytest.approx(norm.cdf(1 / 2**0.5), abs=0.02)


def test_a_patient_does_not_tell_on_himself(dice) -> None:
    """Labels go with patients, places too, but not places with labels: leaks would reach 1."""
    patients = np.repeat(np.arange(60), 8)
    places = 10 * dice.normal(size=(60, 30))[patients] + dice.normal(size=(480, 30))
    label = pd.Series(dice.permutation(np.repeat([0, 1], 30))[patients])
    components, _ = embeddings.reduced(places.astype(np.float32))
    leaky = embeddings.linear_probe(components, label, patients=alone(480), seed=0)["auc"]
    found = embeddings.linear_probe(
        components, label, patients=pd.Series(patients).map(str), seed=0
    )
    assert leaky > 0.9
    assert found["auc"] < 0.75
    assert found["n_patients"] == 60


def test_of_several_names_each_is_told_from_the_others(dice) -> None:
    names = np.repeat(["a", "b", "c"], 40)
    places = dice.normal(size=(120, 5)) + 9 * (names == "b")[:, None]
    components, _ = embeddings.reduced(places.astype(np.float32))
    found = embeddings.linear_probe(components, pd.Series(names), patients=alone(120), seed=0)
    assert 0.75 < found["auc"] < 0.95, "b is told, a and c are told from b alone"


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ([], "there are no scans"),
        (["a"] * 20, "all scans have one name: a"),
        (["a"] * 20 + ["b"] * 4, "too few patients: b has 4, 5 folds need 5"),
    ],
)
def test_what_cannot_be_probed_says_why(names, why, dice) -> None:
    components = dice.normal(size=(len(names), 3)).astype(np.float32)
    truth = pd.Series(names, dtype=object)
    found = embeddings.linear_probe(components, truth, patients=alone(len(names)), seed=0)
    assert (found["auc"], found["status"], found["reason"]) == (None, "undefined", why)
