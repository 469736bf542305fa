"""gradcam: Grad-CAM maps: which regions of an image support a network's prediction (D-43).

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

MIN_SIDE = 4  # smallest side of a feature map that localises anything

Lead = Callable[[Tensor], Tensor]  # logits [batch, outputs] to what is explained of each, [batch]


def layer(network: Network, images: Tensor, site: str | None) -> str:
    """Return the name of the layer whose maps are explained.

    This is the last bottleneck with maps of at least `MIN_SIDE` positions a side. A bottleneck is
    a layer that all information from the image to the logits passes through. If the images are so
    small that there is no such layer, it is the bottleneck with the finest maps. At the image
    sizes of the papers these are the last maps before the embedding.

    Parameters
    ----------
    network
        In evaluation mode.
    images
        ``[batch, channels, (z,) y, x]``; only the first is used.
    site
        As in `Network.forward`.

    Raises
    ------
    ValueError
        If no layer has maps of two or more positions a side.
    """
    first_image = images[:1].detach()
    sides = _sides(network, first_image, site)
    candidates = sorted(
        ((min(side, MIN_SIDE), number, name) for number, (name, side) in enumerate(sides.items())),
        reverse=True,
    )
    for side, _, name in candidates:
        if side > 1 and _is_bottleneck(network, name, images=first_image, site=site):
            return name
    raise ValueError(
        f"{type(network).__name__} has no layer whose maps have two positions a side and carry all "
        f"information on an image of {tuple(images.shape[2:])}; Grad-CAM cannot localise anything"
    )


def predicted(logits: Tensor) -> Tensor:
    """Return the log odds of the predicted class: of two its logit minus that of the other.

    Of more than two classes they are its logit minus the logarithm of the sum of the other
    logits' exponentials. The probability depends on this difference alone.
    """
    if logits.shape[1] == 2:
        return (logits[:, 1] - logits[:, 0]).abs()
    return _log_odds(logits, logits.argmax(dim=1, keepdim=True))


def of_class(number: int) -> Lead:
    """Return what computes the log odds of one class, predicted or not."""
    return lambda logits: _log_odds(logits, logits.new_full((len(logits), 1), number).long())


def of_finding(number: int) -> Lead:
    """Return what computes the log odds of one finding: its logit, for each has a sigmoid."""
    return lambda logits: logits[:, number]


def against(lead: Lead) -> Lead:
    """Return the opposite: what a map of it shows speaks against what `lead` explains.

    These are the negated weights of a counterfactual explanation, section 3.3 of the paper.
    """
    return lambda logits: -lead(logits)


def maps(
    network: Network, images: Tensor, *, site: str | None, layer: str, lead: Lead = predicted
) -> Tensor:
    """Return the Grad-CAM maps of a batch.

    The weight of a feature map is the mean over its positions of the gradient of what is explained.
    The weighted sum of the maps, with negative values set to zero, is interpolated to the image and
    divided by its maximum.

    Parameters
    ----------
    network
        In evaluation mode, so that the map of an image does not depend on the others.
    images
        ``[batch, channels, (z,) y, x]``.
    site
        As in `Network.forward`.
    layer
        Name from `layer`. If the layer is used several times, or its output is a list, all its
        maps count.
    lead
        What is explained: `predicted`, or one of `of_class`, `of_finding` and `against`.

    Returns
    -------
    Tensor
        float32 ``[batch, (z,) y, x]``, 0 to 1; all zero if there is no evidence for it.
    """
    features: list[Tensor] = []

    def capture(output: Any) -> Any:
        # maps of one output may be computed from each other: count only paths behind the layer
        output = _map_tensors(output, lambda tensor: tensor.detach().requires_grad_())
        features.extend(_tensors(output))
        return _map_tensors(output, torch.clone)  # a layer behind may overwrite what it is given

    with _replaced(network.get_submodule(layer), capture), torch.enable_grad():
        logits = network(images.detach(), site)
        gradients = torch.autograd.grad(lead(logits).sum(), features, materialize_grads=True)
    weighted_sums = [
        (_weights(gradient) * feature_map.detach().float()).sum(dim=1, keepdim=True)
        for feature_map, gradient in zip(features, gradients, strict=True)
    ]
    coarse = F.relu(torch.stack(weighted_sums).sum(dim=0))
    mode = "bilinear" if images.ndim == 4 else "trilinear"
    heat = F.interpolate(coarse, size=images.shape[2:], mode=mode)[:, 0]
    maximum = heat.flatten(1).amax(dim=1).view(-1, *[1] * (heat.ndim - 1))
    return torch.where(maximum > 0, heat / maximum, 0.0)


def _log_odds(logits: Tensor, chosen: Tensor) -> Tensor:
    """Return the log odds of a class of each image, ``[batch]``; `chosen` is ``[batch, 1]``."""
    others = logits.scatter(1, chosen, -torch.inf)
    return logits.gather(1, chosen)[:, 0] - others.logsumexp(dim=1)


def _weights(gradient: Tensor) -> Tensor:
    return gradient.float().mean(dim=tuple(range(2, gradient.ndim)), keepdim=True)


def _sides(network: Network, images: Tensor, site: str | None) -> dict[str, int]:
    """Return the shortest side of each layer's feature maps, in the order of execution."""
    shapes_of_layer: dict[str, set[tuple[int, ...]]] = {}

    def record_as(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            del module, inputs
            shapes = {tuple(tensor.shape) for tensor in _tensors(output)}
            shapes_of_layer[name] = shapes_of_layer.pop(name, set()) | shapes

        return hook

    hooks = [
        module.register_forward_hook(record_as(name)) for name, module in network.named_modules()
    ]
    with torch.no_grad():
        network(images, site)
    for hook in hooks:
        hook.remove()
    return {
        name: min(min(shape[2:]) for shape in shapes)
        for name, shapes in shapes_of_layer.items()
        if {len(shape) for shape in shapes} == {images.ndim}
        and len({shape[2:] for shape in shapes}) == 1
    }


def _is_bottleneck(network: Network, name: str, *, images: Tensor, site: str | None) -> bool:
    """Return whether the logits depend on the images through this layer's output only."""
    images = images.clone().requires_grad_()

    def detach(output: Any) -> Any:
        return _map_tensors(output, lambda tensor: tensor.detach().clone())

    with _replaced(network.get_submodule(name), detach), torch.enable_grad():
        logits = network(images, site)
        if not logits.requires_grad:
            return True
        (gradient,) = torch.autograd.grad(logits.sum(), images, allow_unused=True)
    return gradient is None


@contextmanager
def _replaced(module: nn.Module, change: Callable[[Any], Any]) -> Iterator[None]:
    """Apply `change` to the output of a module."""
    hook = module.register_forward_hook(lambda module, inputs, output: change(output))
    try:
        yield
    finally:
        hook.remove()


def _tensors(output: Any) -> list[Tensor]:
    outputs = output if isinstance(output, list | tuple) else [output]
    return [item for item in outputs if isinstance(item, Tensor)]


def _map_tensors(output: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """Return an output with `change` applied to its tensor, or to each of its tensors."""
    if isinstance(output, list | tuple):
        return type(output)(_map_tensors(item, change) for item in output)
    return change(output) if isinstance(output, Tensor) else output
