"""The levels of nguyen_cnn, computed in other ways: what is equal, what is near, what is kept."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from elsewhere.networks import execution
from elsewhere.networks.nguyen_cnn import NguyenNetwork
from elsewhere.networks.sites import SitedNetwork, add_adapters, separate_norms

WAYS = [(fused, recompute) for fused in (False, True) for recompute in ("none", "cheap", "blocks")]


@pytest.fixture
def network(nguyen_row, small_volume):
    row = nguyen_row.model_copy(update={"first_filters": 4, "dense_features": 16})
    torch.manual_seed(0)
    return NguyenNetwork(row, small_volume)


def step(network, site=None):
    torch.manual_seed(1)
    network.zero_grad()
    network.train()
    images = torch.rand(2, 1, 16, 24, 24)
    logits = network.levels(images) if site is None else network.network.levels(images)
    (logits * torch.linspace(-1, 1, logits.numel()).view_as(logits)).sum().backward()
    return [logits.detach()] + [p.grad for p in network.parameters() if p.grad is not None]


@pytest.mark.parametrize(("fused", "recompute"), WAYS[1:])
def test_recomputed_is_equal_and_fused_is_near(network, fused, recompute):
    """Weights, mask and dropped blocks are the same."""
    plain = [value.clone() for value in step(network)]
    names = list(network.state_dict())
    execution.arrange(network, fused=fused, recompute=recompute)
    found = step(network)
    assert list(network.state_dict()) == names
    if fused:
        for ours, apart in zip(found, plain, strict=True):
            near = 1e-4 * float(apart.abs().max())
            torch.testing.assert_close(ours, apart, rtol=1e-3, atol=near)
        execution.arrange(network, fused=True)
        plain = step(network)
    assert all(torch.equal(a, b) for a, b in zip(found, plain, strict=True))


def test_what_was_arranged_can_be_taken_back(network):
    plain = [value.clone() for value in step(network)]
    execution.arrange(network, fused=True, recompute="blocks")
    execution.arrange(network)
    assert all(torch.equal(a, b) for a, b in zip(step(network), plain, strict=True))


@pytest.mark.parametrize("kind", ["series", "parallel"])
@pytest.mark.parametrize("recompute", ["cheap", "blocks"])
def test_layers_of_a_site_are_those_of_the_forward_pass(network, kind, recompute):
    """When gradients are computed, another site is active."""
    add_adapters(network, ["a", "b"], kind=kind)
    separate_norms(network, ["a", "b"])
    sited = SitedNetwork(network, ["a", "b"])
    found = []
    for how in ("none", recompute):
        execution.arrange(sited, recompute=how)
        sited.zero_grad()
        torch.manual_seed(1)
        first, second = (sited.train()(torch.rand(2, 1, 16, 24, 24), site) for site in "ab")
        (first[:, 0] + second[:, 1] ** 2).sum().backward()
        found.append([p.grad.clone() for p in sited.parameters() if p.grad is not None])
    assert len(found[0]) > 100
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))


@pytest.mark.parametrize("fused", [False, True])
def test_cheap_computes_no_convolution_again_and_keeps_one_large_tensor_for_each(network, fused):
    flops, kept = {}, {}
    for recompute in ("none", "cheap"):
        execution.arrange(network, fused=fused, recompute=recompute)
        volume = torch.rand(1, 1, 16, 24, 24)
        large = 4 * volume.numel() * 4  # bytes of a volume of the first level
        sizes = {}

        def note(tensor, sizes=sizes, large=large):
            storage = tensor.untyped_storage()
            if storage.nbytes() >= large:
                sizes[storage.data_ptr()] = tensor
            return tensor

        with FlopCounterMode(display=False) as counter:
            with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
                output = network.train().levels(volume)
            output.sum().backward()
        flops[recompute], kept[recompute] = counter.get_total_flops(), len(sizes)
    assert flops["none"] == flops["cheap"]
    assert kept["cheap"] <= 2 < kept["none"]


def test_a_network_without_such_levels_says_so(nguyen_row):
    with pytest.raises(ValueError, match="set `recompute: blocks`"):
        execution.arrange(nn.Module(), recompute="cheap")
