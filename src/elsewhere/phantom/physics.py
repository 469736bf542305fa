"""physics: simulate a CT scanner: blur, noise, masking, and conversion of HU to stored values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from elsewhere.design.phantom_rows import Acquisition, Reconstruction
from elsewhere.phantom.thorax import AIR_HU, Field, Grid, Thorax

CT_NUMBER_OFFSET = 1024
GREY_LEVELS = 255


@dataclass(frozen=True)
class Shot:
    """The settings of one scan, drawn from the ranges of an `Acquisition`."""

    reconstruction: Reconstruction
    blur_mm: float
    noise_hu: float
    field_of_view_mm: float
    enhancement_hu: float
    inspiration: float
    masked: bool


def draw_shot(acquisition: Acquisition, rng: np.random.Generator, *, turn: int) -> Shot:
    """Draw the settings of one scan; `turn` selects the reconstruction."""
    reconstruction = acquisition.reconstructions[turn % len(acquisition.reconstructions)]
    contrast = rng.random() < acquisition.contrast
    masked = rng.random() < acquisition.masked
    enhancement = rng.uniform(*acquisition.enhancement_hu)
    return Shot(
        reconstruction=reconstruction,
        blur_mm=float(rng.uniform(*reconstruction.blur_mm)),
        noise_hu=float(rng.uniform(*reconstruction.noise_hu)),
        field_of_view_mm=float(rng.uniform(*acquisition.field_of_view_mm)),
        enhancement_hu=float(enhancement) if contrast else 0.0,
        inspiration=float(rng.uniform(*acquisition.inspiration)),
        masked=masked,
    )


def expose(thorax: Thorax, grid: Grid, shot: Shot, rng: np.random.Generator) -> Field:
    """Return the reconstructed scan, HU float32 [z, y, x]: blur, add noise and mask.

    Noise is Gaussian with standard deviation ``shot.noise_hu`` and correlation length
    ``shot.reconstruction.grain_mm`` in the plane; a masked scan is air outside the body.
    """
    pixel = grid.spacing_mm[1]
    sigma = shot.blur_mm / pixel
    hu: Field = gaussian_filter(thorax.hu, (0, sigma, sigma), truncate=2.5)
    through = 0.3 * shot.reconstruction.thickness_mm / grid.spacing_mm[0]
    if len(hu) > 1:
        hu = gaussian_filter1d(hu, through, axis=0, mode="nearest", truncate=3.0)
    hu += _noise(hu.shape, shot, pixel, rng)
    if shot.masked:
        hu = np.where(thorax.body > 0.5, hu, np.float32(AIR_HU))
    return np.clip(hu, AIR_HU - 24, 3071).astype(np.float32)


def _noise(shape: tuple[int, ...], shot: Shot, pixel_mm: float, rng: np.random.Generator) -> Field:
    white = rng.standard_normal(shape, dtype=np.float32)
    sigma = shot.reconstruction.grain_mm / pixel_mm
    if sigma > 0:
        white = gaussian_filter(white, (0, sigma, sigma), truncate=2.5)
        white /= np.float32(white.std())
    return white * np.float32(shot.noise_hu)


def outside_circle(grid: Grid) -> NDArray[np.bool_]:
    """Return a mask [y, x] of the pixels outside the circle that a scanner reconstructs."""
    rows, columns = grid.shape[1:]
    y = np.arange(rows) - (rows - 1) / 2
    x = np.arange(columns) - (columns - 1) / 2
    outside: NDArray[np.bool_] = np.hypot(y[:, None], x[None]) > max(rows, columns) / 2
    return outside


def to_hu(hu: Field) -> NDArray[np.int16]:
    """Round to whole HU."""
    return np.rint(hu).astype(np.int16)


def to_ct_number(hu: Field) -> NDArray[np.uint16]:
    """Convert HU to CT numbers 0 to 4095: HU + 1024 in 12 bits (A-11)."""
    numbers: Field = np.clip(np.rint(hu) + CT_NUMBER_OFFSET, 0, 4095)
    return numbers.astype(np.uint16)


def to_grey(hu: Field, window_hu: tuple[float, float]) -> NDArray[np.uint8]:
    """Convert HU to relative intensities 0 to 255 over a window (A-11, A-12)."""
    low, high = window_hu
    grey: Field = np.rint((hu - low) * np.float32(GREY_LEVELS / (high - low)))
    return np.clip(grey, 0, GREY_LEVELS).astype(np.uint8)
