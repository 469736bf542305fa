"""Batches are a pure function of seed and iteration."""

import dataclasses

import torch

from elsewhere.methods.feed import batches, iteration_seed, make_batch


def equal(a, b):
    same = torch.equal(a.images, b.images) and torch.equal(a.labels, b.labels)
    return same and a.sites == b.sites


def test_starting_later_gives_the_same_batches(train, budget):
    everything = list(batches(train, budget, 0))
    later = list(batches(train, budget, 5))
    assert len(everything) == 12
    assert len(later) == 7
    assert all(equal(a, b) for a, b in zip(everything[5:], later, strict=True))


def test_made_ahead_or_not_is_the_same(train, budget):
    here = list(batches(train, budget, 0))
    row = budget.training.model_copy(update={"device": "cuda", "threads": 3})
    ahead = list(batches(train, dataclasses.replace(budget, training=row), 0))
    assert all(equal(a, b) for a, b in zip(here, ahead, strict=True))


def test_an_epoch_holds_every_scan_once(train, budget):
    row = budget.training.model_copy(update={"batch_size": 11})
    batch = make_batch(train, dataclasses.replace(budget, training=row), 0)
    assert batch.images.shape == (11, 1, 32, 32)
    assert sorted(batch.sites) == ["here"] * 7 + ["there"] * 4
    assert int(batch.labels.sum()) == 3 + 2


def test_label_belongs_to_its_image(train, budget):
    batch = make_batch(train, budget, 3)
    brighter = batch.images[..., 16:].mean((1, 2, 3)) > batch.images[..., :16].mean((1, 2, 3)) + 1
    assert torch.equal(brighter.long(), batch.labels)


def test_every_iteration_and_seed_draws_anew(train, budget):
    assert len({iteration_seed(seed, i) for seed in range(10) for i in range(100)}) == 1000
    other = dataclasses.replace(budget, seed=8)
    assert not equal(make_batch(train, budget, 0), make_batch(train, other, 0))
