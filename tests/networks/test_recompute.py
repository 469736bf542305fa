"""Parts computed again: the same numbers, from less memory."""

import copy

import pytest
import torch
from torch import nn

from elsewhere.networks.recompute import again, unwrap, wrap


def chain():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 1))


def step(network, inputs):
    torch.manual_seed(1)
    network(inputs).sum().backward()
    values = [p.grad for p in network.parameters()] + [*network.buffers()]
    return [value.clone() for value in values]


@pytest.fixture
def inputs():
    return torch.randn(6, 4, generator=torch.Generator().manual_seed(2))


def test_dropout_draws_the_same_and_statistics_are_updated_once(inputs):
    plain, wrapped = chain(), chain()
    wrap(wrapped)
    for ours, theirs in zip(step(wrapped, inputs), step(plain, inputs), strict=True):
        assert torch.equal(ours, theirs)
    assert int(wrapped[1].num_batches_tracked) == 1


def test_a_wrapped_module_is_computed_twice_only_where_gradients_are_asked_for(inputs):
    network, calls = chain(), []
    network[0].register_forward_hook(lambda *_: calls.append(1))
    wrap(network)
    with torch.no_grad():
        network(inputs)
    assert len(calls) == 1
    network(inputs).sum().backward()
    assert len(calls) == 3
    unwrap(network)
    network(inputs).sum().backward()
    assert len(calls) == 4


def test_a_copy_of_a_wrapped_module_is_wrapped_and_has_its_own_weights(inputs):
    network = chain()
    wrap(network)
    other = copy.deepcopy(network)
    with torch.no_grad():
        other[3].weight.zero_()
    assert not torch.equal(other.eval()(inputs), network.eval()(inputs))
    assert network.state_dict().keys() == other.state_dict().keys() == chain().state_dict().keys()


def test_the_last_product_is_not_computed_again(inputs):
    """Its gradient needs its input alone."""
    network, calls = chain(), []
    network[3].register_forward_hook(lambda *_: calls.append(1))
    again(network, inputs, modules=[network]).sum().backward()
    assert len(calls) == 1
