"""describe: the layers, shapes and parameter counts of a network."""

import torch
from torch import nn

from elsewhere.networks.covidnet_redesign import RedesignedCovidNet
from elsewhere.networks.describe import count_parameters, describe


def test_rows_hold_every_parameter_once(covidnet_row, small_image):
    row = covidnet_row.model_copy(update={"width": 0.0625})
    network = RedesignedCovidNet(row, small_image)
    rows = describe(network, small_image)
    assert sum(each.parameters for each in rows) == count_parameters(network)
    assert rows[0].name == "branches.stem.0"
    assert rows[0].shape == (4, 16, 16)
    assert rows[-1].shape == (2,)


def test_a_layer_has_parameters_of_its_own_or_no_layers_in_it(covidnet_row, small_image):
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(16))
            self.inner = nn.Sequential(nn.Identity(), nn.Linear(16, 16), nn.BatchNorm1d(16))

        def forward(self, features):
            return self.scale * self.inner(features)

    class Activated(nn.BatchNorm1d):
        def __init__(self):
            super().__init__(16)
            self.act = nn.ReLU()

        def forward(self, features):
            return self.act(super().forward(features))

    row = covidnet_row.model_copy(update={"width": 0.0625, "dense_features": (16, 8)})
    network = RedesignedCovidNet(row, small_image)
    plain = describe(network, small_image)
    network.classifier.insert(1, Scaled())
    network.classifier.insert(2, Activated())
    rows = describe(network, small_image)
    added = [(one.name, one.kind, one.parameters) for one in rows if one.shape == (16,)][1:-1]
    assert added == [
        ("classifier.1.inner.1", "Linear", 16 * 16 + 16),
        ("classifier.1.inner.2", "BatchNorm1d", 32),
        ("classifier.1", "Scaled", 16),
        ("classifier.2", "Activated", 32),
    ]
    assert len(rows) == len(plain) + 4
    assert sum(each.parameters for each in rows) == count_parameters(network)


def test_network_is_left_as_it_was(covidnet_row, small_image):
    network = RedesignedCovidNet(covidnet_row.model_copy(update={"width": 0.0625}), small_image)
    describe(network, small_image)
    assert network.training
    assert {p.device.type for p in network.parameters()} == {"cpu"}
    assert not any(module._forward_hooks for module in network.modules())
