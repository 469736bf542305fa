"""Batches are a pure function of seed and iteration."""

import dataclasses
import threading

import numpy as np
import pytest
import torch

from elsewhere.cohorts.augmentation import augment
from elsewhere.cohorts.batches import batch_plan
from elsewhere.methods.feed import FeedError, batches, iteration_seed


def equal(a, b):
    same = torch.equal(a.images, b.images) and torch.equal(a.labels, b.labels)
    return same and a.sites == b.sites


def changed(budget, **values):
    return dataclasses.replace(budget, training=budget.training.model_copy(update=values))


def first(train, budget):
    return next(batches(train, budget, 0))


def test_a_batch_is_the_views_of_its_scans(train, budget):
    """Each position has its own generator, of seed, iteration and position."""
    row = budget.training
    for iteration, batch in enumerate(batches(train, budget, 0)):
        plan = batch_plan(
            {site: len(scans) for site, scans in train.items()},
            batch_size=4, sampling="pooled", seed=budget.seed, iteration=iteration,
        )  # fmt: skip
        for position, (site, index) in enumerate(plan):
            rng = np.random.default_rng([budget.seed, iteration, position])
            view = augment(
                train[site].array(index), input=budget.input, augmentation=row.augmentation, rng=rng
            )
            np.testing.assert_array_equal(batch.images[position].numpy(), view)
            assert batch.labels[position] == train[site].labels[index]
        assert batch.sites == tuple(site for site, _ in plan)


def test_starting_later_gives_the_same_batches(train, budget):
    everything = list(batches(train, budget, 0))
    later = list(batches(train, budget, 5))
    assert len(everything) == 12
    assert len(later) == 7
    assert all(equal(a, b) for a, b in zip(everything[5:], later, strict=True))


@pytest.mark.parametrize("threads", [2, 3, 9])
def test_the_number_of_threads_changes_nothing(train, budget, threads):
    one, many = (list(batches(train, changed(budget, threads=n), 0)) for n in (1, threads))
    assert len(one) == 12
    assert all(equal(a, b) for a, b in zip(one, many, strict=True))


def test_an_epoch_holds_every_scan_once(train, budget):
    batch = first(train, changed(budget, batch_size=11))
    assert batch.images.shape == (11, 1, 32, 32)
    assert sorted(batch.sites) == ["here"] * 7 + ["there"] * 4
    assert int(batch.labels.sum()) == 3 + 2


def test_label_belongs_to_its_image(train, budget):
    batch = [*batches(train, budget, 0)][3]
    brighter = batch.images[..., 16:].mean((1, 2, 3)) > batch.images[..., :16].mean((1, 2, 3)) + 1
    assert torch.equal(brighter.long(), batch.labels)


def test_every_iteration_and_seed_draws_anew(train, budget):
    assert len({iteration_seed(seed, i) for seed in range(10) for i in range(100)}) == 1000
    other = dataclasses.replace(budget, seed=8)
    assert not equal(first(train, budget), first(train, other))


@pytest.mark.parametrize("threads", [1, 3])
def test_a_scan_that_cannot_be_read_is_named(train, budget, threads):
    site = train["there"]
    del site.cache.arrays[2]  # then it is read from a folder that is not there
    with pytest.raises(FeedError, match=f"scan {site.scan_ids[2]} of there .* no such volume"):
        [*batches(train, changed(budget, threads=threads), 0)]


class Reading(dict):
    """Arrays that are handed out by a function."""

    def __init__(self, arrays, hand):
        super().__init__(arrays)
        self.hand = hand

    def __getitem__(self, key):
        self.hand()
        return super().__getitem__(key)


def test_as_many_scans_are_read_at_a_time_as_there_are_threads(train, budget):
    meeting = threading.Barrier(3, timeout=60)
    site = train["here"]
    site.cache.arrays = Reading(site.cache.arrays, meeting.wait)
    budget = changed(budget, threads=3, iterations=6, batch_size=1)
    assert len(list(batches({"here": site}, budget, 0))) == 6


def test_a_run_that_stops_does_not_wait_for_a_scan_that_never_comes(train, budget):
    stopped, reading = threading.Event(), threading.Event()
    site = train["here"]

    def stuck():
        reading.set()
        stopped.wait(60)

    def check():
        if reading.is_set():
            raise KeyboardInterrupt

    site.cache.arrays = Reading(site.cache.arrays, stuck)
    with pytest.raises(KeyboardInterrupt):
        next(batches({"here": site}, budget, 0, check=check))
    assert not stopped.is_set()
    stopped.set()
