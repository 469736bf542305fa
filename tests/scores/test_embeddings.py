from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist

from elsewhere.scores import embeddings


@pytest.fixture
def clouds(dice):
    """Two far clouds of 60 scans in 50 dimensions, and whose they are."""
    names = np.repeat(["a", "b"], 60)
    places = dice.normal(size=(120, 50)) + 20 * (names == "b")[:, None]
    return places.astype(np.float32), pd.Series(names)


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
