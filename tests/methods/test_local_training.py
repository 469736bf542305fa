"""The training of a hospital is a pure function; its draws are its own."""

import numpy as np
import pytest
import torch
from federated_fit import FEDAVG, Tiny, cohorts, settings

from elsewhere.methods.local_training import LocalTraining, site_seed, steps


@pytest.fixture
def local(tmp_path):
    torch.manual_seed(0)
    return LocalTraining(
        Tiny(), cohorts(1)["a"], settings(tmp_path), row=FEDAVG, check=lambda: None
    )


def test_a_round_may_be_trained_again_after_others(local):
    start = local.initial()
    first = local.train(start, number=1, memory=b"")
    second = local.train(first.weights, number=2, memory=first.memory)
    assert second.count == 6
    again = local.train(first.weights, number=2, memory=first.memory)
    assert np.array_equal(second.weights, again.weights)
    assert second.loss == again.loss
    without = local.train(first.weights, number=2, memory=b"")
    assert not np.array_equal(second.weights, without.weights), "the momentum counts"
    assert np.array_equal(local.initial(), start)


def test_counters_stay_and_count(local):
    trained = local.train(local.initial(), number=1, memory=b"")
    trained = local.train(trained.weights, number=2, memory=trained.memory)
    assert {int(value) for value in local.own(trained.memory).values()} == {4}
    assert {int(value) for value in local.own(b"").values()} == {0}


def test_hospitals_draw_differently():
    seeds = {site_seed(seed, site) for seed in (0, 1) for site in ("a", "b")}
    assert len(seeds) == 4
    assert site_seed(0, "a") in seeds


def test_the_last_batch_of_an_epoch_may_be_small(tmp_path):
    training = settings(tmp_path).training
    assert [steps(scans, 1, training) for scans in (1, 4, 5, 8, 9)] == [1, 1, 2, 2, 3]
    assert steps(9, 5, training) == 15


def test_a_loss_that_is_not_finite_stops_the_run(local):
    with pytest.raises(FloatingPointError, match="the training loss of a is nan in round 1"):
        local.train(np.full_like(local.initial(), np.nan), number=1, memory=b"")
