"""paper_traffic: bytes that a training step of the paper's 3D network moves, by arithmetic.

python benchmarks/paper_traffic.py      # the table of docs/paper_scale.md
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from elsewhere.networks.nguyen_cnn import FACTORS, KERNELS

FILTERS = 8
# Passes over a volume between two convolutions, forward and backward, with the bytes of the mask
# for each voxel. Plain: ReLU 2 and 3, copy 2 and 2, GroupNorm 3 and 5, copy 2 and 2, DropBlock
# 4 and 4. One operation: input twice, result once; input and gradient twice, gradient once.
BETWEEN = {"plain": (13, 16, 4.0), "fused": (3, 5, 0.25)}
AGAIN = {"plain": 11, "fused": 3}  # of a second forward pass, its ReLU left out


def levels(depth: int, side: int) -> Iterator[tuple[int, int, int]]:
    """Yield voxels before and after the pooling of each level, and its filters."""
    extent = (depth, side, side)
    for level, factors in enumerate(FACTORS):
        before = extent[0] * extent[1] * extent[2]
        extent = tuple(max(1, n // f) for n, f in zip(extent, factors, strict=True))
        yield before, extent[0] * extent[1] * extent[2], FILTERS << level


def moved(depth: int, side: int, *, size: int, way: str, again: bool = False) -> dict[str, float]:
    """Return bytes of a step by kind of work.

    Parameters
    ----------
    depth, side
        Of the volume, batch 1.
    size
        Bytes of a value: 2 in bf16, 4 in fp32.
    way
        A key of `BETWEEN`.
    again
        Whether what lies between convolutions is computed twice (`recompute: cheap`).
    """
    total = {"convolutions": 0.0, "between": 0.0, "pooling": 0.0}
    inputs = 1
    for level, (before, voxels, filters) in enumerate(levels(depth, side)):
        pooled, own = before * inputs * size, voxels * filters * size
        if level:
            total["pooling"] += 3 * pooled + 2 * voxels * inputs * size
        for layer, read in enumerate((voxels * inputs * size, own)):
            first = not level and not layer  # nobody asks for the gradient of the image
            total["convolutions"] += (read + own) + (own + read) + (0 if first else own + read)
            forward, backward, mask = BETWEEN[way]
            passes = forward + backward + (AGAIN[way] if again else 0)
            total["between"] += passes * own + mask * voxels * filters
        inputs = filters
    return total


def flops(depth: int, side: int) -> float:
    """Return floating-point operations of the convolutions of a forward pass."""
    total, inputs = 0.0, 1
    for (_, voxels, filters), kernel in zip(levels(depth, side), KERNELS, strict=True):
        taps = kernel[0] * kernel[1] * kernel[2]
        total += 2.0 * voxels * filters * taps * (inputs + filters)
        inputs = filters
    return total


def kept(depth: int, side: int, *, size: int, copies: int) -> float:
    """Return bytes kept for the backward pass, so many volumes for each convolution."""
    return sum(2.0 * copies * voxels * filters * size for _, voxels, filters in levels(depth, side))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--depth", type=int, default=128)
    parser.add_argument("--side", type=int, default=512)
    a = parser.parse_args()
    print(f"forward {flops(a.depth, a.side) / 1e9:.0f} GFLOP\n")
    print("| step | convolutions, GB | between, GB | pooling, GB | all | 4.3 TB/s | 3 TB/s |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    ways = [(way, again) for way in BETWEEN for again in (False, True)]
    for size, name in ((4, "fp32"), (2, "bf16")):
        for way, again in ways:
            parts = moved(a.depth, a.side, size=size, way=way, again=again)
            whole = sum(parts.values())
            cells = " | ".join(f"{value / 1e9:.1f}" for value in (*parts.values(), whole))
            times = " | ".join(f"{whole / rate / 1e9:.1f} ms" for rate in (4.3, 3.0))
            title = f"{name}, {way}" + (", recompute: cheap" if again else "")
            print(f"| {title} | {cells} | {times} |")
    print(
        "\n| kept for the backward pass, bf16 | volumes for each convolution | GB |"
        "\n|---|---:|---:|"
    )
    for title, copies in (("plain", 3), ("fused", 2), ("recompute: cheap, fused or not", 1)):
        volumes = kept(a.depth, a.side, size=2, copies=copies)
        print(f"| {title} | {copies} | {volumes / 1e9:.1f} |")


if __name__ == "__main__":
    main()
