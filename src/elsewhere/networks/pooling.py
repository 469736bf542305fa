"""pooling: max and average pooling without overlap, deterministic where torch has to be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Pool(nn.Module):
    """Divide each spatial extent by an integer factor: the maximum or the mean of each block.

    A factor larger than the extent is reduced to it. Voxels at the end of an axis that do not
    fill a block are left out.

    Parameters
    ----------
    factors
        Downsampling factors of (z, y, x) or (y, x).
    kind
        "max" or "average" (A-36).
    """

    def __init__(self, factors: Sequence[int], *, kind: Literal["max", "average"]) -> None:
        super().__init__()
        self.factors = tuple(factors)
        self.kind = kind

    def forward(self, images: Tensor) -> Tensor:
        """Return ``[batch, channels, extent // factor, ...]``."""
        block = cut(self.factors, images.shape[2:])
        if images.is_cuda and torch.are_deterministic_algorithms_enabled():
            return fold(images, block, kind=self.kind)
        pooled: Tensor = _TORCH[self.kind, len(block)](images, block)
        return pooled

    def extra_repr(self) -> str:
        """Show the factors and the operator."""
        return f"{self.factors}, kind={self.kind!r}"


_TORCH: dict[tuple[str, int], Callable[..., Tensor]] = {
    ("max", 2): F.max_pool2d,
    ("max", 3): F.max_pool3d,
    ("average", 2): F.avg_pool2d,
    ("average", 3): F.avg_pool3d,
}


def cut(sides: Sequence[int], extent: Sequence[int]) -> tuple[int, ...]:
    """Return the sides of a block, none longer than the extent of its axis."""
    return tuple(min(side, length) for side, length in zip(sides, extent, strict=True))


def fold(images: Tensor, block: Sequence[int], *, kind: Literal["max", "average"]) -> Tensor:
    """Pool by reshaping each axis into blocks and reducing over them.

    On CUDA torch refuses the gradient of its own 3D pooling when algorithms must be
    deterministic. The gradient of a reduction needs no atomic addition. Equal maxima share the
    gradient.
    """
    for axis, factor in enumerate(block, start=2):
        blocks = images.shape[axis] // factor
        filled = images.narrow(axis, 0, blocks * factor)
        folded = filled.reshape(*filled.shape[:axis], blocks, factor, *filled.shape[axis + 1 :])
        images = folded.amax(axis + 1) if kind == "max" else folded.mean(axis + 1)
    return images


class AveragePoolTo2x2(nn.Module):
    """Average to 2 x 2 positions (D-09) like torch's adaptive pooling; deterministic on CUDA."""

    def forward(self, images: Tensor) -> Tensor:
        """Return ``[batch, channels, 2, 2]``; the halves of an odd extent share the middle."""
        rows = [half.mean(2) for half in _halves(images, 2)]
        cells = [half.mean(2) for row in rows for half in _halves(row, 2)]
        return torch.stack(cells, dim=2).view(*images.shape[:2], 2, 2)


def _halves(images: Tensor, axis: int) -> list[Tensor]:
    extent = images.shape[axis]
    length = (extent + 1) // 2
    return [images.narrow(axis, start, length) for start in (0, extent - length)]
