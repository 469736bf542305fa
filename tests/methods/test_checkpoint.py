"""checkpoint: a damaged or incomplete checkpoint is not used."""

import itertools
import logging
import multiprocessing
import random
import time

import pytest
import torch

from elsewhere.methods import checkpoint
from elsewhere.methods.checkpoint import State


@pytest.fixture
def state():
    layer = torch.nn.Linear(50, 50)
    optimizer = torch.optim.Adam(layer.parameters(), fused=True)
    layer(torch.rand(3, 50)).sum().backward()
    optimizer.step()
    weights = {name: tensor.clone() for name, tensor in layer.state_dict().items()}
    return State(
        iteration=5,
        network=layer.state_dict(),
        optimizer=optimizer.state_dict(),
        best_weights=weights,
        best_row=0,
        history=[(5, 1e-3, 0.5, 0.75)],
        losses=torch.tensor(1.25, dtype=torch.float64),
        seconds=3.5,
    )


def test_round_trip(state, tmp_path):
    checkpoint.save(state, tmp_path / "run")
    found = checkpoint.load(tmp_path / "run")
    assert torch.equal(found.network["weight"], state.network["weight"])
    moment = found.optimizer["state"][0]["exp_avg"]
    assert torch.equal(moment, state.optimizer["state"][0]["exp_avg"])
    assert [tuple(row) for row in found.history] == state.history
    assert (found.iteration, found.best_row, found.seconds) == (5, 0, 3.5)
    assert float(found.losses) == 1.25
    assert torch.equal(found.best_weights["weight"], state.best_weights["weight"])
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"state.pt", "best-5.pt"}


def test_best_weights_are_written_only_when_they_have_changed(state, tmp_path):
    checkpoint.save(state, tmp_path)
    first = (tmp_path / "best-5.pt").stat()
    state.iteration = 7
    checkpoint.save(state, tmp_path)
    again = (tmp_path / "best-5.pt").stat()
    assert (again.st_ino, again.st_mtime_ns) == (first.st_ino, first.st_mtime_ns)
    state.history.append((7, 1e-3, 0.4, 0.8))
    state.best_row = 1
    checkpoint.save(state, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"state.pt", "best-7.pt"}


def test_last_and_best_agree_after_any_kill(tmp_path):
    """A process writes states whose weights are the number of their iteration, until kill -9."""
    kills = random.Random(1)
    for _ in range(6):
        writer = multiprocessing.get_context("fork").Process(target=write_forever, args=(tmp_path,))
        writer.start()
        while not (tmp_path / "state.pt").exists():
            time.sleep(0.002)
        time.sleep(kills.uniform(0, 0.02))
        writer.kill()
        writer.join()
        found = checkpoint.load(tmp_path)
        last, best = found.iteration, found.history[found.best_row][0]
        assert float(found.network["weight"][0]) == last
        assert float(found.best_weights["weight"][0]) == best == last - last % 3


def write_forever(folder):
    torch.set_num_threads(1)
    before = checkpoint.load(folder)
    first = before.iteration + 1 if before else 0
    history = before.history if before else []
    best = before.best_weights if before else {}
    for iteration in itertools.count(first):
        weights = {"weight": torch.full((2000,), float(iteration))}
        if iteration % 3 == 0:
            history.append((iteration, 1e-3, 0.5, 0.5))
            best = weights
        checkpoint.save(State(iteration, weights, {}, best, len(history) - 1, history), folder)


def test_best_weights_of_a_run_that_begins_again_are_not_those_of_the_one_before(state, tmp_path):
    checkpoint.save(state, tmp_path)
    (tmp_path / "state.pt").write_bytes(b"damaged")
    assert checkpoint.load(tmp_path) is None
    state.best_weights = {name: value + 1 for name, value in state.best_weights.items()}
    checkpoint.save(state, tmp_path)
    found = checkpoint.load(tmp_path)
    assert torch.equal(found.best_weights["weight"], state.best_weights["weight"])


def test_best_weights_that_no_state_names_are_not_taken_for_those_of_a_resumed_run(state, tmp_path):
    """On CUDA the weights of an iteration that is repeated after a kill may differ."""
    checkpoint.save(state, tmp_path)
    torch.save({"version": checkpoint.VERSION, "weights": {}}, tmp_path / "best-7.pt")
    resumed = checkpoint.load(tmp_path)
    resumed.history.append((7, 1e-3, 0.4, 0.8))
    resumed.best_row = 1
    resumed.best_weights = {name: value + 1 for name, value in state.best_weights.items()}
    checkpoint.save(resumed, tmp_path)
    found = checkpoint.load(tmp_path)
    assert torch.equal(found.best_weights["weight"], resumed.best_weights["weight"])


def test_none_there(tmp_path):
    assert checkpoint.load(tmp_path / "run") is None


@pytest.mark.parametrize("name", ["state.pt", "best-5.pt"])
@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "text", "other"])
def test_damaged_is_reported_and_not_used(state, tmp_path, damage, name, caplog):
    checkpoint.save(state, tmp_path)
    path = tmp_path / name
    data = bytearray(path.read_bytes())
    if damage == "other":
        torch.save({"version": checkpoint.VERSION, "epoch": 3}, path)
    else:
        data[len(data) // 3] ^= 0xFF
        texts = {"empty": b"", "cut": bytes(data[: len(data) // 2]), "text": b"not a checkpoint"}
        path.write_bytes(texts.get(damage, bytes(data)))
    with caplog.at_level(logging.WARNING):
        assert checkpoint.load(tmp_path) is None
    assert f"{name} cannot be used, the run starts from the beginning" in caplog.text


def test_another_version_is_not_used(state, tmp_path, monkeypatch):
    checkpoint.save(state, tmp_path)
    monkeypatch.setattr(checkpoint, "VERSION", checkpoint.VERSION + 1)
    assert checkpoint.load(tmp_path) is None
