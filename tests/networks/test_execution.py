"""How a network computes a step is set without touching its weights."""

import pytest
import torch

from elsewhere.networks import execution
from elsewhere.networks.covidnet_redesign import RedesignedCovidNet
from elsewhere.networks.network import build
from elsewhere.networks.sites import SitedNetwork, separate_norms


@pytest.fixture
def network(covidnet_row, small_image):
    row = covidnet_row.model_copy(update={"width": 0.0625, "dense_features": (16, 8)})
    torch.manual_seed(0)
    return build(row, small_image)


def test_what_a_network_has_not_is_an_error_that_says_what_to_set(network):
    with pytest.raises(ValueError, match=r"RedesignedCovidNet has nothing cheap.*recompute: none"):
        execution.arrange(network, recompute="cheap")
    network.blocks = list
    with pytest.raises(ValueError, match="names no blocks"):
        execution.arrange(network, recompute="blocks")


def test_a_network_without_such_layers_is_not_changed_by_fused(network):
    images = torch.rand(2, 3, 32, 32)
    before = network.eval()(images, None)
    execution.arrange(network, fused=True)
    assert torch.equal(network(images, None), before)


def test_blocks_of_a_network_with_layers_of_sites_are_those_inside(network):
    separate_norms(network, ["a", "b"])
    assert SitedNetwork(network, ["a", "b"]).blocks() == network.blocks()
    assert isinstance(network, RedesignedCovidNet)


def test_a_network_is_compiled_once_and_only_if_asked(network, monkeypatch):
    """What the compiler makes of it is measured, not tested: C++ alone would take a minute."""
    asked = []

    def noted(self, **options):
        asked.append(options)
        self._compiled_call_impl = self.forward

    monkeypatch.setattr(torch.nn.Module, "compile", noted)
    execution.compile_for(network, "none")
    assert not asked
    execution.compile_for(network, "cuda_graphs")
    execution.compile_for(network, "cuda_graphs")
    assert asked == [{"dynamic": False, "mode": "reduce-overhead"}]
