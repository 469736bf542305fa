"""describe: the layers, shapes and parameters of a study's networks as tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.table import Table

from elsewhere.design.params import Params, ParamsError

if TYPE_CHECKING:  # torch loads when a network is made
    from elsewhere.networks.network import Network


def tables(params: Params, name: str, scale_name: str | None) -> Iterator[Table]:
    """Yield a table for each network of a study at a scale (A-27 to A-35, D-07 to D-10).

    Raises
    ------
    ParamsError
        If there is no such study or scale.
    """
    from elsewhere.networks.describe import count_parameters, describe

    for row, seen, network in networks(params, name, scale_name):
        title = f"{row} on {seen}: {count_parameters(network):,} trainable parameters"
        table = Table("layer", "kind", "output", "parameters", title=title)
        for layer in describe(network, params.inputs[seen]):
            shape = " x ".join(str(extent) for extent in layer.shape)
            table.add_row(layer.name, layer.kind, shape, f"{layer.parameters:,}")
        yield table


def networks(
    params: Params, name: str, scale_name: str | None
) -> Iterator[tuple[str, str, Network]]:
    """Yield the networks of a study at a scale: row of `networks`, row of `inputs`, the network.

    Raises
    ------
    ParamsError
        If there is no such study or scale.
    """
    from elsewhere.networks.network import build

    if name not in params.studies:
        raise ParamsError(f"no study '{name}'; there are {', '.join(sorted(params.studies))}")
    study = params.studies[name]
    chosen = scale_name or params.scale
    if chosen not in study.scales:
        known = ", ".join(sorted(study.scales))
        raise ParamsError(f"study '{name}' has no scale '{chosen}', it has {known}")
    at = params.model_copy(update={"scale": chosen})
    outputs = len(study.findings.labels if study.findings else study.classes)
    wanted = ((at.network_of(name, arm), at.input_of(name, arm)) for arm in study.arms)
    for row, seen in dict.fromkeys(wanted):
        yield row, seen, build(params.networks[row], params.inputs[seen], outputs=outputs)
