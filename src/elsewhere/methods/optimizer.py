"""optimizer: torch's Adam without loading torch's compiler; benchmarks/optimizer_start.py."""

from __future__ import annotations

from inspect import unwrap

import torch


class Adam(torch.optim.Adam):
    """Torch's own, stripped of what keeps it from being compiled.

    To say that these methods are not to be compiled, torch imports its compiler when a process
    first makes an optimizer, and SymPy with it: a third of the time that a training takes to start.
    The numbers are the same to the bit. Should a torch wrap its methods in another way, then this
    is as slow as torch's, and a test says so.
    """

    add_param_group = unwrap(torch.optim.Adam.add_param_group)
    zero_grad = unwrap(torch.optim.Adam.zero_grad)
    state_dict = unwrap(torch.optim.Adam.state_dict)
    load_state_dict = unwrap(torch.optim.Adam.load_state_dict)
    step = torch.no_grad()(unwrap(torch.optim.Adam.step))
