"""checkpoint: a damaged or incomplete checkpoint is not used."""

import logging

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
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["state.pt"]


def test_none_there(tmp_path):
    assert checkpoint.load(tmp_path / "run") is None


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "text", "other"])
def test_damaged_is_reported_and_not_used(state, tmp_path, damage, caplog):
    checkpoint.save(state, tmp_path)
    path = tmp_path / "state.pt"
    data = bytearray(path.read_bytes())
    if damage == "other":
        torch.save({"version": checkpoint.VERSION, "epoch": 3}, path)
    else:
        data[len(data) // 3] ^= 0xFF
        texts = {"empty": b"", "cut": bytes(data[: len(data) // 2]), "text": b"not a checkpoint"}
        path.write_bytes(texts.get(damage, bytes(data)))
    with caplog.at_level(logging.WARNING):
        assert checkpoint.load(tmp_path) is None
    assert "the run starts from the beginning" in caplog.text


def test_another_version_is_not_used(state, tmp_path, monkeypatch):
    checkpoint.save(state, tmp_path)
    monkeypatch.setattr(checkpoint, "VERSION", checkpoint.VERSION + 1)
    assert checkpoint.load(tmp_path) is None
