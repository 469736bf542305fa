"""gradcam: where in an image a network finds what speaks for its answer (Grad-CAM; D-43).

Selvaraju et al. 2017, Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
Localization, ICCV.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from elsewhere.networks.network import Network

LEAST = 4  # positions a side: a coarser map does not say where


def layer(network: Network, images: Tensor, site: str | None) -> str:
    """Return the name of the layer whose maps are explained.

    It is the last one through which everything goes that the logits know of an image, with maps of
    at least `LEAST` positions a side; a network that sees so small images that it has none takes
    the finest there are. At the sizes of the papers these are the last maps before the embedding.

    Parameters
    ----------
    network
        In evaluation mode.
    images
        ``[batch, channels, (z,) y, x]``; the first is looked at.
    site
        As in `Network.forward`.

    Raises
    ------
    ValueError
        If no layer has maps of two or more positions a side.
    """
    one = images[:1].detach()
    sides = _sides(network, one, site)
    order = sorted(
        ((min(side, LEAST), number, name) for number, (name, side) in enumerate(sides.items())),
        reverse=True,
    )
    for side, _, name in order:
        if side > 1 and _is_cut(network, name, images=one, site=site):
            return name
    raise ValueError(
        f"{type(network).__name__} has no layer whose maps have two positions a side and hold all "
        f"that it knows of an image of {tuple(images.shape[2:])}; Grad-CAM cannot say where"
    )


def maps(
    network: Network, images: Tensor, *, site: str | None, layer: str, against: bool = False
) -> Tensor:
    """Return the Grad-CAM maps of the predicted class.

    What is explained is its logit minus the other's, on which alone the probability depends. The
    weight of a feature map is the mean of the gradient over its positions; their weighted sum,
    negative values set to zero, is interpolated to the image and divided by its maximum.

    Parameters
    ----------
    network
        In evaluation mode: no image may change what is said of another.
    images
        ``[batch, channels, (z,) y, x]``.
    site
        As in `Network.forward`.
    layer
        Name from `layer`. Where it is used several times, or its output is a list, all its maps
        count.
    against
        Show instead what speaks against the prediction (section 3.3 of the paper): the weights with
        the other sign.

    Returns
    -------
    Tensor
        float32 ``[batch, (z,) y, x]``, 0 to 1; all zero where nothing speaks for the prediction, or
        against it.
    """
    kept: list[Tensor] = []

    def keep(output: Any) -> Any:
        # maps of one output may be made from each other: only what is behind the layer counts
        output = _each(output, lambda tensor: tensor.detach().requires_grad_())
        kept.extend(_tensors(output))
        return _each(output, torch.clone)  # a layer behind may overwrite what it is given

    with _replaced(network.get_submodule(layer), keep), torch.enable_grad():
        logits = network(images.detach(), site)
        gradients = torch.autograd.grad(_lead(logits).sum(), kept, materialize_grads=True)
    each = [
        (_weights(gradient) * features.detach().float()).sum(dim=1, keepdim=True)
        for features, gradient in zip(kept, gradients, strict=True)
    ]
    coarse = F.relu(torch.stack(each).sum(dim=0) * (-1 if against else 1))
    mode = "bilinear" if images.ndim == 4 else "trilinear"
    fine = F.interpolate(coarse, size=images.shape[2:], mode=mode)[:, 0]
    most = fine.flatten(1).amax(dim=1).view(-1, *[1] * (fine.ndim - 1))
    return torch.where(most > 0, fine / most, 0.0)


def _lead(logits: Tensor) -> Tensor:
    """Return by how much the logit of the predicted class is above the other."""
    return (logits[:, 1] - logits[:, 0]).abs()


def _weights(gradient: Tensor) -> Tensor:
    return gradient.float().mean(dim=tuple(range(2, gradient.ndim)), keepdim=True)


def _sides(network: Network, images: Tensor, site: str | None) -> dict[str, int]:
    """Return the shortest side of each layer's maps, in the order in which the layers end."""
    seen: dict[str, set[tuple[int, ...]]] = {}

    def note(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            del module, inputs
            shapes = {tuple(tensor.shape) for tensor in _tensors(output)}
            seen[name] = seen.pop(name, set()) | shapes

        return hook

    hooks = [each.register_forward_hook(note(name)) for name, each in network.named_modules()]
    with torch.no_grad():
        network(images, site)
    for each in hooks:
        each.remove()
    return {
        name: min(min(shape[2:]) for shape in shapes)
        for name, shapes in seen.items()
        if {len(shape) for shape in shapes} == {images.ndim}
        and len({shape[2:] for shape in shapes}) == 1
    }


def _is_cut(network: Network, name: str, *, images: Tensor, site: str | None) -> bool:
    """Say whether the logits know nothing of the images once this layer's output is held fixed."""
    images = images.clone().requires_grad_()

    def cut(output: Any) -> Any:
        return _each(output, lambda tensor: tensor.detach().clone())

    with _replaced(network.get_submodule(name), cut), torch.enable_grad():
        logits = network(images, site)
        if not logits.requires_grad:
            return True
        (gradient,) = torch.autograd.grad(logits.sum(), images, allow_unused=True)
    return gradient is None


@contextmanager
def _replaced(module: nn.Module, change: Callable[[Any], Any]) -> Iterator[None]:
    """Let a module put out what `change` makes of its output."""
    hook = module.register_forward_hook(lambda module, inputs, output: change(output))
    try:
        yield
    finally:
        hook.remove()


def _tensors(output: Any) -> list[Tensor]:
    several = output if isinstance(output, list | tuple) else [output]
    return [one for one in several if isinstance(one, Tensor)]


def _each(output: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """Return an output with its tensor, or each of its tensors, changed."""
    if isinstance(output, list | tuple):
        return type(output)(_each(one, change) for one in output)
    return change(output) if isinstance(output, Tensor) else output
