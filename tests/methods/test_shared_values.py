"""Every value is shared or kept, never both and never neither."""

import numpy as np
import pytest
import torch
from federated_fit import Tiny

from elsewhere.methods import shared_values
from elsewhere.networks.sites import SitedNetwork, separate_norms


def local(sites):
    network = Tiny()
    separate_norms(network, sites)
    return SitedNetwork(network, sites)


@pytest.mark.parametrize("network", [Tiny(), local(["b", "a"])], ids=["averaged", "local"])
def test_the_tensors_are_divided(network):
    shared = shared_values.shared_names(network)
    own = [shared_values.own_names(network, site) for site in (network.sites or ("a",))]
    everything = [*shared, *(name for names in own for name in names)]
    assert sorted(everything) == sorted(network.state_dict())
    assert len(shared) == (6 if network.sites else 14)
    assert all(name.endswith("num_batches_tracked") for name in own[0]) == (not network.sites)


def test_what_is_taken_out_can_be_put_in():
    one, other = local(["a", "b"]), local(["a", "b"])
    for tensor in one.state_dict().values():
        tensor.copy_(torch.rand(tensor.shape) * 9)
    shared_values.put(other, shared_values.get(one))
    shared_values.put_own(other, shared_values.get_own(one, "b"))
    for name, tensor in one.state_dict().items():
        own_of_a = name in shared_values.own_names(one, "a")
        assert torch.equal(tensor, other.state_dict()[name]) != own_of_a, name


def test_values_of_another_network_are_refused():
    with pytest.raises(ValueError, match="do not train the same network"):
        shared_values.put(Tiny(), np.zeros(5, np.float32))
