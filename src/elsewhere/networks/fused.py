"""fused: ReLU, GroupNorm and DropBlock in one operation, with few passes over memory.

Apart they read and write a volume eleven times on a CPU. Here the input is read twice and the
result written once; the backward pass reads input and gradient twice and writes once. Of the large
tensors the operation keeps its input alone. On a CPU this holds because a piece of the volume stays
in the cache between its operations, on CUDA because torch compiles these into one kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn

from elsewhere.networks import block_mask

# Elements of a piece on a CPU: its intermediate results stay in the cache of a core.
PIECE = 1 << 17
_COMPILED_AT_MOST = 64  # variants of a function on CUDA

# Of one scan or a part of it: rows ``[voxels, channels]`` of several volumes, and the bits of
# `block_mask`, ``[voxels, bytes]``, or None where nothing is dropped.
_Piece = tuple[tuple[Tensor, ...], Tensor | None]


def relu_norm_drop(
    images: Tensor, norm: nn.GroupNorm, drop: tuple[Tensor, Tensor] | None
) -> Tensor:
    """Return DropBlock(GroupNorm(ReLU(`images`))), channels last.

    It equals the three operations up to rounding. Sums are in float32 for half precision.

    Parameters
    ----------
    images
        ``[batch, channels, z, y, x]``, such as the output of a convolution; not changed.
    norm
        The normalisation.
    drop
        Bits and factor of `block_mask.draw`; None: DropBlock is off.
    """
    sizes = (norm.num_groups, norm.eps)
    outcome: Tensor = _ReluNormDrop.apply(  # type: ignore[no-untyped-call]
        images, norm.weight, norm.bias, drop or (None, None), sizes
    )
    return outcome


class _ReluNormDrop(torch.autograd.Function):
    """The operation and its gradient, each in two passes: sums, then values."""

    @staticmethod
    def forward(
        ctx: Any,
        images: Tensor,
        weight: Tensor,
        bias: Tensor,
        *drop_and_sizes: Any,
    ) -> Tensor:
        (bits, factor), sizes = drop_and_sizes
        images = images.contiguous(memory_format=torch.channels_last_3d)
        sums = _summed(_moments, (images,), bits)
        mean, inverse = _statistics(sums, sizes, images[0, 0].numel())
        scale = inverse * weight.to(inverse.dtype)
        shift = bias.to(inverse.dtype) - mean * scale
        if factor is not None:
            by = factor.view(-1, 1).to(scale.dtype)
            scale, shift = scale * by, shift * by
        out = torch.empty_like(images)
        for scan, (rows, own) in _pieces((images, out), bits):
            _fast(_normalise, images)(rows, own, (scale[scan], shift[scan]))
        ctx.save_for_backward(images, weight, mean, inverse, bits, factor)
        ctx.groups = sizes[0]
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        images, weight, mean, inverse, bits, factor = ctx.saved_tensors
        gradient = gradients[0].contiguous(memory_format=torch.channels_last_3d)
        by = 1.0 if factor is None else factor.view(-1, 1).to(mean.dtype)
        plain, weighted = _summed(_products, (images, gradient), bits)
        plain, weighted = plain * by, weighted * by
        towards = (weighted - mean * plain) * inverse  # sum of gradient x normalised value
        wide = weight.to(mean.dtype)
        count = images[0, 0].numel() * (images.shape[1] // ctx.groups)
        slope = inverse**2 * _of_group(wide * towards, ctx.groups) / count
        offset = slope * mean - inverse * _of_group(wide * plain, ctx.groups) / count
        out = torch.empty_like(images)
        scale = inverse * wide * by
        for scan, (rows, own) in _pieces((images, gradient, out), bits):
            terms = (scale[scan], slope[scan], offset[scan])
            _fast(_differentiate, images)(rows, own, terms)
        return (
            out,
            towards.sum(0).to(weight.dtype),
            plain.sum(0).to(weight.dtype),
            None,
            None,
        )


def _pieces(volumes: tuple[Tensor, ...], bits: Tensor | None) -> Iterator[tuple[int, _Piece]]:
    """Yield number of scan and piece; only a CPU needs more than one piece a scan."""
    channels, voxels = volumes[0].shape[1], volumes[0][0, 0].numel()
    length = max(1, PIECE // channels) if volumes[0].device.type == "cpu" else voxels
    rows = [volume.permute(0, 2, 3, 4, 1).flatten(1, 3) for volume in volumes]
    flat = None if bits is None else bits.flatten(1, 3)
    for scan in range(len(volumes[0])):
        for first in range(0, voxels, length):
            at = slice(first, first + length)
            own = None if flat is None else flat[scan, at]
            yield scan, (tuple(volume[scan, at] for volume in rows), own)


def _summed(
    sums_of: Callable[..., Tensor], volumes: tuple[Tensor, ...], bits: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Return two sums over the voxels of each scan and channel, ``[batch, channels]``.

    The pieces are added in float64: a volume has millions of voxels.
    """
    shape = (2, *volumes[0].shape[:2])
    total = torch.zeros(shape, dtype=torch.float64, device=volumes[0].device)
    for scan, (rows, own) in _pieces(volumes, bits):
        total[:, scan] += _fast(sums_of, volumes[0])(rows, own)
    return total[0], total[1]


def _fast(function: Callable[..., Any], images: Tensor) -> Callable[..., Any]:
    """Return a function of pieces, compiled for CUDA where torch can do that."""
    return _compiled(function) if images.is_cuda and find_spec("triton") else function


@cache
def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    # five levels, in training, validation and Monte-Carlo passes: more shapes than torch's limit
    # of 8, past which it would not compile
    compiled: Callable[..., Any] = torch.compile(  # type: ignore[call-overload]
        function, dynamic=False, recompile_limit=_COMPILED_AT_MOST
    )
    return compiled


def _moments(rows: tuple[Tensor, ...], bits: Tensor | None) -> Tensor:
    """Return the sums of values and of squares after the ReLU, ``[2, channels]``."""
    del bits  # what is dropped counts, too
    active = _wide(rows[0]).relu()
    return torch.stack([active.sum(0), (active * active).sum(0)])


def _products(rows: tuple[Tensor, ...], bits: Tensor | None) -> Tensor:
    """Return the sums of the gradient, and of the gradient times the value, ``[2, channels]``."""
    active, gradient = _wide(rows[0]).relu(), _kept(_wide(rows[1]), bits)
    return torch.stack([gradient.sum(0), (gradient * active).sum(0)])


def _normalise(rows: tuple[Tensor, ...], bits: Tensor | None, terms: tuple[Tensor, Tensor]) -> None:
    """Write the result of a piece, ``scale * value + shift``, dropped voxels 0."""
    source, out = rows
    active = _wide(source).relu()
    scale, shift = (term.to(active.dtype) for term in terms)
    out.copy_(_kept(torch.addcmul(shift, active, scale), bits))


def _differentiate(
    rows: tuple[Tensor, ...], bits: Tensor | None, terms: tuple[Tensor, Tensor, Tensor]
) -> None:
    """Write the gradient of a piece: ``scale * gradient - slope * value + offset`` above 0."""
    source, gradient, out = rows
    active = _wide(source).relu()
    scale, slope, offset = (term.to(active.dtype) for term in terms)
    shifted = torch.addcmul(offset, _kept(_wide(gradient), bits), scale)
    outcome = torch.addcmul(shifted, active, slope, value=-1)
    out.copy_(torch.ops.aten.threshold_backward(outcome, active, 0))


def _statistics(
    sums: tuple[Tensor, ...], sizes: tuple[int, float], voxels: int
) -> tuple[Tensor, Tensor]:
    """Return mean and 1 / standard deviation of each channel's group, ``[batch, channels]``."""
    groups, eps = sizes
    count = voxels * (sums[0].shape[1] // groups)
    mean = _of_group(sums[0], groups) / count
    variance = (_of_group(sums[1], groups) / count - mean**2).clamp_(min=0)
    return mean, (variance + eps).rsqrt()


def _of_group(values: Tensor, groups: int) -> Tensor:
    """Return for each channel the sum over its group, ``[batch, channels]``."""
    apart = values.view(len(values), groups, -1)
    return apart.sum(2, keepdim=True).expand_as(apart).reshape(values.shape)


def _kept(rows: Tensor, bits: Tensor | None) -> Tensor:
    if bits is None:
        return rows
    return rows.masked_fill(block_mask.rows_dropped(bits, rows.shape[1]), 0)


def _wide(rows: Tensor) -> Tensor:
    return rows.float() if rows.dtype in (torch.bfloat16, torch.float16) else rows
