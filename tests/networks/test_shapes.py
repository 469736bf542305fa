"""shapes: output shapes are the same on every device, and the network itself is not changed."""

import pytest
import torch
from torch import nn

from elsewhere.networks import shapes
from elsewhere.networks.covidnet_redesign import RedesignedCovidNet
from elsewhere.networks.describe import describe

PASSED = """
from torch import nn
from elsewhere.networks.shapes import stand_in

network = nn.Sequential(nn.Conv3d(1, 8, 3), nn.GroupNorm(4, 8), nn.Flatten(), nn.Linear(8 * 27, 2))
copied, image = stand_in(network, (1, 5, 5, 5))
assert copied(image).shape == (1, 2)
"""


@pytest.mark.parametrize(("small", "device"), [(1 << 30, "cpu"), (0, "meta")])
def test_the_network_stays_as_it_was(monkeypatch, small, device):
    monkeypatch.setattr(shapes, "SMALL", small)
    network = nn.Linear(3, 2)
    copied, image = shapes.stand_in(network, (3,))
    assert network.training
    assert not copied.training
    assert image.shape == (1, 3)
    assert {image.device.type, copied.weight.device.type} == {device}
    assert network.weight.device.type == "cpu"


def test_a_network_without_weights_stays_without():
    with torch.device("meta"):
        network = nn.Linear(3, 2)
    copied, image = shapes.stand_in(network, (3,))
    assert copied(image).is_meta


def test_layers_are_the_same_on_both_devices(monkeypatch, covidnet_row, small_image):
    network = RedesignedCovidNet(covidnet_row.model_copy(update={"width": 0.0625}), small_image)
    state = torch.get_rng_state()
    found = []
    for small in (1 << 30, 0):
        monkeypatch.setattr(shapes, "SMALL", small)
        found.append(describe(network, small_image))
    assert found[0] == found[1] != []
    assert torch.equal(state, torch.get_rng_state())


def test_what_is_small_asks_for_no_sympy(loaded_by):
    assert not {"sympy", "torch._dynamo"} & loaded_by(PASSED)
