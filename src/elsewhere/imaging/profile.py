"""profile: what a scan's voxels tell of its acquisition: histogram, noise, edges, lungs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.ndimage import binary_erosion

from elsewhere.files import whole
from elsewhere.imaging import lungs, plausible, sharpness, signature, tissue
from elsewhere.imaging.volume import Volume

BINS = 128
LOW_AND_STEP = {"HU": (-1200, 20), "CT number": (0, 32), "0-255": (0, 2), "grey": (0, 32)}
FACE_MM = 60.0  # from the lung apex to the chin of an adult whose head is not bent
NOISE_SLICES = 12
EDGE_SLICES = 3
LEAST_PATCH = 4  # voxels along its side
LEAST_PATCHES = 10
LEAST_UNEVEN = 0.2
QUARTILE = (0.25, -0.6744897501960817)  # with the normal quantile
MEDIAN = (0.5, 0.0)

SCHEMA = pa.schema(
    [
        ("scan_id", pa.string()),
        ("value_scale", pa.string()),
        ("histogram", pa.list_(pa.int64())),
        ("air_peak", pa.float64()),
        ("tissue_peak", pa.float64()),
        ("hu_believable", pa.bool_()),
        ("noise_air", pa.float64()),
        ("noise_lung", pa.float64()),
        ("edge_px", pa.float64()),
        ("lowest_share", pa.float64()),
        ("highest_share", pa.float64()),
        ("margin_share", pa.float64()),
        ("body_share", pa.float64()),
        ("lung_share", pa.float64()),
        ("lung_litres", pa.float64()),
        ("lung_first", pa.int64()),
        ("lung_last", pa.int64()),
        ("face_slices", pa.int64()),
        ("signature", pa.binary(signature.LENGTH)),
    ]
)
COLUMNS = tuple(SCHEMA.names)
BY_SECTION = ("noise_air", "noise_lung", "edge_px", "body_share", "lung_share", "lung_litres")


def of(volume: Volume) -> dict[str, Any]:
    """Measure one scan.

    Parameters
    ----------
    volume
        [z, y, x], z from feet to head; one slice is an image.

    Returns
    -------
    dict
        A row of `SCHEMA` without ``scan_id``, which the caller knows:

        ``histogram``: voxels in each bin of `edges`, of every n-th voxel along each axis; what
        lies beyond the ends counts in the outer bins. ``air_peak``, ``tissue_peak`` and
        ``hu_believable``: see `elsewhere.imaging.plausible`. ``noise_air`` and ``noise_lung``:
        standard deviation within small patches, in value units; 0 where air was replaced by one
        value, NaN where none was found. ``edge_px``: blur of edges, see
        `elsewhere.imaging.sharpness`. ``lowest_share``, ``highest_share``: voxels that have the
        lowest and the highest value. ``margin_share``: share of the picture that lies outside the
        smallest box with every other value than the lowest. ``body_share``: share of the slices
        that is not air around the patient; ``lung_share``: lung as a share of that;
        ``lung_litres``: NaN where a distance is unknown. ``lung_first``, ``lung_last``: slice
        indices, -1 none. ``face_slices``: slices more than `FACE_MM` above the lungs; -1 if lungs
        or slice distance are unknown, so that nothing can be said.
    """
    voxels, seen = volume.voxels, tissue.subsampled(volume.voxels)
    split = tissue.threshold(seen)
    run = None if split is None else lungs.extent(voxels, split=split)
    first, last = (-1, -1) if run is None else run
    found = plausible.peaks(seen, split)
    measured = dict.fromkeys(BY_SECTION, math.nan)
    if split is not None:
        measured = _of_sections(volume, _sections(voxels, run, split), split)
    return {
        "value_scale": volume.value_scale,
        "histogram": _histogram(seen, volume.value_scale),
        "air_peak": found.air,
        "tissue_peak": found.tissue,
        "hu_believable": found.believable,
        **measured,
        **_borders(seen),
        "lung_first": first,
        "lung_last": last,
        "face_slices": _face_slices(len(voxels), last, volume.spacing_mm[0]),
        "signature": signature.of(voxels),
    }


def edges(value_scale: str) -> npt.NDArray[np.float64]:
    """Return the `BINS` + 1 edges of the histograms of a value scale."""
    low, step = LOW_AND_STEP[value_scale]
    return low + step * np.arange(BINS + 1, dtype=np.float64)


def quantiles(
    histograms: npt.NDArray[np.int64], value_scale: str, *, shares: Sequence[float]
) -> npt.NDArray[np.float64]:
    """Return quantiles of grey values from histograms, as if a bin's values were spread evenly.

    Parameters
    ----------
    histograms
        Counts [n, `BINS`]; none is empty.
    value_scale
        Of all these scans.
    shares
        Between 0 and 1.

    Returns
    -------
    numpy.ndarray
        [n, shares], in units of the value scale.
    """
    at = edges(value_scale)
    below = np.cumsum(histograms, axis=1) / histograms.sum(axis=1, keepdims=True)
    below = np.concatenate([np.zeros((len(below), 1)), below], axis=1)
    found = [np.interp(shares, row, at) for row in below]
    return np.array(found, np.float64).reshape(len(histograms), len(shares))


def write(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write rows of `SCHEMA`, sorted by scan_id; equal rows give equal bytes."""
    ordered = sorted(rows, key=lambda row: str(row["scan_id"]))
    table = pa.Table.from_pylist([dict(row) for row in ordered], schema=SCHEMA)
    with whole(path) as part:
        pq.write_table(table, part)


def read(path: Path) -> pd.DataFrame:
    """Read one row a scan, the columns of `SCHEMA`."""
    table = pq.read_table(path)
    if table.schema.names != [*COLUMNS]:
        raise ValueError(f"{path}: columns {table.schema.names}, expected {[*COLUMNS]}")
    frame: pd.DataFrame = table.to_pandas()
    return frame


def _histogram(seen: npt.NDArray[np.int16], value_scale: str) -> list[int]:
    low, step = LOW_AND_STEP[value_scale]
    bins = np.clip((seen.astype(np.int32) - low) // step, 0, BINS - 1)
    found: list[int] = np.bincount(bins.ravel(), minlength=BINS).tolist()
    return found


def _face_slices(count: int, lung_last: int, distance_mm: float) -> int:
    if lung_last < 0 or not distance_mm > 0:
        return -1
    return max(0, count - 1 - lung_last - math.floor(FACE_MM / distance_mm))


def _borders(seen: npt.NDArray[np.int16]) -> dict[str, float]:
    lowest = seen.min()
    shown = (seen > lowest).any(axis=0)
    box = 1
    for axis in (0, 1):
        at = np.flatnonzero(shown.any(axis=axis))
        box *= at[-1] - at[0] + 1 if len(at) else 0
    return {
        "lowest_share": float((seen == lowest).mean()),
        "highest_share": float((seen == seen.max()).mean()),
        "margin_share": float(1 - box / shown.size),
    }


def _sections(
    voxels: npt.NDArray[np.int16], run: tuple[int, int] | None, split: float
) -> lungs.Sections:
    first, last = (0, len(voxels) - 1) if run is None else run
    at = np.unique(np.linspace(first, last, NOISE_SLICES).astype(np.intp))
    return lungs.sections(voxels, at, split=split)


def _of_sections(volume: Volume, found: lungs.Sections, split: float) -> dict[str, float]:
    """Measure noise, edges and the sizes of body and lungs in some slices.

    Noise is measured in the air around the patient and in the quietest quarter of the lung, where
    vessels add to most patches; the quartile is scaled to what white noise would have.
    """
    voxels, body = volume.voxels, ~found.air
    middle = found.at[
        np.unique(np.linspace(0, len(found.at) - 1, EDGE_SLICES + 2)[1:-1].astype(int))
    ]
    return {
        "noise_air": _spread(voxels, found, found.air, MEDIAN),
        "noise_lung": _spread(voxels, found, found.lung, QUARTILE),
        "edge_px": sharpness.edge_px(voxels[middle], split=split),
        "body_share": float(body.mean()),
        "lung_share": float(found.lung.sum() / max(1, body.sum())),
        "lung_litres": _litres(volume, found),
    }


def _litres(volume: Volume, found: lungs.Sections) -> float:
    """Return the volume between the first and the last slice, NaN of a single one."""
    if len(found.at) < 2:
        return math.nan
    rows, columns = volume.voxels.shape[1:]
    distance, down, across = volume.spacing_mm
    area_mm2 = found.shares * (rows * down * columns * across)
    return float(np.trapezoid(area_mm2, found.at * distance) / 1e6)


def _spread(
    voxels: npt.NDArray[np.int16],
    found: lungs.Sections,
    mask: npt.NDArray[np.bool_],
    quantile: tuple[float, float],
) -> float:
    """Return a quantile of the standard deviations of square patches that lie in a mask.

    Patches of one value are padding and are left out, unless nearly all are.
    """
    cells = max(2, -(-LEAST_PATCH // found.stride))
    side = cells * found.stride
    inner = binary_erosion(mask, structure=np.ones((1, 3, 3), bool))
    rows, columns = (length // side for length in voxels.shape[1:])
    whole_cells = inner[:, : rows * cells, : columns * cells]
    inside = whole_cells.reshape(-1, rows, cells, columns, cells).all(axis=(2, 4))
    if inside.sum() < LEAST_PATCHES:
        return math.nan
    square = voxels[found.at, : rows * side, : columns * side].reshape(
        -1, rows, side, columns, side
    )
    patches = square.transpose(0, 1, 3, 2, 4)[inside].reshape(-1, side * side)
    spreads = patches.astype(np.float64).std(axis=1, ddof=1)
    uneven = spreads[spreads > 0]
    if len(uneven) < LEAST_UNEVEN * len(spreads):
        return 0.0
    freedom = 2 / (9 * (side * side - 1))
    usual = (1 - freedom + quantile[1] * math.sqrt(freedom)) ** 1.5  # Wilson and Hilferty 1931
    return float(np.quantile(uneven, quantile[0]) / usual)
