"""Small cohorts that can be learned: positives are brighter than negatives on one side."""

from pathlib import Path

import numpy as np
import pytest

from elsewhere.cohorts.cohort import ArrayCache, Cohort
from elsewhere.design.augmentations.image import ImageAugmentation
from elsewhere.design.budgets import Training
from elsewhere.design.inputs.image import ImageInput
from elsewhere.design.networks.covidnet_redesign import CovidnetRedesign
from elsewhere.methods.fit import Budget

INPUT = ImageInput(kind="image", matrix=32, stored_matrix=32, channels=1, normalise="image")
ROW = CovidnetRedesign(
    kind="covidnet_redesign", activation="relu", width=0.0625, dense_features=(16, 8)
)


def make_cohort(site, size, seed):
    rng = np.random.default_rng(seed)
    labels = np.arange(size, dtype=np.int64) % 2
    arrays = rng.integers(0, 60, size=(size, 1, 32, 32)).astype(np.uint8)
    arrays[labels == 1, :, :, 16:] += 150
    ids = tuple(f"{seed:08d}{i:08d}" for i in range(size))
    return Cohort(site, ids, ids, labels, Path("nowhere"), cache=ArrayCache(arrays))


@pytest.fixture
def train():
    return {"here": make_cohort("here", 7, 1), "there": make_cohort("there", 4, 2)}


@pytest.fixture
def valid():
    return {"here": make_cohort("here", 3, 3), "there": make_cohort("there", 3, 4)}


@pytest.fixture
def training():
    return Training(
        device="cpu",
        precision="fp32",
        iterations=12,
        batch_size=4,
        sampling="pooled",
        learning_rate=1e-2,
        weight_decay=0.0,
        schedule="constant",
        clip_gradient=None,
        validate_every=5,
        ties="first",
        checkpoint_every=3,
        threads=1,
        augmentation=ImageAugmentation(
            kind="image", crop=False, flip_vertical=0.5, flip_horizontal=0.0
        ),
    )


@pytest.fixture
def budget(training, tmp_path):
    return Budget(training, INPUT, seed=7, checkpoint=tmp_path / "checkpoint")
