"""dropblock: DropBlock (Ghiasi et al. 2018) in three dimensions, a mask for each channel."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn

from elsewhere.networks.pooling import cut


class DropBlock3d(nn.Module):
    """Set random blocks of each channel to zero and rescale the rest (A-30).

    It acts while its own `training` is true, as nn.Dropout does, so that Monte-Carlo dropout can
    switch the two on together or apart (A-57).

    Parameters
    ----------
    rate
        Expected share of dropped voxels; blocks that overlap make it slightly less.
    size
        Side of a block in voxels; cut to the extent where it is larger.
    """

    def __init__(self, *, rate: float, size: int) -> None:
        super().__init__()
        if not 0 <= rate < 1 or size < 1:
            raise ValueError(
                f"DropBlock: got rate {rate} and size {size}, expected 0 <= rate < 1 <= size"
            )
        self.rate = rate
        self.size = size

    def forward(self, images: Tensor) -> Tensor:
        """Return `images` ``[batch, channels, z, y, x]`` with blocks dropped."""
        if not self.training or self.rate == 0:
            return images
        dropped, factor = draw(images, rate=self.rate, size=self.size)
        kept: Tensor = _Drop.apply(images, dropped, factor)  # type: ignore[no-untyped-call]
        return kept

    def extra_repr(self) -> str:
        """Show rate and block size."""
        return f"rate={self.rate}, size={self.size}"


@torch.no_grad()
def draw(images: Tensor, *, rate: float, size: int) -> tuple[Tensor, Tensor]:
    """Draw which voxels become zero, and the factor of the others: voxels / kept voxels of a scan.

    Blocks start only where they fit, so gamma = rate / block x voxels / starts. The factor is
    by scan, so that a result does not depend on the others of the batch. Blocks are sparse: they
    are listed one by one, which is many times cheaper than to dilate a dense mask of seeds.

    Parameters
    ----------
    images
        ``[batch, channels, z, y, x]``; only its layout is used.
    rate
        Expected dropped share.
    size
        Side of a block, voxels.

    Returns
    -------
    dropped
        ``[blocks, voxels of a block]``, int64: positions in the memory of a dense tensor of the
        layout of `images`; one past the last voxel where there is none.
    factor
        ``[batch, 1, 1, 1, 1]``, of the type of `images`.
    """
    block = cut((size, size, size), images.shape[2:])
    starts = [extent - side + 1 for extent, side in zip(images.shape[2:], block, strict=True)]
    gamma = rate / math.prod(block) * math.prod(images.shape[2:]) / math.prod(starts)
    grid = (*images.shape[:2], *starts)
    seeds = _successes(math.prod(grid), min(gamma, 1.0), images.device)
    stride = _dense_stride(images)
    voxels = _voxels(seeds.clamp(max=math.prod(grid) - 1), grid, block, stride)
    dropped = torch.where(seeds[:, None] < math.prod(grid), voxels, images.numel())
    # Blocks overlap: what is kept can only be counted voxel by voxel.
    flat = torch.ones(images.numel() + 1, dtype=torch.uint8, device=images.device)
    flat[dropped] = 0
    kept = flat.as_strided(images.shape, stride).sum((1, 2, 3, 4), keepdim=True).clamp_(min=1)
    return dropped, (images[0].numel() / kept).to(images.dtype)


class _Drop(torch.autograd.Function):
    """Write zeros at few positions, forth and back: half the passes over memory of a dense mask."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, dropped: Tensor, factor: Tensor) -> Tensor:
        ctx.save_for_backward(dropped, factor)
        ctx.stride = _dense_stride(images)
        return _dropped(images, dropped, factor, ctx.stride)

    @staticmethod
    def backward(ctx: Any, *gradient: Tensor) -> tuple[Tensor, None, None]:
        dropped, factor = ctx.saved_tensors
        return _dropped(gradient[0], dropped, factor, ctx.stride), None, None


def _dropped(images: Tensor, dropped: Tensor, factor: Tensor, stride: tuple[int, ...]) -> Tensor:
    # One element more than voxels: where positions past the end go.
    flat = images.new_empty(images.numel() + 1)
    out = flat.as_strided(images.shape, stride)
    torch.mul(images, factor, out=out)
    flat[dropped] = 0
    return out


def _dense_stride(images: Tensor) -> tuple[int, ...]:
    return torch.empty_like(images, device="meta").stride()


def _successes(trials: int, probability: float, device: torch.device) -> Tensor:
    """Return the positions of the successes of Bernoulli trials, padded with positions >= trials.

    The gaps between successes are geometric: far fewer draws than trials. Eight standard
    deviations more than expected are drawn, so that none is missing.
    """
    expected = trials * probability
    draws = math.ceil(expected + 8 * math.sqrt(expected)) + 8
    gaps = torch.empty(draws, dtype=torch.float64, device=device).geometric_(probability)
    return gaps.long().cumsum(0) - 1


def _voxels(
    seeds: Tensor, grid: tuple[int, ...], block: tuple[int, ...], stride: tuple[int, ...]
) -> Tensor:
    """Return the positions in memory, ``[seeds, voxels of a block]``, of the seeds' blocks."""
    first = torch.zeros_like(seeds)
    for extent, step in zip(reversed(grid), reversed(stride), strict=True):
        first += seeds % extent * step
        seeds = seeds // extent
    steps = [
        sum(a * b for a, b in zip(at, stride[2:], strict=True))
        for at in product(*map(range, block))
    ]
    return first[:, None] + torch.tensor(steps, device=seeds.device)
