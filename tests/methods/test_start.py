"""The weights with which a run begins."""

import json

import pytest
import torch
from federated_fit import Tiny

from elsewhere.methods.start import Start, begin
from elsewhere.networks import weights


@pytest.fixture
def start(tmp_path):
    torch.manual_seed(5)
    weights.save(Tiny(), tmp_path / "model.safetensors")
    (tmp_path / "run.json").write_text(json.dumps({"status": "ok", "reason": None}))
    return Start("first", tmp_path / "model.safetensors", tmp_path / "run.json")


def test_the_weights_are_those_of_the_other_arm_c20(start):
    torch.manual_seed(6)
    network = Tiny()
    assert begin(network, start) == {"starts_from": "first"}
    torch.manual_seed(5)
    for value, expected in zip(network.parameters(), Tiny().parameters(), strict=True):
        assert torch.equal(value, expected)
    assert start.refusal() is None


def test_without_another_arm_and_pretrained_weights_nothing_is_loaded():
    assert begin(Tiny(), None) == {}


def test_a_model_that_was_not_made_is_a_reason(start):
    start.record.write_text(json.dumps({"status": "not run", "reason": "site a has no data here"}))
    assert start.refusal() == (
        "arm first, from which this one starts, was not trained: site a has no data here"
    )


def test_a_model_of_another_network_is_refused(start):
    network = Tiny()
    network.classifier = torch.nn.Linear(6, 3)
    with pytest.raises(ValueError, match="do not fit this network"):
        begin(network, start)
