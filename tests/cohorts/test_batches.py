from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elsewhere.cohorts.batches import batch_plan, epoch_plan

SIZES = st.dictionaries(st.sampled_from("abcd"), st.integers(1, 9), min_size=1)


def drawn(sizes, *, batch_size, sampling, iterations, seed=0):
    return [
        pair
        for iteration in range(iterations)
        for pair in batch_plan(
            sizes, batch_size=batch_size, sampling=sampling, seed=seed, iteration=iteration
        )
    ]


@given(sizes=SIZES, batch_size=st.integers(1, 7), seed=st.integers(0, 9))
def test_a_pooled_epoch_is_every_scan_once(sizes, batch_size, seed):
    total = sum(sizes.values())
    pairs = drawn(sizes, batch_size=batch_size, sampling="pooled", iterations=2 * total, seed=seed)
    everything = {(site, index) for site, size in sizes.items() for index in range(size)}
    for first in range(0, len(pairs) - total + 1, total):
        epoch = pairs[first : first + total]
        assert len(set(epoch)) == total
        assert set(epoch) == everything


@given(sizes=SIZES, batch_size=st.integers(1, 7), seed=st.integers(0, 9))
def test_equal_per_site_gives_each_site_its_turn_and_each_scan_its_epoch(sizes, batch_size, seed):
    pairs = drawn(sizes, batch_size=batch_size, sampling="equal_per_site", iterations=40, seed=seed)
    counts = Counter(site for site, _ in pairs)
    assert max(counts.values()) - min(counts[site] for site in sizes) <= 1
    for site, size in sizes.items():
        own = [index for name, index in pairs if name == site]
        for first in range(0, len(own) - size + 1, size):
            assert sorted(own[first : first + size]) == list(range(size))


def test_a_batch_of_32_of_two_sites_is_16_and_16():
    # D-16; D-05: in 155 iterations 2,480 images of each, the smaller site 3.3 times over.
    sizes = {"a": 2482, "b": 746}
    for iteration in (0, 1, 50, 154):
        plan = batch_plan(
            sizes, batch_size=32, sampling="equal_per_site", seed=643, iteration=iteration
        )
        assert Counter(site for site, _ in plan) == {"a": 16, "b": 16}
    pairs = drawn(sizes, batch_size=32, sampling="equal_per_site", iterations=155)
    seen = Counter(index for site, index in pairs if site == "b")
    assert set(seen.values()) == {3, 4}


def plain(sizes, *, batch_size, sampling, seed, iteration):
    """The same without any shortcut: each epoch is shuffled anew for every place in it."""
    slots = range(iteration * batch_size, (iteration + 1) * batch_size)
    if sampling == "pooled":
        pool = [(site, index) for site, size in sizes.items() for index in range(size)]
        return [
            pool[np.random.default_rng([seed, slot // len(pool)]).permutation(len(pool))[at]]
            for slot in slots
            for at in [slot % len(pool)]
        ]
    found = []
    for slot in slots:
        turn, site = slot // len(sizes), [*sizes][slot % len(sizes)]
        key = [seed, crc32(site.encode()), turn // sizes[site]]
        found.append(
            (site, np.random.default_rng(key).permutation(sizes[site])[turn % sizes[site]])
        )
    return found


@given(sizes=SIZES, batch_size=st.integers(1, 30), seed=st.integers(0, 3), at=st.integers(0, 50))
@pytest.mark.parametrize("sampling", ["pooled", "equal_per_site"])
def test_a_plan_is_that_of_shuffling_every_time(sizes, batch_size, sampling, seed, at):
    told = {"batch_size": batch_size, "sampling": sampling, "seed": seed, "iteration": at}
    assert batch_plan(sizes, **told) == plain(sizes, **told)


def test_threads_that_ask_in_any_order_are_told_the_same():
    sizes = {"a": 30, "b": 11}
    told = {"batch_size": 7, "sampling": "pooled", "seed": 4}
    expected = [plain(sizes, iteration=at, **told) for at in range(200)]
    with ThreadPoolExecutor(8) as pool:
        backwards = pool.map(lambda at: batch_plan(sizes, iteration=at, **told), range(199, -1, -1))
        assert [*backwards] == expected[::-1]


def test_epochs_seeds_and_sites_are_shuffled_apart():
    sizes = {"a": 50, "b": 50}
    pairs = drawn(sizes, batch_size=100, sampling="equal_per_site", iterations=2)
    first, second = pairs[:100], pairs[100:]
    orders = [
        [i for site, i in epoch if site == name] for epoch in (first, second) for name in "ab"
    ]
    other = drawn(sizes, batch_size=100, sampling="equal_per_site", iterations=1, seed=1)
    orders.append([i for site, i in other if site == "a"])
    assert len({tuple(order) for order in orders}) == 5
    assert all(sorted(order) == list(range(50)) for order in orders)


def test_a_site_without_scans_and_an_unknown_sampling_are_refused():
    with pytest.raises(ValueError, match="'b'"):
        batch_plan({"a": 3, "b": 0}, batch_size=2, sampling="pooled", seed=0, iteration=0)
    with pytest.raises(ValueError, match="equal_per_site"):
        batch_plan({"a": 3}, batch_size=2, sampling="fair", seed=0, iteration=0)


def test_an_epoch_of_one_site_draws_every_scan_once_c19():
    batches = epoch_plan("a", 7, batch_size=3, seed=5, epoch=2)
    assert [len(batch) for batch in batches] == [3, 3, 1]
    assert sorted(index for batch in batches for _, index in batch) == list(range(7))
    assert batches != epoch_plan("a", 7, batch_size=3, seed=5, epoch=1)


def test_epochs_that_batches_divide_are_those_of_pooled_sampling():
    pooled = [
        batch_plan({"a": 6}, batch_size=3, sampling="pooled", seed=5, iteration=iteration)
        for iteration in range(6)
    ]
    epochs = [epoch_plan("a", 6, batch_size=3, seed=5, epoch=epoch) for epoch in range(3)]
    assert [batch for epoch in epochs for batch in epoch] == pooled
