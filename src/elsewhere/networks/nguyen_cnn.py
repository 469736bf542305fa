"""nguyen_cnn: the 3D CNN of Nguyen et al. 2021, Figure 2, for CT volumes (A-27 to A-36)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from elsewhere.design.networks.nguyen_cnn import NguyenCnn
from elsewhere.design.rows import InputRow
from elsewhere.networks.dropblock import DropBlock3d
from elsewhere.networks.group_norm import GroupNorm
from elsewhere.networks.levels import Level, Levels
from elsewhere.networks.network import Network
from elsewhere.networks.pooling import Pool, cut

# The paper writes (x, y, z); tensors are [z, y, x].
KERNELS = ((3, 3, 3), (5, 5, 5), (3, 5, 5), (3, 5, 5), (3, 3, 3))
FACTORS = ((1, 1, 1), (4, 4, 4), (2, 4, 4), (2, 4, 4), (2, 2, 2))
DENSE_LAYERS = 4


class NguyenNetwork(Network):
    """Five levels of convolutions, then four dense layers.

    At 512 x 512 x 128 there are 4 x 4 x 4 x 128 = 8,192 features (A-29, A-33) and 12,839,658
    trainable parameters (A-35). With smaller inputs a downsampling factor is at most the extent
    that is left. Weights are initialised as torch does by default ([AMB] A-36).

    Parameters
    ----------
    row
        The row of `networks`.
    input_row
        The row of `inputs`, a volume.
    outputs
        Number of logits.
    """

    def __init__(self, row: NguyenCnn, input_row: InputRow, *, outputs: int = 2) -> None:
        super().__init__()
        if len(input_row.shape) != 4:
            raise ValueError(f"nguyen_cnn takes a volume input, got kind '{input_row.kind}'")
        if row.first_filters % row.groups or row.dense_features % row.groups:
            raise ValueError(
                f"nguyen_cnn: groups {row.groups} must divide first_filters {row.first_filters} "
                f"and dense_features {row.dense_features}"
            )
        self.levels = Levels(*_levels(row))
        flattened = feature_length(row, input_row.shape[1:])
        widths = [flattened] + [row.dense_features] * DENSE_LAYERS
        dense_layers = [_dense(row, widths[i], widths[i + 1]) for i in range(DENSE_LAYERS)]
        self.dense = nn.Sequential(*dense_layers)
        self.features = row.dense_features
        self.classifier = nn.Linear(row.dense_features, outputs)
        # the channels-last format halves the time of the convolutions on a CPU
        self.levels.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]

    def embed(self, images: Tensor, site: str | None) -> Tensor:
        """Return the output of the dense layers, ``[batch, features]``."""
        del site
        images = images.contiguous(memory_format=torch.channels_last_3d)
        features: Tensor = self.dense(self.levels(images).flatten(1))
        return features

    def blocks(self) -> list[nn.Module]:
        """Return the levels."""
        return [*self.levels]


def feature_length(row: NguyenCnn, extent: Sequence[int]) -> int:
    """Return the number of flattened features (A-33) for a volume of this (z, y, x) extent."""
    for factors in FACTORS:
        extent = [n // f for n, f in zip(extent, cut(factors, extent), strict=True)]
    last = row.first_filters << (len(FACTORS) - 1)
    return math.prod(extent) * last


def _levels(row: NguyenCnn) -> list[Level]:
    filters = [row.first_filters * 2**level for level in range(len(KERNELS))]
    inputs = [1, *filters[:-1]]
    return [
        _level(row, (inputs[i], filters[i]), KERNELS[i], FACTORS[i]) for i in range(len(KERNELS))
    ]


def _level(
    row: NguyenCnn,
    channels: tuple[int, int],
    kernel: tuple[int, int, int],
    factors: tuple[int, int, int],
) -> Level:
    """Downsample, then twice [convolution, ReLU, GroupNorm, DropBlock] (A-30)."""
    before, after = channels
    level = Level()
    if max(factors) > 1 and row.pooling != "stride":
        level.append(Pool(factors, kind=row.pooling))
    for inputs in (before, after):
        strided = row.pooling == "stride" and not len(level)
        level.append(
            StridedConvolution(inputs, after, kernel, factors)
            if strided
            else nn.Conv3d(inputs, after, kernel, padding="same")
        )
        level.append(nn.ReLU(inplace=True))
        level.append(GroupNorm(row.groups, after))
        level.append(DropBlock3d(rate=row.dropblock_rate, size=row.dropblock_size))
    return level


class StridedConvolution(nn.Conv3d):
    """A convolution that reads every second or fourth position, as many as `Pool` leaves (A-36).

    Parameters
    ----------
    inputs, outputs
        Channels.
    kernel
        Its sides (z, y, x), odd.
    factors
        Downsampling factors of (z, y, x); none larger than the extent is used.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: tuple[int, int, int],
        factors: tuple[int, int, int],
    ) -> None:
        padding = (kernel[0] // 2, kernel[1] // 2, kernel[2] // 2)
        super().__init__(inputs, outputs, kernel, padding=padding)
        self.factors = factors

    def forward(self, images: Tensor) -> Tensor:
        """Return ``[batch, channels, extent // factor, ...]``."""
        stride = cut(self.factors, images.shape[2:])
        filled = [n // f * f for n, f in zip(images.shape[2:], stride, strict=True)]
        images = images[..., : filled[0], : filled[1], : filled[2]]
        return F.conv3d(images, self.weight, self.bias, stride, self.padding)


def _dense(row: NguyenCnn, inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, outputs),
        nn.ReLU(inplace=True),
        nn.GroupNorm(row.groups, outputs),
        nn.Dropout(row.dropout_rate),
    )
