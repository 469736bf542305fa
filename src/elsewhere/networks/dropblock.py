"""dropblock: DropBlock regularisation (Ghiasi et al. 2018) in 3D, with a mask per channel."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn

from elsewhere.networks import block_mask
from elsewhere.networks.block_mask import starts


class DropBlock3d(nn.Module):
    """Set random blocks of each channel to zero and rescale the rest (A-30).

    Like nn.Dropout it acts while its own `training` is true, so that Monte-Carlo dropout can
    switch either of the two on (A-57).

    Parameters
    ----------
    rate
        Expected share of dropped voxels; it is slightly less where blocks overlap.
    size
        Side of a block in voxels; on an axis that is shorter, the length of that axis.
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
        if torch.compiler.is_compiling():
            return masked(images, *self.bits(images))
        if images.device.type == "cpu":
            dropped, factor = draw(images, rate=self.rate, size=self.size)
            output: Tensor = _Drop.apply(images, dropped, factor)  # type: ignore[no-untyped-call]
        else:
            output = DropBits.apply(images, *self.bits(images))  # type: ignore[no-untyped-call]
        return output

    def bits(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Draw what to drop in `images` as bits, with the factor; see `block_mask.draw`."""
        return block_mask.draw(images, rate=self.rate, size=self.size)

    def extra_repr(self) -> str:
        """Show rate and block size."""
        return f"rate={self.rate}, size={self.size}"


def masked(images: Tensor, bits: Tensor, factor: Tensor) -> Tensor:
    """Return `images` times `factor`, and 0 where the bits of `block_mask.draw` say so.

    These are plain operations, which a compiler fuses with those before and after them.
    """
    dropped = block_mask.is_dropped(bits, images.shape[1])
    return torch.where(dropped, torch.zeros_like(factor), images * factor)


@torch.no_grad()
def draw(images: Tensor, *, rate: float, size: int) -> tuple[Tensor, Tensor]:
    """Draw the voxels to drop, and each scan's factor for the others: voxels / kept voxels.

    Each scan has its own factor, so that its result does not depend on the rest of the batch.
    Blocks are few, so their positions are listed; on a CPU this is many times cheaper than dilating
    a dense mask of seeds. On CUDA a list is sorted when algorithms must be deterministic, and its
    writes are scattered: `block_mask.draw` is the same there.

    Parameters
    ----------
    images
        ``[batch, channels, z, y, x]``; only its layout is used.
    rate
        Expected share of dropped voxels.
    size
        Side of a block, voxels.

    Returns
    -------
    dropped
        ``[blocks, voxels of a block]``, int64: positions in the memory of a dense tensor with the
        layout of `images`; padding rows hold the position after the last voxel.
    factor
        ``[batch, 1, 1, 1, 1]``, in the dtype of `images`.
    """
    seeds, grid, block = starts(images.shape, rate=rate, size=size, device=images.device)
    stride = _dense_stride(images)
    voxels = _voxels(seeds.clamp(max=math.prod(grid) - 1), grid, block, stride)
    dropped = torch.where(seeds[:, None] < math.prod(grid), voxels, images.numel())
    # Blocks overlap, so the kept voxels must be counted one by one.
    flat = torch.ones(images.numel() + 1, dtype=torch.uint8, device=images.device)
    flat[dropped] = 0
    kept = flat.as_strided(images.shape, stride).sum((1, 2, 3, 4), keepdim=True).clamp_(min=1)
    return dropped, (images[0].numel() / kept).to(images.dtype)


class _Drop(torch.autograd.Function):
    """Write zeros at the dropped positions, in both directions.

    This takes half as many passes over memory as multiplying by a dense mask.
    """

    @staticmethod
    def forward(ctx: Any, images: Tensor, dropped: Tensor, factor: Tensor) -> Tensor:
        ctx.save_for_backward(dropped, factor)
        ctx.stride = _dense_stride(images)
        return _dropped(images, dropped, factor, ctx.stride)

    @staticmethod
    def backward(ctx: Any, *gradient: Tensor) -> tuple[Tensor, None, None]:
        dropped, factor = ctx.saved_tensors
        return _dropped(gradient[0], dropped, factor, ctx.stride), None, None


class DropBits(torch.autograd.Function):
    """`masked`, which keeps the bits alone for the backward pass."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, bits: Tensor, factor: Tensor) -> Tensor:
        """Return `images` with blocks dropped."""
        ctx.save_for_backward(bits, factor)
        return masked(images, bits, factor)

    @staticmethod
    def backward(ctx: Any, *gradient: Tensor) -> tuple[Tensor, None, None]:
        """Return the gradient, dropped in the same places."""
        return masked(gradient[0], *ctx.saved_tensors), None, None


def _dropped(images: Tensor, dropped: Tensor, factor: Tensor, stride: tuple[int, ...]) -> Tensor:
    # one element more than there are voxels: the padding positions point to it
    memory = images.new_empty(images.numel() + 1)
    out = memory.as_strided(images.shape, stride)
    torch.mul(images, factor, out=out)
    memory[dropped] = 0
    return out


def _dense_stride(images: Tensor) -> tuple[int, ...]:
    return torch.empty_like(images, device="meta").stride()


def _voxels(
    seeds: Tensor, grid: tuple[int, ...], block: tuple[int, ...], stride: tuple[int, ...]
) -> Tensor:
    """Return the positions in memory of each seed's block, ``[seeds, voxels of a block]``."""
    first = torch.zeros_like(seeds)
    for extent, step in zip(reversed(grid), reversed(stride), strict=True):
        first += seeds % extent * step
        seeds = seeds // extent
    steps = [
        sum(a * b for a, b in zip(at, stride[2:], strict=True))
        for at in product(*map(range, block))
    ]
    return first[:, None] + torch.tensor(steps, device=seeds.device)
