"""signature: describe a volume in one kilobyte, to find near-duplicates after re-encoding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from elsewhere.imaging import tissue

LENGTH = 1152
LATTICES = {"image": (1, 36, 32), "volume": (4, 18, 16)}
SMOOTH_CELLS = {"image": (0, 2, 2), "volume": (0, 1, 1)}
STEP = 1 / 32  # one unit of the stored int8, in standard deviations
TAIL = 0.01
LIKE_TISSUE = 1.2
RAMP = (0.3, 0.7)  # 0: air, 1: tissue; noise in air and lung are below, body edges inside

Float = npt.NDArray[np.float32]


def of(voxels: npt.NDArray[np.int16]) -> bytes:
    """Return the near-duplicate signature of a volume, or of an image (one slice).

    The signature holds block means over a lattice that spans the body. Values are first scaled from
    air (0) to soft tissue (1) of the scan; the smooth part of the block means is subtracted, and
    the rest is standardised. The scale removes slope, intercept and any window that keeps lung and
    soft tissue. The lattice over the body nearly removes resampling, padding and a slice more or
    less. A mirrored copy is another volume.

    Parameters
    ----------
    voxels
        int16 [z, y, x].

    Returns
    -------
    bytes
        `LENGTH` int8 values in units of `STEP`; all zero if air and tissue cannot be separated.
    """
    kind = "image" if len(voxels) == 1 else "volume"
    sampled = tissue.averaged(voxels)
    split = tissue.threshold(sampled)
    if split is None:
        return bytes(LENGTH)
    body = sampled > split
    air, soft = float(np.median(sampled[~body])), float(np.median(sampled[body]))
    scaled = (sampled.astype(np.float32) - np.float32(air)) / np.float32(soft - air)
    blocks: Float = np.clip(scaled, 0, LIKE_TISSUE)
    share: Float = np.clip((blocks - RAMP[0]) / (RAMP[1] - RAMP[0]), 0, 1)
    for axis, count in enumerate(LATTICES[kind]):
        blocks = _averaged(blocks, axis, _edges(share, axis, count))
    blocks -= gaussian_filter(blocks, SMOOTH_CELLS[kind], mode="nearest")
    return _packed(blocks)


def unpacked(signatures: Sequence[bytes]) -> Float:
    """Return signatures as unit vectors, so that products of rows are correlations.

    Returns
    -------
    numpy.ndarray
        float32 [n, LENGTH]; a row of zeros for a signature of zeros.
    """
    rows = np.frombuffer(b"".join(signatures), np.int8).reshape(-1, LENGTH)
    return normalised(rows.astype(np.float32))


def normalised(rows: Float) -> Float:
    """Scale rows to length 1; a row of zeros stays."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    unit_rows: Float = (rows / np.where(norms > 0, norms, 1)).astype(np.float32)
    return unit_rows


def _edges(share: Float, axis: int, count: int) -> npt.NDArray[np.float64]:
    """Return the edges, in voxels, of `count` equal blocks between the tails of the body's mass.

    Quantiles of the tissue shares move by fractions of a voxel where a hard bound would jump, and
    they leave out a thin table below the patient.
    """
    length = share.shape[axis]
    if length == 1:
        return np.array([0.0, 1.0])
    others = tuple(other for other in range(3) if other != axis)
    mass = np.concatenate([[0.0], np.cumsum(share.sum(axis=others, dtype=np.float64))])
    ramp = 1e-9 * np.arange(length + 1)  # np.interp requires a rising axis
    low, high = np.interp((TAIL, 1 - TAIL), mass / mass[-1] + ramp, np.arange(length + 1))
    return np.linspace(low, high, count + 1)


def _averaged(values: Float, axis: int, edges: npt.NDArray[np.float64]) -> Float:
    """Average along an axis between fractional edges."""
    at = np.arange(values.shape[axis])
    overlap = np.minimum(edges[1:, None], at + 1) - np.maximum(edges[:-1, None], at)
    weights = np.clip(overlap, 0, None)
    weights /= weights.sum(axis=1, keepdims=True)
    product = np.tensordot(weights.astype(np.float32), values, axes=(1, axis))
    means: Float = np.moveaxis(product, 0, axis).astype(np.float32)
    return means


def _packed(blocks: Float) -> bytes:
    spread = float(blocks.std())
    if spread < 1e-6:
        return bytes(LENGTH)
    units = (blocks - blocks.mean()) / (spread * STEP)
    packed: bytes = np.clip(np.rint(units), -127, 127).astype(np.int8).tobytes()
    return packed
