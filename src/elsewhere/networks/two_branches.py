"""two_branches: the convolutional body that COVID-Net (D-07) and its redesign (D-08) share."""

from __future__ import annotations

from functools import reduce
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from elsewhere.design.covidnet_sizes import CovidnetSizes
from elsewhere.networks.batch_norm import BatchNorm
from elsewhere.networks.pooling import Pool

CHANNELS = (64, 256, 512, 1024, 2048)  # stem and stages: the five batch normalisations (D-08)
BLOCKS = (3, 4, 6, 3)


class TwoBranches(nn.Module):
    """Two branches of four stages: 1x1 convolutions above, densely connected PEPX blocks below.

    Each block's output enters the skip connections once.

    Parameters
    ----------
    row
        The row of `networks`.
    inputs
        Channels of the images.
    normalised
        Whether a batch normalisation follows the stem and each convolution of the upper branch
        (D-08).
    """

    def __init__(self, row: CovidnetSizes, inputs: int, *, normalised: bool) -> None:
        super().__init__()
        channels = [scaled(count, row.width) for count in CHANNELS]
        self.stem = nn.Sequential(
            nn.Conv2d(inputs, channels[0], 7, stride=2, padding=3),
            *_activated(channels[0], normalised),
        )
        self.pool = Pool((2, 2), kind="max")
        self.upper = nn.ModuleList(
            nn.Sequential(nn.Conv2d(before, after, 1), *_activated(after, normalised))
            for before, after in pairwise(channels)
        )
        self.stages = nn.ModuleList(
            Stage(before, after, blocks=blocks, activation=row.activation)
            for (before, after), blocks in zip(pairwise(channels), BLOCKS, strict=True)
        )
        self.channels = channels[-1]
        # the channels-last format saves a seventh of the time of a step on a CPU
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, images: Tensor) -> list[Tensor]:
        """Return the outputs of the last stage as `Stage` does; see `last_extent`."""
        images = images.contiguous(memory_format=torch.channels_last)
        lower = self.pool(self.stem(images))
        upper = self.upper[0](lower)
        outputs: list[Tensor] = self.stages[0](lower, upper)
        for upper_layer, stage in zip(self.upper[1:], self.stages[1:], strict=True):
            lower = total([self.pool(output) for output in outputs])
            upper = self.pool(upper_layer(total(outputs)))
            outputs = stage(lower, upper)
        return outputs

    def blocks(self) -> list[nn.Module]:
        """Return the PEPX blocks."""
        return [block for block in self.stages.modules() if isinstance(block, PepxBlock)]


class Stage(nn.Module):
    """PEPX blocks at one resolution; the input of each is the sum of all outputs before it."""

    def __init__(
        self, before: int, after: int, *, blocks: int, activation: Literal["none", "relu"]
    ) -> None:
        super().__init__()
        inputs = [before] + [after] * (blocks - 1)
        self.blocks = nn.ModuleList(_pepx(count, after, activation) for count in inputs)

    def forward(self, lower: Tensor, upper: Tensor) -> list[Tensor]:
        """Return the output of the upper branch, then those of all blocks.

        Parameters
        ----------
        lower
            Input of the first block, ``[batch, before, y, x]``.
        upper
            Output of the upper branch, ``[batch, after, y, x]``.
        """
        outputs = [upper, self.blocks[0](lower)]
        for block in self.blocks[1:]:
            outputs.append(block(total(outputs)))
        return outputs


def last_extent(matrix: int) -> int:
    """Return the rows or columns of the last stage: the stem and four poolings halve them."""
    extent = (matrix + 1) // 2
    for _ in BLOCKS:
        extent = max(1, extent // 2)
    return extent


def scaled(channels: int, width: float) -> int:
    """Return this share of the channels as a multiple of 4: PEPX blocks use halves and 3/4."""
    return max(4, 4 * round(channels * width / 4))


def _activated(channels: int, normalised: bool) -> list[nn.Module]:
    activation = nn.ReLU(inplace=True)
    return [BatchNorm(channels), activation] if normalised else [activation]


class PepxBlock(nn.Sequential):
    """A PEPX block: project, expand, depthwise 3x3, project, expand (D-07)."""


def _pepx(before: int, after: int, activation: Literal["none", "relu"]) -> PepxBlock:
    """Return a PEPX block with an activation between its convolutions, or none."""
    half, wide = before // 2, 3 * before // 4
    convolutions = [
        nn.Conv2d(before, half, 1),
        nn.Conv2d(half, wide, 1),
        nn.Conv2d(wide, wide, 3, padding=1, groups=wide),
        nn.Conv2d(wide, half, 1),
        nn.Conv2d(half, after, 1),
    ]
    block = PepxBlock(convolutions[0])
    for convolution in convolutions[1:]:
        if activation == "relu":
            block.append(nn.ReLU(inplace=True))
        block.append(convolution)
    return block


def classifier(
    features: int, hidden: tuple[int, int], outputs: int, *, normalised: bool = False
) -> nn.Sequential:
    """Return the head: three dense layers, the hidden ones normalised or not (D-08)."""
    head = nn.Sequential()
    for before, after in pairwise((features, *hidden)):
        head.append(nn.Linear(before, after))
        head.extend(_activated(after, normalised))
    return head.append(nn.Linear(hidden[1], outputs))


def total(outputs: list[Tensor]) -> Tensor:
    """Return the sum of the outputs of a stage, ``[batch, channels, y, x]``."""
    return reduce(torch.add, outputs)
