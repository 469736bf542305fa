"""pixels: the decoded voxels of a sorted DICOM series, feet to head, in HU where it says so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom

from elsewhere.imaging import intensity
from elsewhere.imaging.dicom.series import Series, described, ordered
from elsewhere.imaging.volume import Acquisition, Contrast, SpacingMm, Unusable, Volume


def read(files: Sequence[Path]) -> Volume:
    """Decode one series, compressed or not, each slice by its own rescale (A-11, A-12).

    Parameters
    ----------
    files
        Of one *Series Instance UID*, in any order.

    Returns
    -------
    Volume
        HU where every slice has *Rescale Slope* (0028,1053) and *Rescale Intercept* (0028,1052),
        CT numbers where none has.

    Raises
    ------
    Unusable
        `mixed_rescale` if only some slices have a rescale, `not_grey` for colour or many frames,
        and what `elsewhere.imaging.dicom.series.ordered` raises.
    """
    by_path = {path: pydicom.dcmread(path, force=True) for path in files}
    series = ordered([described(dataset, path) for path, dataset in by_path.items()])
    datasets = [by_path[one.path] for one in series.headers]
    scaled = {_rescale(dataset) is not None for dataset in datasets}
    if len(scaled) > 1:
        raise Unusable("mixed_rescale", "only some slices have a rescale slope and intercept")
    stored = np.stack([_slice(dataset) for dataset in datasets])
    voxels, spacing_mm = _turned(stored, series)
    bits = max(int(dataset.BitsStored) for dataset in datasets)
    scale = intensity.value_scale(
        int(voxels.min()), int(voxels.max()), stated_hu=scaled == {True}, bits_stored=bits
    )
    return Volume(
        voxels=voxels,
        value_scale=scale,
        bits_stored=bits,
        source_format="DICOM",
        spacing_mm=spacing_mm,
        acquisition=acquisition(datasets[0]),
    )


def _rescale(dataset: pydicom.Dataset) -> tuple[float, float] | None:
    slope, intercept = dataset.get("RescaleSlope"), dataset.get("RescaleIntercept")
    if slope is None or intercept is None:
        return None
    return float(slope), float(intercept)


def _slice(dataset: pydicom.Dataset) -> npt.NDArray[np.int16]:
    stored = dataset.pixel_array
    if stored.ndim != 2 or dataset.PhotometricInterpretation not in ("MONOCHROME1", "MONOCHROME2"):
        raise Unusable(
            "not_grey", f"pixels of shape {stored.shape}, expected one grey slice [y, x]"
        )
    slope, intercept = _rescale(dataset) or (None, None)
    return intensity.rescaled(stored, slope=slope, intercept=intercept)


def _turned(
    stored: npt.NDArray[np.int16], series: Series
) -> tuple[npt.NDArray[np.int16], SpacingMm]:
    """Turn [normal, row, column] so that z runs to the head, y to the back, x to the left."""
    cosines = np.array(series.headers[0].orientation).reshape(2, 3)
    # a step along array axis 1 goes down the column cosines, along axis 2 along the row cosines
    directions = np.stack([series.normal, cosines[1], cosines[0]])[:, ::-1]
    spacing = np.array(series.spacing_mm)
    if abs(directions[1, 2]) > abs(directions[1, 1]):
        stored, directions, spacing = (
            stored.transpose(0, 2, 1),
            directions[[0, 2, 1]],
            spacing[[0, 2, 1]],
        )
    backwards = tuple(axis for axis in range(3) if directions[axis, axis] < 0)
    turned = np.ascontiguousarray(np.flip(stored, backwards))
    return turned, (float(spacing[0]), float(spacing[1]), float(spacing[2]))


def acquisition(dataset: pydicom.Dataset) -> Acquisition:
    """Return scanner, kernel and contrast of a data set (A-06).

    Contrast is "yes" where *Contrast/Bolus Agent* (0018,0010) names one, "no" where it says none;
    its absence says nothing, because many archives drop it.
    """
    agent = str(dataset.get("ContrastBolusAgent") or "").strip().upper()
    contrast: Contrast = "unknown"
    if agent:
        contrast = "no" if agent in ("NO", "NONE", "N", "WITHOUT", "W/O") else "yes"
    return Acquisition(
        manufacturer=_text(dataset, "Manufacturer"),
        kernel=_text(dataset, "ConvolutionKernel"),
        contrast=contrast,
    )


def _text(dataset: pydicom.Dataset, name: str) -> str:
    value = dataset.get(name)
    if isinstance(value, pydicom.multival.MultiValue):
        value = "/".join(str(part) for part in value)
    return str(value or "").strip() or "unknown"
