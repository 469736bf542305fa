"""lattice: resample a volume to another distance of voxels in mm, without aliasing."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk  # noqa: N813
from scipy.ndimage import gaussian_filter

from elsewhere.imaging.volume import SpacingMm

Floats = npt.NDArray[np.float32]

# of a Gaussian: its full width at half maximum in standard deviations
_FULL_WIDTH = 2 * math.sqrt(2 * math.log(2))


def resampled(
    volume: npt.NDArray[np.generic],
    *,
    spacing_mm: SpacingMm,
    wanted_mm: SpacingMm,
    rows: int,
    columns: int,
) -> Floats:
    """Resample a volume along its own axes; its centre and its orientation stay.

    Where an axis gets coarser, a Gaussian goes over it first; then values are interpolated
    linearly. No value leaves the range of the input and 0.

    Parameters
    ----------
    volume
        [z, y, x], any real type.
    spacing_mm
        (dz, dy, dx) of the volume.
    wanted_mm
        (dz, dy, dx) of the result.
    rows, columns
        Shape of the slices returned, around the centre of the volume; what lies outside the volume
        is 0. The number of slices follows from the height of the volume.

    Returns
    -------
    numpy.ndarray
        float32 [z, rows, columns].
    """
    smooth = _smoothed(volume.astype(np.float32), spacing_mm, wanted_mm)
    height = len(volume) * spacing_mm[0] / wanted_mm[0]
    shape = (max(1, round(height)), rows, columns)
    image = sitk.GetImageFromArray(smooth)
    image.SetSpacing(spacing_mm[::-1])
    # SimpleITK counts axes as x, y, z; voxel 0 of the volume is at 0 mm
    first_mm = [
        ((have - 1) * step - (want - 1) * new) / 2
        for have, step, want, new in zip(volume.shape, spacing_mm, shape, wanted_mm, strict=True)
    ][::-1]
    resample = sitk.ResampleImageFilter()
    resample.SetNumberOfThreads(1)  # a job has the cores that its rule states
    resample.SetInterpolator(sitk.sitkLinear)
    resample.SetSize(shape[::-1])
    resample.SetOutputSpacing(wanted_mm[::-1])
    resample.SetOutputOrigin(first_mm)
    found: Floats = sitk.GetArrayFromImage(resample.Execute(image))
    return found


def sigma_mm(spacing_mm: float, wanted_mm: float) -> float:
    """Return the standard deviation of the Gaussian that goes before a coarser sampling.

    A voxel is taken for a Gaussian of its own width at half maximum, so that a Gaussian of this
    width makes a fine voxel a coarse one (Cardoso et al. 2015, Scale factor point spread function
    matching: beyond aliasing in image resampling, MICCAI 2015, LNCS 9350:675-683; as NiftyReg and
    TorchIO do). 0 where the sampling gets finer.
    """
    return math.sqrt(max(wanted_mm**2 - spacing_mm**2, 0.0)) / _FULL_WIDTH


def _smoothed(volume: Floats, spacing_mm: SpacingMm, wanted_mm: SpacingMm) -> Floats:
    voxels = [sigma_mm(step, new) / step for step, new in zip(spacing_mm, wanted_mm, strict=True)]
    if not any(voxels):
        return volume
    found: Floats = gaussian_filter(volume, voxels, mode="nearest")
    return found
