"""block_mask: which voxels DropBlock drops, one bit a voxel, so that the mask is cheap to keep."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from elsewhere.networks.pooling import cut

BITS = 8  # channels in a byte
_BYTES = 4  # in a word


@torch.no_grad()
def draw(images: Tensor, *, rate: float, size: int) -> tuple[Tensor, Tensor]:
    """Draw blocks as `dropblock.draw` does, from the same random numbers, as bits.

    No step waits for a value on the device, needs a sort of all dropped positions or depends on
    the order of threads. At the first level of the paper's network the bits take 34 MB, where the
    positions take 215 MB and a byte for each voxel 268 MB.

    Parameters
    ----------
    images
        ``[batch, channels, z, y, x]``; only shape, dtype and device are used.
    rate
        Expected share of dropped voxels.
    size
        Side of a block, voxels.

    Returns
    -------
    bits
        uint8 ``[batch, z, y, x, channels / 8, rounded up]``: bit c % 8 of byte c // 8 is 1 where
        channel c is dropped.
    factor
        ``[batch, 1, 1, 1, 1]``, in the dtype of `images`: voxels / kept voxels.
    """
    seeds, grid, block = starts(images.shape, rate=rate, size=size, device=images.device)
    bits = _seeded(seeds, grid, images.shape)
    for axis, side in enumerate(block, start=1):
        bits = _grown(bits, axis, side)
    dropped = _ones(bits).sum((1, 2, 3, 4), keepdim=True)
    voxels = images[0].numel()
    return bits, (voxels / (voxels - dropped).clamp_(min=1)).to(images.dtype)


def starts(
    shape: Sequence[int], *, rate: float, size: int, device: torch.device
) -> tuple[Tensor, tuple[int, ...], tuple[int, ...]]:
    """Draw where blocks start; they start only where they fit.

    So gamma, the share of positions that start a block, is rate / block x voxels / positions.

    Returns
    -------
    seeds
        int64, rising positions in a dense array of `grid`; those past its end are padding.
    grid
        ``(batch, channels, z, y, x)``: the positions.
    block
        Sides (z, y, x) of a block.
    """
    block = cut((size, size, size), shape[2:])
    counts = [extent - side + 1 for extent, side in zip(shape[2:], block, strict=True)]
    gamma = rate / math.prod(block) * math.prod(shape[2:]) / math.prod(counts)
    grid = (*shape[:2], *counts)
    return successes(math.prod(grid), min(gamma, 1.0), device), grid, block


def successes(trials: int, probability: float, device: torch.device) -> Tensor:
    """Return the positions of the successes of Bernoulli trials, padded with positions >= trials.

    The gaps between successes follow a geometric distribution, which takes far fewer draws than
    trials. The number of draws exceeds the expected number by eight standard deviations, so that
    no success is missed.
    """
    expected = trials * probability
    draws = math.ceil(expected + 8 * math.sqrt(expected)) + 8
    gaps = torch.empty(draws, dtype=torch.float64, device=device).geometric_(probability)
    return gaps.long().cumsum(0) - 1


def is_dropped(bits: Tensor, channels: int) -> Tensor:
    """Return where voxels are dropped, bool ``[batch, channels, z, y, x]``, channels last."""
    return rows_dropped(bits, channels).permute(0, 4, 1, 2, 3)


def rows_dropped(bits: Tensor, channels: int) -> Tensor:
    """Return the same with the channels last, ``[..., channels]``, for ``[..., bytes]``."""
    which = 1 << torch.arange(BITS, dtype=torch.uint8, device=bits.device)
    return (bits[..., None] & which).flatten(-2)[..., :channels] != 0


def _seeded(seeds: Tensor, grid: tuple[int, ...], shape: Sequence[int]) -> Tensor:
    """Set the bit of each block's first voxel; the others are 0.

    Seeds differ from each other, so that adding their bits is the same as setting them. They are
    added to words, whose first byte is the lowest one wherever there is CUDA: what torch compiles
    for it cannot add to bytes.
    """
    _, channels, depth, rows, columns = shape
    n_bytes = -(-channels // BITS)
    x, rest = seeds % grid[4], seeds // grid[4]
    y, rest = rest % grid[3], rest // grid[3]
    z, rest = rest % grid[2], rest // grid[2]
    channel, scan = rest % grid[1], rest // grid[1]
    at = (((scan * depth + z) * rows + y) * columns + x) * n_bytes + channel // BITS
    n_all = math.prod((shape[0], depth, rows, columns, n_bytes))
    n_words = -(-n_all // _BYTES)
    word = torch.where(scan < grid[0], at // _BYTES, n_words)  # one more, for the padding
    shift = (channel % BITS + BITS * (at % _BYTES)).int()
    words = torch.zeros(n_words + 1, dtype=torch.int32, device=seeds.device)
    words.index_add_(0, word, torch.ones_like(shift) << shift)
    return words.view(torch.uint8)[:n_all].view(shape[0], depth, rows, columns, n_bytes)


def _grown(bits: Tensor, axis: int, side: int) -> Tensor:
    """Grow each dropped voxel to `side` voxels along an axis, towards its end."""
    length = bits.shape[axis]
    grown = bits.clone()
    for step in range(1, side):
        grown.narrow(axis, step, length - step).bitwise_or_(bits.narrow(axis, 0, length - step))
    return grown


def _ones(bits: Tensor) -> Tensor:
    """Return the number of ones in each byte, uint8; by halves, as there is no such operation."""
    pairs = bits - ((bits >> 1) & 0x55)
    fours = (pairs & 0x33) + ((pairs >> 2) & 0x33)
    return (fours + (fours >> 4)) & 0x0F
