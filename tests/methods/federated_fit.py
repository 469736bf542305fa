"""Runs of a small federation, in this process or in one that is killed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import torch
from torch import nn

from elsewhere.cohorts.cohort import ArrayCache, Cohort
from elsewhere.design.augmentations.image import ImageAugmentation
from elsewhere.design.budgets import Training
from elsewhere.design.inputs.image import ImageInput
from elsewhere.design.methods.fedavg import Fedavg
from elsewhere.methods.fit import Budget
from elsewhere.methods.method import build
from elsewhere.networks.batch_norm import BatchNorm
from elsewhere.networks.network import Network

INPUT = ImageInput(kind="image", matrix=32, stored_matrix=32, channels=1, normalise="image")
SIZES = {"a": 6, "b": 8, "c": 5}
FEDAVG = Fedavg(
    kind="fedavg", rounds=3, local_epochs=1, weighting="scans", batch_norm="averaged",
    encryption="none",
)  # fmt: skip


class Tiny(Network):
    """A network with all that matters here: kernels, biases, normalisations and a counter."""

    features = 6

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 4, 5, stride=2), BatchNorm(4), nn.ReLU(),
            nn.Conv2d(4, 6, 3, stride=2), BatchNorm(6), nn.ReLU(),
        )  # fmt: skip
        self.classifier = nn.Linear(6, 2)

    def embed(self, images, site):
        return self.body(images).mean((2, 3))


def cohorts(first_seed, sizes=SIZES):
    seeds = range(first_seed, first_seed + len(sizes))
    return {
        site: cohort(site, size, seed)
        for seed, (site, size) in zip(seeds, sizes.items(), strict=True)
    }


def cohort(site, size, seed):
    """Positives are brighter than negatives on one side."""
    rng = np.random.default_rng(seed)
    labels = np.arange(size, dtype=np.int64) % 2
    arrays = rng.integers(0, 60, size=(size, 1, 32, 32)).astype(np.uint8)
    arrays[labels == 1, :, :, 16:] += 150
    ids = tuple(f"{seed:08d}{i:08d}" for i in range(size))
    return Cohort(site, ids, ids, labels, Path("nowhere"), cache=ArrayCache(arrays))


def fit(budget, *, folder=None, train=None, **changes):
    method = build(FEDAVG.model_copy(update=changes))
    train = train or cohorts(1)
    torch.manual_seed(0)
    network = method.adapt(Tiny(), [*train])
    budget = dataclasses.replace(budget, checkpoint=folder or budget.checkpoint)
    return method.fit(network, train, cohorts(11, dict.fromkeys(train, 4)), budget)


def weights(fitted):
    return {name: value.numpy() for name, value in fitted.network.state_dict().items()}


def same(one, other):
    return all(np.array_equal(weights(one)[name], weights(other)[name]) for name in weights(one))


def settings(folder):
    """SGD with momentum and weight decay, as C-19."""
    row = Training(
        device="cpu", precision="fp32", iterations=1, batch_size=4, sampling="pooled",
        optimizer="sgd", momentum=0.9, learning_rate=0.01, weight_decay=5e-4, schedule="constant",
        clip_gradient=None, validate_every=1, ties="first", checkpoint_minutes=0, threads=1,
        augmentation=ImageAugmentation(
            kind="image", crop=False, flip_vertical=0.5, flip_horizontal=0.0
        ),
    )  # fmt: skip
    return Budget(row, INPUT, seed=7, checkpoint=folder)
