"""shapes: a copy of a network and a dummy input, to find out the shapes of its outputs."""

from __future__ import annotations

import copy
import math
from typing import TypeVar

import torch
from torch import Tensor, nn

# Most elements of an input that is computed on the CPU: any network here takes less than a second.
# The meta device computes nothing, but at its first use torch imports SymPy, which takes longer.
SMALL = 1 << 18

_Module = TypeVar("_Module", bound=nn.Module)


def stand_in(network: _Module, shape: tuple[int, ...]) -> tuple[_Module, Tensor]:
    """Return a copy of a network in evaluation mode, and a dummy input for it.

    Parameters
    ----------
    network
        Not changed.
    shape
        Shape of one volume or image, without the batch.

    Returns
    -------
    tuple
        The copy, and zeros ``[1, *shape]``. Both are on the meta device if the input is large or
        the network is there already, else on the CPU.
    """
    meta = math.prod(shape) > SMALL or any(weights.is_meta for weights in network.parameters())
    device = "meta" if meta else "cpu"
    return copy.deepcopy(network).to(device).eval(), torch.zeros((1, *shape), device=device)
