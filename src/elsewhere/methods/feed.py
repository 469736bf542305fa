"""feed: make the training batch of each iteration, as a pure function of seed and iteration.

Threads read and decode the scans of several batches ahead, without Python's lock; the stored bytes
move to the device, which makes float32 of them. Order and content of batches depend neither on the
number of threads nor on the device.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from elsewhere.cohorts.augmentation import Augmentation, Plan, build
from elsewhere.cohorts.batches import batch_plan
from elsewhere.cohorts.cohort import Cohort
from elsewhere.methods import transfer
from elsewhere.methods.fit import Budget

WAIT_SECONDS = 0.5  # between two looks whether to stop, while a scan is read

BatchPlan = list[tuple[str, int]]


class FeedError(RuntimeError):
    """A scan cannot be read or changed for training."""


@dataclass(frozen=True)
class Batch:
    """The augmented scans of one training iteration, on the device.

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

    def tensors(self) -> Iterator[Tensor]:
        """Yield all tensors."""
        yield self.images
        yield self.labels
        if self.class_weights is not None:
            yield self.class_weights


@dataclass(frozen=True)
class _Packed:
    """A scan on its way to the device: what is done with it there, and what moves."""

    plan: Plan
    parts: tuple[Tensor, ...]


def batches(
    train: Mapping[str, Cohort],
    budget: Budget,
    start: int,
    *,
    check: Callable[[], None] = lambda: None,
) -> Iterator[Batch]:
    """Yield the batches from iteration `start` to the last, on the device of the budget.

    Parameters
    ----------
    train, budget
        Training scans by site, and the settings of the run.
    start
        First iteration.
    check
        As in `fed`.
    """
    training = budget.training
    sizes = {site: len(cohort) for site, cohort in train.items()}
    plans = (
        (
            iteration,
            batch_plan(
                sizes,
                batch_size=training.batch_size * training.accumulate,
                sampling=training.sampling,
                seed=budget.seed,
                iteration=iteration,
            ),
        )
        for iteration in range(start, training.iterations)
    )
    yield from fed(train, budget, plans, check=check)


def fed(
    train: Mapping[str, Cohort],
    budget: Budget,
    plans: Iterable[tuple[int, BatchPlan]],
    *,
    check: Callable[[], None] = lambda: None,
) -> Iterator[Batch]:
    """Yield the batch of each plan, in their order, on the device of the budget.

    Parameters
    ----------
    train, budget
        Training scans by site, and the settings of the run.
    plans
        Iterations, each with site and index of its scans. The iteration decides what the
        augmentation draws: each position in it has its own random generator.
    check
        It is called before each batch and while files are slow, and may raise, to stop.

    Raises
    ------
    FeedError
        If a scan cannot be read, with its name.
    """
    feed = _Feed(train, budget)
    try:
        yield from transfer.ahead(feed.packed(plans, check), feed.moved, feed.device)
    finally:
        feed.close()


class _Feed:
    """Reads and packs the scans of batches in threads, and makes images of them on the device."""

    def __init__(self, train: Mapping[str, Cohort], budget: Budget) -> None:
        self.train, self.budget = train, budget
        training = budget.training
        self.augmentation: Augmentation[Any] = build(training.augmentation, budget.input)
        self.device = torch.device(training.device)
        self.threads = training.threads
        self.pool = ThreadPoolExecutor(self.threads, thread_name_prefix="feed")

    def close(self) -> None:
        """Drop what is not yet read; what is being read does not hold up a run that stops."""
        self.pool.shutdown(wait=False, cancel_futures=True)

    def packed(
        self, plans: Iterable[tuple[int, BatchPlan]], check: Callable[[], None]
    ) -> Iterator[tuple[BatchPlan, list[_Packed]]]:
        """Yield the scans of each batch as they move; those of batches ahead are being read."""
        waiting: deque[tuple[BatchPlan, list[Future[list[_Packed]]]]] = deque()
        for iteration, plan in plans:
            waiting.append((plan, self._submitted(iteration, plan)))
            in_flight = sum(len(futures) for _, futures in waiting)
            if len(waiting) > 1 and in_flight > self.threads:
                first, futures = waiting.popleft()
                yield first, _awaited(futures, check)
        for last, futures in waiting:
            yield last, _awaited(futures, check)

    def moved(self, batch: tuple[BatchPlan, list[_Packed]]) -> Batch:
        """Move a batch to the device and make its images there."""
        plan, scans = batch
        images = torch.empty((len(scans), *self.budget.input.shape), device=self.device)
        for image, scan in zip(images, scans, strict=True):
            parts = [part.to(self.device, non_blocking=True) for part in scan.parts]
            self.augmentation.apply(parts, scan.plan, out=image)
        labels = np.stack([self.train[site].labels[index] for site, index in plan])
        weights = self.budget.training.class_weights
        return Batch(
            images,
            self._on_device(labels),
            tuple(site for site, _ in plan),
            None if weights is None else self._on_device(np.array(weights, np.float32)),
        )

    def _on_device(self, array: npt.NDArray[np.generic]) -> Tensor:
        return transfer.host(array, self.device).to(self.device, non_blocking=True)

    def _submitted(self, iteration: int, plan: BatchPlan) -> list[Future[list[_Packed]]]:
        """Divide the scans of a batch among the threads."""
        size = -(-len(plan) // self.threads)
        firsts = range(0, len(plan), size)
        parts = [range(first, min(first + size, len(plan))) for first in firsts]
        return [self.pool.submit(self._read, iteration, part, plan) for part in parts]

    def _read(self, iteration: int, positions: range, plan: BatchPlan) -> list[_Packed]:
        """Read and pack the scans at some positions of a batch."""
        packed = []
        for position in positions:
            site, index = plan[position]
            rng = np.random.default_rng([self.budget.seed, iteration, position])
            try:
                packed.append(self._packed(self.train[site], index, rng))
            except Exception as error:
                scan = self.train[site].scan_ids[index]
                raise FeedError(f"scan {scan} of {site} cannot be used: {error}") from error
        return packed

    def _packed(self, cohort: Cohort, index: int, rng: np.random.Generator) -> _Packed:
        plan = self.augmentation.plan(cohort.extent(index), rng)
        arrays = self.augmentation.pack(cohort.slices(index, plan.slices), plan)
        return _Packed(plan, tuple(transfer.host(array, self.device) for array in arrays))


def _awaited(futures: list[Future[list[_Packed]]], check: Callable[[], None]) -> list[_Packed]:
    """Wait for the scans of a batch; look whether to stop meanwhile."""
    check()
    while wait(futures, timeout=WAIT_SECONDS).not_done:
        check()
    return [packed for future in futures for packed in future.result()]


def iteration_seed(seed: int, iteration: int) -> int:
    """Return the seed of torch's generators in an iteration; a resumed run draws the same."""
    return int(np.random.SeedSequence([seed, iteration]).generate_state(1, np.uint64)[0] >> 1)
