"""optimizer: Adam and SGD without loading torch's compiler, so that trainings start faster."""

from __future__ import annotations

from inspect import unwrap
from typing import Any

import torch
from torch import nn

from elsewhere.design.budgets import Training


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


class Sgd(torch.optim.SGD):
    """Torch's SGD without these wrappers; see `Adam`."""

    add_param_group = unwrap(torch.optim.SGD.add_param_group)
    zero_grad = unwrap(torch.optim.SGD.zero_grad)
    state_dict = unwrap(torch.optim.SGD.state_dict)
    load_state_dict = unwrap(torch.optim.SGD.load_state_dict)
    step = torch.no_grad()(unwrap(torch.optim.SGD.step))


def build(network: nn.Module, training: Training) -> torch.optim.Optimizer:
    """Return the optimiser of a budget for all parameters of a network (C-15, C-19)."""
    groups = parameter_groups(network, training)
    if training.optimizer == "adam":
        return Adam(groups, lr=training.learning_rate, betas=training.betas, fused=True)
    momentum = training.momentum or 0.0
    return Sgd(groups, lr=training.learning_rate, momentum=momentum, fused=True)


def parameter_groups(network: nn.Module, training: Training) -> list[dict[str, Any]]:
    """Return the parameters with their weight decay, in one group or two.

    With ``weight_decay_on: kernels`` tensors of one dimension, which are biases and the scales of
    normalisations, have a group of their own without decay.
    """
    parameters = [*network.parameters()]
    if training.weight_decay_on == "all":
        return [{"params": parameters, "weight_decay": training.weight_decay}]
    kernels = [parameter for parameter in parameters if parameter.ndim > 1]
    others = [parameter for parameter in parameters if parameter.ndim <= 1]
    return [
        {"params": kernels, "weight_decay": training.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
