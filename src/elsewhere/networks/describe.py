"""describe: list the layers of a network with their output shapes and parameter counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from elsewhere.design.rows import InputRow
from elsewhere.networks.network import Network
from elsewhere.networks.shapes import stand_in


@dataclass(frozen=True)
class LayerRow:
    """One layer: a module that has its own parameters, or that contains no other module.

    A normalisation that contains its activation is one layer; placeholders (nn.Identity) are left
    out.

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


def describe(network: Network, input_row: InputRow) -> list[LayerRow]:
    """Return the layers in the order of use, from one forward pass (A-29, A-35, A-60).

    Where a layer exists once per site, the rows show that of the first site.
    """
    shapes_only, image = stand_in(network, input_row.shape)
    rows: list[LayerRow] = []
    for name, layer in _layers(shapes_only):
        layer.register_forward_hook(partial(_record, rows, name))
    with torch.no_grad():
        site = network.sites[0] if network.sites else None
        shapes_only(image, site)
    return rows


def count_parameters(network: nn.Module) -> int:
    """Return the number of trainable parameters (A-35)."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def _layers(module: nn.Module, name: str = "") -> Iterator[tuple[str, nn.Module]]:
    """Yield the layers, as `LayerRow` defines them, with their dotted names."""
    children = list(module.named_children())
    has_parameters = any(True for _ in module.parameters(recurse=False))
    has_parameters_below = any(True for _, child in children for _ in child.parameters())
    if (has_parameters or not children) and not isinstance(module, nn.Identity):
        yield name, module
    if has_parameters_below or not has_parameters:
        for child_name, child in children:
            yield from _layers(child, f"{name}.{child_name}" if name else child_name)


def _record(
    rows: list[LayerRow], name: str, layer: nn.Module, _: tuple[Tensor, ...], output: Tensor
) -> None:
    counted = any(row.name == name for row in rows)
    trainable = sum(p.numel() for p in layer.parameters(recurse=False) if p.requires_grad)
    parameters = 0 if counted else trainable
    rows.append(LayerRow(name, type(layer).__name__, tuple(output.shape[1:]), parameters))
