"""shapes: pass something through a network to learn what shapes it makes."""

from __future__ import annotations

import copy
import math
from typing import TypeVar

import torch
from torch import Tensor, nn

# Elements of an input that a CPU passes through any network here in less than a second. The meta
# device computes nothing, but at its first use torch imports SymPy, which takes longer.
SMALL = 1 << 18

_Module = TypeVar("_Module", bound=nn.Module)


def stand_in(network: _Module, shape: tuple[int, ...]) -> tuple[_Module, Tensor]:
    """Return a copy of a network in evaluation mode, and an input to pass through it.

    Parameters
    ----------
    network
        Left as it is.
    shape
        Of one volume or image, without the batch.

    Returns
    -------
    tuple
        The copy, and zeros ``[1, *shape]``: on the CPU, or on the meta device if they are many or
        the network is there.
    """
    meta = math.prod(shape) > SMALL or any(weights.is_meta for weights in network.parameters())
    device = "meta" if meta else "cpu"
    return copy.deepcopy(network).to(device).eval(), torch.zeros((1, *shape), device=device)
