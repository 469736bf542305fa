"""group_norm: a fast and accurate GroupNorm for volumes in the channels-last memory format."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class GroupNorm(nn.GroupNorm):
    """Torch's GroupNorm, computed in the channels-first memory format.

    In the channels-last format torch's gradient takes five times as long on a CPU, which is more
    than the two copies cost. It also sums a channel in one run, so that with a million voxels the
    fourth digit is wrong.
    """

    def forward(self, images: Tensor) -> Tensor:
        """Normalise ``[batch, channels, z, y, x]``; the result has channels last."""
        normalised = super().forward(_ChannelsFirst.apply(images))  # type: ignore[no-untyped-call]
        channels_last: Tensor = _ChannelsLast.apply(normalised)  # type: ignore[no-untyped-call]
        return channels_last


class _ChannelsFirst(torch.autograd.Function):
    """Copy to channels first; the gradient is copied back to channels last."""

    @staticmethod
    def forward(_: Any, images: Tensor) -> Tensor:
        return images.contiguous()

    @staticmethod
    def backward(_: Any, *gradient: Tensor) -> Tensor:
        return gradient[0].contiguous(memory_format=torch.channels_last_3d)


class _ChannelsLast(torch.autograd.Function):
    """The reverse of `_ChannelsFirst`."""

    @staticmethod
    def forward(_: Any, images: Tensor) -> Tensor:
        return images.contiguous(memory_format=torch.channels_last_3d)

    @staticmethod
    def backward(_: Any, *gradient: Tensor) -> Tensor:
        return gradient[0].contiguous()
