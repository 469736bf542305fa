"""execution: how a network computes a step: fused, recomputed or compiled; with equal weights."""

from __future__ import annotations

from elsewhere.design.budgets import Compile, Recompute
from elsewhere.networks import recompute as repetition
from elsewhere.networks.levels import Level, Levels
from elsewhere.networks.network import Network


def arrange(network: Network, *, fused: bool = False, recompute: Recompute = "none") -> None:
    """Let a network compute its steps in this way, whatever was asked for before.

    Parameters
    ----------
    network
        It is changed in place; names and values of its weights are not.
    fused
        See `levels.Level`. A network without such levels computes as always.
    recompute
        "cheap": see `levels.Levels`; "blocks": `Network.blocks` are computed again.

    Raises
    ------
    ValueError
        If the network has no such parts.
    """
    repetition.unwrap(network)
    all_levels = [layer for layer in network.modules() if isinstance(layer, Levels)]
    if recompute == "cheap" and not all_levels:
        raise ValueError(
            f"{type(network).__name__} has nothing cheap to compute again; set `recompute: blocks` "
            "or `recompute: none` in this row of budgets"
        )
    for levels in all_levels:
        levels.cheap = recompute == "cheap"
    for layer in network.modules():
        if isinstance(layer, Level):
            layer.fused = fused
    if recompute == "blocks":
        blocks = network.blocks()
        if not blocks:
            raise ValueError(
                f"{type(network).__name__} names no blocks that can be computed again; set "
                "`recompute: none` in this row of budgets"
            )
        for block in blocks:
            repetition.wrap(block)


def compile_for(network: Network, how: Compile) -> None:
    """Let torch compile the network at its first call; a compiled network is left as it is.

    Parameters
    ----------
    network
        Calls of `Network.forward` are compiled, not those of `Network.embed` alone.
    how
        "cuda_graphs": its kernels are recorded and replayed, too.
    """
    if how == "none" or network._compiled_call_impl is not None:
        return
    network.compile(dynamic=False, mode="reduce-overhead" if how == "cuda_graphs" else None)
