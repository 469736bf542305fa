"""Federated averaging against a literal loop, against erm, and against itself after a kill."""

import dataclasses
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from federated_fit import FEDAVG, INPUT, SIZES, Tiny, cohort, cohorts, fit, same, settings, weights
from torch.nn import functional as F

from elsewhere.cohorts.augmentation import augment
from elsewhere.methods import local_training, unseen
from elsewhere.methods.erm import cross_entropy
from elsewhere.methods.feed import iteration_seed
from elsewhere.methods.inference import InferenceOptions, probabilities_of
from elsewhere.methods.local_training import site_seed
from elsewhere.methods.loop import learn
from elsewhere.networks.sites import NORMS


def probabilities_many(network, arrays, *, options):
    return probabilities_of(network, map(options.passes.packed, arrays), options=options)


@pytest.fixture
def federated(tmp_path):
    return settings(tmp_path / "checkpoint")


def literal(budget, row):
    """FedAvg as it is written: state dicts and float64, no integers and no messages."""
    train, training = cohorts(1), budget.training
    torch.manual_seed(0)
    model = Tiny().state_dict()
    momentum, models = {}, []
    for number in range(row.rounds):
        sent = []
        for site, scans in train.items():
            if number + 1 in row.absent.get(site, ()):
                continue
            network = Tiny()
            network.load_state_dict(model)
            network.train()
            start = [parameter.detach().clone() for parameter in network.parameters()]
            optimizer = torch.optim.SGD(
                network.parameters(), lr=training.learning_rate, momentum=training.momentum,
                weight_decay=training.weight_decay,
            )  # fmt: skip
            if site in momentum:
                optimizer.load_state_dict(momentum[site])
            seed, steps = site_seed(budget.seed, site), -(-len(scans) // training.batch_size)
            for epoch in range(number * row.local_epochs, (number + 1) * row.local_epochs):
                order = np.random.default_rng([seed, epoch]).permutation(len(scans))
                for step in range(steps):
                    chosen = order[step * training.batch_size :][: training.batch_size]
                    iteration = epoch * steps + step
                    images = [
                        augment(
                            scans.array(index), input=INPUT, augmentation=training.augmentation,
                            rng=np.random.default_rng([seed, iteration, place]),
                        )
                        for place, index in enumerate(chosen)
                    ]  # fmt: skip
                    torch.manual_seed(iteration_seed(seed, iteration))
                    optimizer.zero_grad()
                    logits = network(torch.from_numpy(np.stack(images)), None)
                    loss = F.cross_entropy(logits, torch.from_numpy(scans.labels[chosen]))
                    for parameter, first in zip(network.parameters(), start, strict=True):
                        loss = loss + row.mu / 2 * ((parameter - first) ** 2).sum()
                    loss.backward()
                    optimizer.step()
            momentum[site] = optimizer.state_dict()
            sent.append((network.state_dict(), 1 if row.weighting == "equal" else len(scans)))
        total = sum(count for _, count in sent)
        model = {
            name: (sum(state[name].double() * count for state, count in sent) / total).float()
            for name in model
        }
        models.append(model)
    return models


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"weighting": "equal"},
        {"local_epochs": 2, "rounds": 2},
        {"mu": 0.5},
        {"rounds": 5, "absent": {"b": (3, 4)}, "min_sites": 2},
    ],
    ids=str,
)
def test_it_is_plain_federated_averaging_within_1e_6(federated, changes):
    """C-18, C-19, C-21: also for a hospital that is absent in rounds 3 and 4, then back."""
    row = FEDAVG.model_copy(update=changes)
    expected = literal(federated, row)
    fitted = fit(federated, **changes)
    model = expected[fitted.best.iteration - 1]
    for name, value in weights(fitted).items():
        if value.dtype == np.float32:
            assert np.abs(value - model[name].numpy()).max() < 1e-6, name
    assert [row.iteration for row in fitted.history] == list(range(1, row.rounds + 1))


def test_with_and_without_encryption_the_bits_are_the_same(federated, tmp_path):
    plain = fit(federated, folder=tmp_path / "plain")
    sealed = fit(federated, folder=tmp_path / "sealed", encryption="bfv")
    assert same(plain, sealed)
    assert plain.history == sealed.history
    assert [row["round"] for row in sealed.rounds] == [1, 2, 3]
    for one, other in zip(plain.rounds, sealed.rounds, strict=True):
        assert 0 < one["bytes_up"] < other["bytes_up"]
        assert 0 < one["bytes_down"] < other["bytes_down"]
        assert other["encrypt_seconds"] > one["encrypt_seconds"]


@pytest.mark.parametrize("batch_norm", ["averaged", "local"])
def test_one_hospital_alone_learns_what_erm_does_from_the_same_batches(federated, batch_norm):
    """Eight scans in batches of four: an epoch is two iterations."""
    train = {"b": cohort("b", 8, 2)}
    changes = {"ties": "last", "schedule": "cosine", "iterations": 6, "validate_every": 6}
    training = federated.training.model_copy(update=changes)
    federated = dataclasses.replace(federated, training=training)
    alone = fit(federated, train=train, min_sites=1, batch_norm=batch_norm, fraction_bits=30)
    torch.manual_seed(0)
    budget = dataclasses.replace(
        federated, seed=site_seed(7, "b"), checkpoint=federated.checkpoint / "erm"
    )
    network = Tiny()
    valid = cohorts(11, {"b": 4})
    erm = learn(network, train, valid, budget, losses=[cross_entropy])
    assert alone.best.iteration == 3
    assert alone.best.score == erm.best.score
    images = torch.rand(5, 1, 32, 32)
    one, other = alone.network(images, "b"), erm.network(images, None)
    torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)
    losses = [row.loss for row in alone.history]
    assert np.mean(losses) == pytest.approx(erm.history[0].loss, abs=1e-5)


def test_a_hospital_that_lacks_a_class_trains_c25(federated):
    train = cohorts(1)
    labels = np.zeros(5, np.int64)
    train["c"] = dataclasses.replace(train["c"], labels=labels)
    weighed = federated.training.model_copy(update={"class_weights": (0.2, 0.4)})
    fitted = fit(dataclasses.replace(federated, training=weighed), train=train, rounds=2)
    assert all(np.isfinite(value).all() for value in weights(fitted).values())


def test_local_normalisations_stay_at_home_and_differ(federated):
    fitted = fit(federated, batch_norm="local", rounds=2)
    network = fitted.network
    assert network.sites == ("a", "b", "c")
    images = torch.rand(3, 1, 32, 32)
    assert not torch.equal(network(images, "a"), network(images, "b"))
    torch.manual_seed(0)
    plain = Tiny()
    norms = [layer for layer in plain.modules() if isinstance(layer, NORMS)]
    kept = sum(value.numel() for layer in norms for value in layer.state_dict().values())
    every = sum(value.numel() for value in plain.state_dict().values())
    # 8 bytes a value, and the count; not a value of a normalisation left its hospital
    assert fitted.rounds[0]["bytes_up"] == 3 * 8 * (every - kept + 1)
    outside = unseen.apply_policy(network, "mean", lambda: [images])
    assert torch.isfinite(outside(images, None)).all()


def test_the_score_of_each_hospital_is_that_of_the_model_on_its_scans(federated):
    fitted = fit(federated, rounds=2)
    valid = cohorts(11, dict.fromkeys(SIZES, 4))
    for site, scans in valid.items():
        arrays = [scans.array(i) for i in range(len(scans))]
        options = InferenceOptions(input=INPUT, site=site, batch_size=2, device=torch.device("cpu"))
        found, _ = probabilities_many(fitted.network, arrays, options=options)
        right = (found.argmax(1) == scans.labels).mean()
        assert fitted.best.by_site[site] == right
    assert fitted.best.score == pytest.approx(np.mean([*fitted.best.by_site.values()]))


def test_steps_and_epochs_are_those_of_the_hospitals_that_took_part(federated):
    fitted = fit(federated, absent={"b": (2,)}, min_sites=2)
    assert fitted.epochs == {"a": 3.0, "b": 2.0, "c": 3.0}
    assert fitted.iterations == 3 * 2 + 2 * 2 + 3 * 2


@pytest.mark.parametrize("encryption", ["none", "bfv"])
def test_sigterm_stops_within_a_round_and_the_next_call_goes_on(
    federated, tmp_path, monkeypatch, encryption
):
    whole = fit(federated, folder=tmp_path / "whole")
    calls, step = 0, local_training.Descent.step

    def interrupted(*args, **more):
        nonlocal calls
        calls += 1
        if calls in (3, 9):
            os.kill(os.getpid(), signal.SIGTERM)
        return step(*args, **more)

    monkeypatch.setattr(local_training.Descent, "step", interrupted)
    for _ in range(2):
        with pytest.raises(SystemExit) as stopped:
            fit(federated, encryption=encryption)
        assert stopped.value.code == 143
    resumed = fit(federated, encryption=encryption)
    assert same(whole, resumed)
    assert whole.history == resumed.history
    # one iteration of b was done twice: what a had finished was not trained again
    assert calls == 3 * 6 + 1


KILLED = """
import os, signal, sys
from pathlib import Path

sys.path.insert(0, {tests!r})
import federated_fit as t
from elsewhere import files

replace, left = files.os.replace, {writes}

def kill(*paths):
    global left
    replace(*paths)
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)

files.os.replace = kill
t.fit(t.settings(Path({folder!r})), encryption="bfv")
"""


def test_killed_with_signal_9_and_started_again_the_bits_are_the_same(tmp_path):
    """Two kills, each after another write of hospital, adder or run."""
    whole = fit(settings(tmp_path / "whole"))
    for writes in (11, 16):
        script = KILLED.format(
            tests=str(Path(__file__).parent), writes=writes, folder=str(tmp_path / "killed")
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
        assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    resumed = fit(settings(tmp_path / "killed"), encryption="bfv")
    assert same(whole, resumed)
    assert whole.history == resumed.history
    assert [row["round"] for row in resumed.rounds] == [1, 2, 3]


def test_a_checkpoint_that_cannot_be_read_starts_all_again(federated, caplog):
    whole = fit(federated, rounds=2)
    (federated.checkpoint / "state.pt").write_bytes(b"damaged")
    again = fit(federated, rounds=2)
    assert "all are run again" in caplog.text
    assert same(whole, again)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"absent": {"z": (1,)}}, "names 'z' in absent, which is no training site"),
        ({"absent": {"b": (2,)}}, "has 2 of 3 hospitals in round 2, fewer than min_sites, 3"),
        (
            {"absent": {"a": (1,), "b": (1,), "c": (2,)}, "min_sites": 1, "rounds": 3},
            "no hospital in round 2 that was",
        ),
        ({"min_sites": 4}, "has 3 of 3 hospitals in round 1"),
    ],
)
def test_rounds_that_cannot_be_run_are_refused(federated, changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        fit(federated, **changes)


def test_a_warm_up_longer_than_all_rounds_is_refused(federated):
    long = federated.training.model_copy(update={"warm_up": 6})
    with pytest.raises(ValueError, match="a has 6 iterations in all rounds together"):
        fit(dataclasses.replace(federated, training=long))


def test_too_large_a_running_variance_is_refused(federated):
    """C-23: nothing wraps; 30 bits and 10 of the count leave room for values below 0.17."""
    with pytest.raises(OverflowError, match="choose fewer fraction_bits"):
        fit(federated, fraction_bits=30, weighting="equal", rounds=1)
