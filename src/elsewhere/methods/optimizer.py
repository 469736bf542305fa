"""optimizer: Adam without loading its compiler, so that a short training starts faster."""

from __future__ import annotations

from inspect import unwrap

import torch


class Adam(torch.optim.Adam):
    """Torch's Adam without the wrappers that exclude its methods from compilation.

    These wrappers make torch import its compiler, and SymPy with it, when a process makes its first
    optimiser. The import takes a third of the time that a training needs to start. The results are
    bit-identical. If a future torch wraps the methods in another way, this class is as slow as
    torch's, and a test fails.
    """

    add_param_group = unwrap(torch.optim.Adam.add_param_group)
    zero_grad = unwrap(torch.optim.Adam.zero_grad)
    state_dict = unwrap(torch.optim.Adam.state_dict)
    load_state_dict = unwrap(torch.optim.Adam.load_state_dict)
    step = torch.no_grad()(unwrap(torch.optim.Adam.step))
