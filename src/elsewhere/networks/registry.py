"""registry: the kinds of network; only the one in use is imported."""

from __future__ import annotations

from importlib import import_module

from elsewhere.design.parts import Input, NetworkRow
from elsewhere.networks.network import Network

NETWORKS = {
    "nguyen_cnn": "elsewhere.networks.nguyen_cnn:NguyenNetwork",
    "covidnet": "elsewhere.networks.covidnet:CovidNet",
    "covidnet_redesign": "elsewhere.networks.covidnet_redesign:RedesignedCovidNet",
    "timm": "elsewhere.networks.timm:TimmNetwork",
}


def build(row: NetworkRow, input_row: Input, *, outputs: int = 2) -> Network:
    """Return a new network, its weights drawn from torch's global generator.

    Training begins with `Network.load_pretrained`, where a row names weights; whoever applies a
    trained network needs none of them.

    Parameters
    ----------
    row
        The row of `networks`; its kind chooses the class.
    input_row
        The row of `inputs`: the shape that the network sees.
    outputs
        Logits that it ends in: 2 classes, or one a finding.

    Raises
    ------
    KeyError
        If no network of this kind is registered.
    ValueError
        If the network does not fit the input.
    """
    if row.kind not in NETWORKS:
        raise KeyError(f"network kind '{row.kind}' is not registered; there are {sorted(NETWORKS)}")
    module, name = NETWORKS[row.kind].split(":")
    network = getattr(import_module(module), name)(row, input_row, outputs=outputs)
    if not isinstance(network, Network):
        raise TypeError(f"{NETWORKS[row.kind]} is not a Network")
    return network
