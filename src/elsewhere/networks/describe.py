"""describe: what a network is made of, layer by layer."""

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
    """One layer, in the order of use: what has parameters of its own, or no layers in it.

    A normalisation with its activation in it is one layer; placeholders (nn.Identity) are none.

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
    """Return the layers in the order of use, found by passing shapes through (A-29, A-35, A-60).

    Where every site has layers of its own these are the first site's.
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
    """Yield what `LayerRow` calls a layer, by its dotted name."""
    parts = list(module.named_children())
    own = any(True for _ in module.parameters(recurse=False))
    below = any(True for _, part in parts for _ in part.parameters())
    if (own or not parts) and not isinstance(module, nn.Identity):
        yield name, module
    if below or not own:
        for part_name, part in parts:
            yield from _layers(part, f"{name}.{part_name}" if name else part_name)


def _record(
    rows: list[LayerRow], name: str, layer: nn.Module, _: tuple[Tensor, ...], output: Tensor
) -> None:
    counted = any(row.name == name for row in rows)
    own = sum(p.numel() for p in layer.parameters(recurse=False) if p.requires_grad)
    parameters = 0 if counted else own
    rows.append(LayerRow(name, type(layer).__name__, tuple(output.shape[1:]), parameters))
