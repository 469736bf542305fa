"""covidnet_redesign: COVID-Net as redesigned by Wang et al. 2020 (D-07 to D-10)."""

from __future__ import annotations

from functools import reduce
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from elsewhere.design.parts import CovidnetRedesign, Input
from elsewhere.networks.network import Network
from elsewhere.networks.pooling import AveragePoolTo2x2, Pool

CHANNELS = (64, 256, 512, 1024, 2048)  # stem and stages: the five batch normalisations (D-08)
BLOCKS = (3, 4, 6, 3)
CLASSES = 2


class RedesignedCovidNet(Network):
    """Two branches of four stages: 1x1 convolutions above, densely linked PEPX blocks below.

    Batch normalisation follows the stem and each convolution of the upper branch, none is in the
    lower branch (D-08). Every block is used once in the skips.

    Parameters
    ----------
    row
        The row of `networks`.
    input_row
        The row of `inputs`, an image.
    """

    def __init__(self, row: CovidnetRedesign, input_row: Input) -> None:
        super().__init__()
        if input_row.kind != "image":
            raise ValueError(f"covidnet_redesign takes an image input, got kind '{input_row.kind}'")
        channels = [scaled(count, row.width) for count in CHANNELS]
        self.stem = nn.Sequential(
            nn.Conv2d(input_row.channels, channels[0], 7, stride=2, padding=3),
            BatchNorm(channels[0]),
            nn.ReLU(inplace=True),
        )
        self.pool = Pool((2, 2), kind="max")
        self.upper = nn.ModuleList(_upper(*pair) for pair in pairwise(channels))
        self.stages = nn.ModuleList(
            Stage(before, after, blocks=blocks, activation=row.activation)
            for (before, after), blocks in zip(pairwise(channels), BLOCKS, strict=True)
        )
        self.average = AveragePoolTo2x2()
        self.classifier = _classifier(4 * channels[-1], row.dense_features)

    def embed(self, images: Tensor, site: str | None) -> Tensor:
        """Return the embedding, ``[batch, 8192]`` at full width (D-10, where 8,096 is printed)."""
        del site  # one batch normalisation serves all sites
        lower = self.pool(self.stem(images))
        upper = self.upper[0](lower)
        outputs = self.stages[0](lower, upper)
        for light, stage in zip(self.upper[1:], self.stages[1:], strict=True):
            lower = _sum([self.pool(output) for output in outputs])
            upper = self.pool(light(_sum(outputs)))
            outputs = stage(lower, upper)
        averaged: Tensor = self.average(_sum(outputs))
        return averaged.flatten(1)

    def forward(self, images: Tensor, site: str | None) -> Tensor:
        """Return logits ``[batch, 2]`` of ``[batch, channels, y, x]``."""
        logits: Tensor = self.classifier(self.embed(images, site))
        return logits


class Stage(nn.Module):
    """PEPX blocks at one resolution, each fed with the sum of all that came before it."""

    def __init__(
        self, before: int, after: int, *, blocks: int, activation: Literal["none", "relu"]
    ) -> None:
        super().__init__()
        inputs = [before] + [after] * (blocks - 1)
        self.blocks = nn.ModuleList(_pepx(count, after, activation) for count in inputs)

    def forward(self, lower: Tensor, upper: Tensor) -> list[Tensor]:
        """Return the outputs of all blocks and, first, of the upper branch.

        Parameters
        ----------
        lower
            Input of the first block, ``[batch, before, y, x]``.
        upper
            Output of the upper branch, ``[batch, after, y, x]``.
        """
        outputs = [upper, self.blocks[0](lower)]
        for block in self.blocks[1:]:
            outputs.append(block(_sum(outputs)))
        return outputs


class BatchNorm(nn.BatchNorm2d):
    """Batch normalisation that falls back on the running statistics for a single value."""

    def forward(self, images: Tensor) -> Tensor:
        """Normalise ``[batch, channels, y, x]``; one value a channel has no variance."""
        if self.training and images[:, 0].numel() == 1:
            return F.batch_norm(
                images, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
            )
        normal: Tensor = super().forward(images)
        return normal


def scaled(channels: int, width: float) -> int:
    """Return this share of the channels, as a multiple of 4: a PEPX block takes half and 3/4."""
    return max(4, 4 * round(channels * width / 4))


def _upper(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(before, after, 1), BatchNorm(after), nn.ReLU(inplace=True))


def _pepx(before: int, after: int, activation: Literal["none", "relu"]) -> nn.Sequential:
    """Project, expand, look around (depthwise), project, expand (D-07)."""
    half, wide = before // 2, 3 * before // 4
    convolutions = [
        nn.Conv2d(before, half, 1),
        nn.Conv2d(half, wide, 1),
        nn.Conv2d(wide, wide, 3, padding=1, groups=wide),
        nn.Conv2d(wide, half, 1),
        nn.Conv2d(half, after, 1),
    ]
    block = nn.Sequential(convolutions[0])
    for convolution in convolutions[1:]:
        if activation == "relu":
            block.append(nn.ReLU(inplace=True))
        block.append(convolution)
    return block


def _classifier(features: int, hidden: tuple[int, int]) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(features, hidden[0]),
        nn.ReLU(inplace=True),
        nn.Linear(hidden[0], hidden[1]),
        nn.ReLU(inplace=True),
        nn.Linear(hidden[1], CLASSES),
    )


def _sum(outputs: list[Tensor]) -> Tensor:
    return reduce(torch.add, outputs)
