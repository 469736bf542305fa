"""describe: what a network is made of, layer by layer, without computing anything."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from elsewhere.design.parts import Input
from elsewhere.networks.network import Network


@dataclass(frozen=True)
class LayerRow:
    """One layer, in the order of use.

    Attributes
    ----------
    name
        Dotted name inside the network; a layer used several times has several rows.
    kind
        Class, such as Conv3d.
    shape
        Output without the batch: ``[channels, z, y, x]``, ``[channels, y, x]`` or ``[features]``.
    parameters
        Trainable parameters; counted in the first row of a layer, 0 in the others.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int


def input_shape(input_row: Input) -> tuple[int, ...]:
    """Return the shape of one volume ``[1, z, y, x]`` or image ``[channels, y, x]``."""
    if input_row.kind == "volume":
        return (1, input_row.depth, input_row.matrix, input_row.matrix)
    return (input_row.channels, input_row.matrix, input_row.matrix)


def describe(network: Network, input_row: Input) -> list[LayerRow]:
    """Return the layers in the order of use, found by passing shapes through (A-29, A-35, A-60).

    Where every site has layers of its own these are the first site's.
    """
    shapes_only = copy.deepcopy(network).to("meta").eval()
    rows: list[LayerRow] = []
    for name, layer in shapes_only.named_modules():
        if not list(layer.children()):
            layer.register_forward_hook(partial(_record, rows, name))
    with torch.no_grad():
        site = network.sites[0] if network.sites else None
        shapes_only(torch.empty((1, *input_shape(input_row)), device="meta"), site)
    return rows


def count_parameters(network: nn.Module) -> int:
    """Return the number of trainable parameters (A-35)."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def _record(
    rows: list[LayerRow], name: str, layer: nn.Module, _: tuple[Tensor, ...], output: Tensor
) -> None:
    counted = any(row.name == name for row in rows)
    parameters = 0 if counted else count_parameters(layer)
    rows.append(LayerRow(name, type(layer).__name__, tuple(output.shape[1:]), parameters))
