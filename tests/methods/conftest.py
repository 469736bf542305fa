"""Small cohorts that can be learned: positives are brighter than negatives on one side."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from elsewhere.cohorts.cohort import ArrayCache, Cohort, SiteFiles
from elsewhere.design.augmentations.image import ImageAugmentation
from elsewhere.design.budgets import Prediction, Training
from elsewhere.design.inputs.image import ImageInput
from elsewhere.design.inputs.volume import VolumeInput
from elsewhere.design.methods.erm import Erm
from elsewhere.design.networks.covidnet_redesign import CovidnetRedesign
from elsewhere.design.networks.nguyen_cnn import NguyenCnn
from elsewhere.imaging import store
from elsewhere.methods.fit import Budget
from elsewhere.methods.run import Run
from elsewhere.networks import weights
from elsewhere.networks.network import build
from elsewhere.steps.predict import Settings

sys.path.insert(0, str(Path(__file__).parent))

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
        checkpoint_minutes=0,
        threads=1,
        augmentation=ImageAugmentation(
            kind="image", crop=False, flip_vertical=0.5, flip_horizontal=0.0
        ),
    )


@pytest.fixture
def budget(training, tmp_path):
    return Budget(training, INPUT, seed=7, checkpoint=tmp_path / "checkpoint")


PARTS = ("validation", "test", "test", "train")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> SiteFiles:
    """Four volumes of two patients, in two folds."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "arrays").mkdir()
    dice = np.random.default_rng(0)
    scans = [f"{number:016x}" for number in range(4)]
    for scan in scans:
        array = dice.integers(-900, 300, (16, 32, 32)).astype(np.int16)
        store.write(folder / "arrays" / f"{scan}{store.SUFFIX}", array)
    index = pd.DataFrame({"scan_id": scans, "patient_id": ["p", "p", "q", "q"]})
    index["label"] = [0, 1, 0, 1]
    index.to_parquet(folder / "index.parquet")
    rows = [index.assign(fold=fold, part=[*PARTS[fold:], *PARTS[:fold]]) for fold in (0, 1)]
    pd.concat(rows).to_csv(folder / "split.csv", index=False)
    return SiteFiles("a", folder / "index.parquet", folder / "arrays", folder / "split.csv")


@pytest.fixture(scope="module")
def applied() -> Settings:
    network = NguyenCnn(
        kind="nguyen_cnn",
        first_filters=2,
        pooling="max",
        groups=2,
        dropblock_size=3,
        dropblock_rate=0.1,
        dropout_rate=0.5,
        dense_features=16,
    )
    volume = VolumeInput(
        kind="volume",
        matrix=32,
        depth=16,
        stride=8,
        clip_min_hu=-1000,
        clip_max_hu=None,
        ct_number="keep",
        normalise="volume",
    )
    prediction = Prediction(
        device="cpu", precision="fp32", mc_passes=2, mc_dropblock=True, batch_size=4, threads=1
    )
    return Settings(Erm(kind="erm"), network, volume, prediction)


@pytest.fixture(scope="module")
def model(applied: Settings, tmp_path_factory: pytest.TempPathFactory) -> Run:
    torch.manual_seed(1)
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    weights.save(build(applied.network, applied.input, outputs=2), path)
    return Run("1-7", {"n_train": {"a": 1}}, path, torch.device("cpu"))
