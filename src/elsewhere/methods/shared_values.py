"""shared_values: which values of a network the hospitals of a federation share, and which not.

Shared are the parameters and the statistics of normalisations. Each hospital keeps its counters,
which are integers and have no mean, and the layers that exist once per site (FedBN).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from elsewhere.networks.network import Network
from elsewhere.networks.sites import PerSite

Floats = npt.NDArray[np.float32]


def shared_names(network: Network) -> list[str]:
    """Return the names of the shared tensors, in the order of the network."""
    private = _per_site(network)
    return [
        name
        for name, tensor in network.state_dict().items()
        if tensor.is_floating_point() and not name.startswith(private)
    ]


def own_names(network: Network, site: str) -> list[str]:
    """Return the names of the tensors that a hospital keeps: its counters and its own layers."""
    private = _per_site(network)
    branch = f"branches.{network.sites.index(site)}." if network.sites else ""
    own = tuple(prefix + branch for prefix in private)
    return [
        name
        for name, tensor in network.state_dict().items()
        if name.startswith(own) or not (tensor.is_floating_point() or name.startswith(private))
    ]


def get(network: Network) -> Floats:
    """Return the shared values, float32 ``[values]``."""
    state = network.state_dict()
    flat = [state[name].detach().cpu().float().reshape(-1) for name in shared_names(network)]
    return torch.cat(flat).numpy()


def put(network: Network, values: Floats) -> None:
    """Write the shared values into a network.

    Raises
    ------
    ValueError
        If their number is not that of the network.
    """
    state, at = network.state_dict(), 0
    names = shared_names(network)
    expected = sum(state[name].numel() for name in names)
    if len(values) != expected:
        raise ValueError(
            f"the federation sent {len(values)} values, this network shares {expected}: the "
            "hospitals do not train the same network"
        )
    source = torch.from_numpy(values)
    for name in names:
        tensor = state[name]
        tensor.copy_(source[at : at + tensor.numel()].view_as(tensor))
        at += tensor.numel()


def get_own(network: Network, site: str) -> dict[str, Tensor]:
    """Return a copy of what a hospital keeps, on the CPU."""
    state = network.state_dict()
    return {name: state[name].detach().cpu().clone() for name in own_names(network, site)}


def put_own(network: Network, own: dict[str, Tensor]) -> None:
    """Write what a hospital keeps into a network."""
    state = network.state_dict()
    for name, tensor in own.items():
        state[name].copy_(tensor)


def _per_site(network: Network) -> tuple[str, ...]:
    """Return the prefixes of the layers that exist once per site."""
    return tuple(
        f"{name}." for name, layer in network.named_modules() if isinstance(layer, PerSite)
    )
