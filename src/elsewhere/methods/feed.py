"""feed: make the training batch of each iteration, as a pure function of seed and iteration."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from elsewhere.cohorts.augmentation import augment
from elsewhere.cohorts.batches import batch_plan
from elsewhere.cohorts.cohort import Cohort
from elsewhere.methods.fit import Budget


@dataclass(frozen=True)
class Batch:
    """The augmented scans of one training iteration.

    Attributes
    ----------
    images
        ``[batch, channels, z, y, x]`` or ``[batch, channels, y, x]``, float32.
    labels
        ``[batch]``, int64; with findings ``[batch, findings]``, `cohort.UNKNOWN` where a scan has
        no label.
    sites
        Site of each scan.
    class_weights
        Weight of each class in the cross-entropy, float32 ``[classes]``; None: all alike (C-15).
    """

    images: Tensor
    labels: Tensor
    sites: tuple[str, ...]
    class_weights: Tensor | None = None

    def cut(self, size: int) -> Iterator[Batch]:
        """Yield this batch in pieces of at most `size` scans."""
        for first in range(0, len(self.sites), size):
            piece = slice(first, first + size)
            yield replace(
                self,
                images=self.images[piece],
                labels=self.labels[piece],
                sites=self.sites[piece],
            )

    def to(self, device: torch.device) -> Batch:
        """Return a copy of this batch on a device."""
        weights = self.class_weights
        return replace(
            self,
            images=self.images.to(device),
            labels=self.labels.to(device),
            class_weights=None if weights is None else weights.to(device),
        )


def make_batch(train: Mapping[str, Cohort], budget: Budget, iteration: int) -> Batch:
    """Return the batch of an iteration."""
    training = budget.training
    plan = batch_plan(
        {site: len(cohort) for site, cohort in train.items()},
        batch_size=training.batch_size * training.accumulate,
        sampling=training.sampling,
        seed=budget.seed,
        iteration=iteration,
    )
    return assembled(train, budget, iteration, plan=plan)


def assembled(
    train: Mapping[str, Cohort], budget: Budget, iteration: int, *, plan: list[tuple[str, int]]
) -> Batch:
    """Return the batch of these scans; each position in it has its own random generator.

    Parameters
    ----------
    train, budget, iteration
        Training scans by site, settings of the run, and the iteration, which decides what the
        augmentation draws.
    plan
        Site and index of each scan.
    """
    training = budget.training
    images = [
        augment(
            train[site].array(index),
            input=budget.input,
            augmentation=training.augmentation,
            rng=np.random.default_rng([budget.seed, iteration, position]),
        )
        for position, (site, index) in enumerate(plan)
    ]
    labels = np.stack([train[site].labels[index] for site, index in plan])
    sites = tuple(site for site, _ in plan)
    weights = training.class_weights
    return Batch(
        torch.from_numpy(np.stack(images)),
        torch.from_numpy(labels),
        sites,
        None if weights is None else torch.tensor(weights),
    )


def batches(train: Mapping[str, Cohort], budget: Budget, start: int) -> Iterator[Batch]:
    """Yield the batches from iteration `start` to the last.

    For a GPU, threads prepare batches in advance, as many as the budget has threads. On a CPU this
    would gain nothing, because the CPU is busy with the network.
    """
    iterations = range(start, budget.training.iterations)
    if budget.training.device == "cpu":
        for iteration in iterations:
            yield make_batch(train, budget, iteration)
        return
    ahead: deque[Future[Batch]] = deque()
    with ThreadPoolExecutor(budget.training.threads) as pool:
        try:
            for iteration in iterations:
                ahead.append(pool.submit(make_batch, train, budget, iteration))
                if len(ahead) > budget.training.threads:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def iteration_seed(seed: int, iteration: int) -> int:
    """Return the seed of torch's generators in an iteration; a resumed run draws the same."""
    return int(np.random.SeedSequence([seed, iteration]).generate_state(1, np.uint64)[0] >> 1)
