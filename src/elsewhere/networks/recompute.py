"""recompute: compute parts of a network again in the backward pass instead of keeping them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def again(function: Callable[..., Any], *inputs: Any, modules: Sequence[nn.Module]) -> Any:
    """Return ``function(*inputs)``, of which only the inputs are kept for the backward pass.

    There everything is computed again up to the last value that a gradient needs, with the same
    random numbers, precision and layers of a site, so that the gradients are equal to the bit. The
    statistics of a batch normalisation are updated once.

    Parameters
    ----------
    function
        Part of a network.
    inputs
        Its inputs.
    modules
        The modules that it uses.
    """
    if not torch.is_grad_enabled():
        return function(*inputs)
    from torch.utils.checkpoint import checkpoint  # here, as only a few budgets use it

    inner = [layer for module in modules for layer in module.modules()]
    return checkpoint(function, *inputs, use_reentrant=False, context_fn=partial(_contexts, inner))


def wrap(module: nn.Module) -> None:
    """Let a module compute its forward pass by `again`."""
    module.forward = _Again(module)


def unwrap(network: nn.Module) -> None:
    """Undo `wrap` in all modules of a network."""
    for module in network.modules():
        if isinstance(module.forward, _Again):
            del module.forward


class _Again:
    """The forward pass of a module, by `again`."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module

    def __call__(self, *inputs: Any) -> Any:
        forward = partial(type(self.module).forward, self.module)
        return again(forward, *inputs, modules=(self.module,))


def _contexts(
    layers: Sequence[nn.Module],
) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
    """Return the contexts of the forward pass and of its repetition."""
    active = {layer: layer.active for layer in layers if hasattr(layer, "active")}
    return nullcontext(), _repetition(layers, active)


@contextmanager
def _repetition(layers: Sequence[nn.Module], active: dict[nn.Module, Any]) -> Iterator[None]:
    """Use the layers of the site of the first pass; let copies of running statistics change."""
    changed: list[tuple[nn.Module, str, Any]] = [
        *((layer, "active", index) for layer, index in active.items()),
        *(
            (layer, name, buffer.clone())
            for layer in layers
            if isinstance(layer, _BatchNorm) and layer.training
            for name, buffer in layer.named_buffers(recurse=False)
        ),
    ]
    before = [(layer, name, getattr(layer, name)) for layer, name, _ in changed]
    for layer, name, value in changed:
        setattr(layer, name, value)
    try:
        yield
    finally:
        for layer, name, value in before:
            setattr(layer, name, value)
