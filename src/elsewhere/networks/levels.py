"""levels: levels of convolutions and what follows each, computed plainly or in fewer passes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from elsewhere.networks.dropblock import DropBlock3d
from elsewhere.networks.fused import relu_norm_drop
from elsewhere.networks.recompute import again
from elsewhere.networks.sites import PerSite

Step = Callable[[Tensor], Tensor]


class Level(nn.Sequential):
    """Layers in the order of use: downsampling, convolutions, what follows each of them.

    Attributes
    ----------
    fused
        Whether ReLU, GroupNorm and DropBlock are one operation (`fused`).
    """

    fused = False

    def forward(self, images: Tensor) -> Tensor:
        """Return ``[batch, channels, z, y, x]``."""
        for step in self.steps():
            images = step(images)
        return images

    def steps(self) -> list[Step]:
        """Return the operations in the order of use."""
        layers = list(self)
        if not self.fused:
            return [*layers]
        steps: list[Step] = []
        while layers:
            if _is_triple(layers[:3]):
                steps.append(Fused(*layers[:3]))
                del layers[:3]
            else:
                steps.append(layers.pop(0))
        return steps


class Levels(nn.Sequential):
    """All levels, one after the other.

    Attributes
    ----------
    cheap
        Whether what lies between two convolutions is computed again in the backward pass. Then one
        large tensor is kept for each convolution: its output after the ReLU, or before it if fused.
    """

    cheap = False

    def forward(self, images: Tensor) -> Tensor:
        """Return the maps of the last level, ``[batch, channels, z, y, x]``."""
        if not (self.cheap and torch.is_grad_enabled()):
            for level in self:
                images = level(images)
            return images
        for repeated, part in _parts([step for level in self for step in _steps(level)]):
            images = again(part, images, modules=[*self]) if repeated else part(images)
        return images


class Fused:
    """ReLU, normalisation and DropBlock as one operation.

    Parameters
    ----------
    relu, norm, drop
        The three layers.
    """

    def __init__(self, relu: nn.Module, norm: nn.Module, drop: nn.Module) -> None:
        self.relu, self.norm, self.drop = relu, norm, drop

    def __call__(self, images: Tensor) -> Tensor:
        """Return ``[batch, channels, z, y, x]``."""
        drop = self.drop
        norm = self.norm.chosen() if isinstance(self.norm, PerSite) else self.norm
        if not isinstance(norm, nn.GroupNorm) or not isinstance(drop, DropBlock3d):
            apart: Tensor = drop(norm(self.relu(images)))
            return apart
        acts = drop.training and drop.rate > 0
        return relu_norm_drop(images, norm, drop.bits(images) if acts else None)


class _Part:
    """Operations that are computed again together, or not."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = steps

    def __call__(self, images: Tensor) -> Tensor:
        for step in self.steps:
            images = step(images)
        return images


def _parts(steps: Sequence[Step]) -> list[tuple[bool, _Part]]:
    """Return the parts of a network, and whether each is computed again.

    A part begins behind a convolution and ends with the next one, which itself is not computed
    again: its gradient needs its input alone. A ReLU of its own overwrites the output of its
    convolution and is kept.
    """
    parts: list[tuple[bool, list[Step]]] = [(False, [])]
    for step in steps:
        if isinstance(step, nn.ReLU):
            parts += [(False, [step]), (True, [])]
        elif isinstance(step, Fused):
            parts.append((True, [step]))
        else:
            parts[-1][1].append(step)
    return [(repeated, _Part(part)) for repeated, part in parts if part]


def _steps(level: nn.Module) -> list[Step]:
    return level.steps() if isinstance(level, Level) else [level]


def _is_triple(layers: Sequence[nn.Module]) -> bool:
    return (
        len(layers) == 3
        and isinstance(layers[0], nn.ReLU)
        and isinstance(layers[1], nn.GroupNorm | PerSite)
        and isinstance(layers[2], DropBlock3d)
    )
