"""film: turn line integrals into an 8-bit radiograph: scatter, noise, film curve, side marker."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.stats import rankdata

from elsewhere.design.radiograph_phantom_rows import Radiography
from elsewhere.phantom.thorax import Field

SCATTER_MM = 30.0  # width of the scatter, which is smooth
PATIENT = 0.3  # larger line integrals are behind the patient: 15 mm of water
LETTERS = {
    "L": ("1000", "1000", "1000", "1000", "1000", "1000", "1111"),
    "R": ("1110", "1001", "1001", "1110", "1010", "1001", "1001"),
}


@dataclass(frozen=True)
class Shot:
    """The exposure settings of one image, drawn from the ranges of a site's `Radiography`.

    Attributes
    ----------
    quanta, scatter, blur_mm, gamma
        As in `Radiography`.
    shutters
        Shares of the image that are covered at the top, bottom, left and right.
    """

    quanta: float
    scatter: float
    blur_mm: float
    gamma: float
    shutters: tuple[float, float, float, float]


def draw_shot(row: Radiography, rng: np.random.Generator) -> Shot:
    """Draw the settings of one image."""
    edges = rng.uniform(0, 0.06, size=4) * (rng.random() < row.collimated)
    top, bottom, left, right = (float(edge) for edge in edges)
    return Shot(
        quanta=float(rng.uniform(*row.quanta)),
        scatter=float(rng.uniform(*row.scatter)),
        blur_mm=float(rng.uniform(*row.blur_mm)),
        gamma=float(rng.uniform(*row.gamma)),
        shutters=(top, bottom, left, right),
    )


def expose(integral: Field, shot: Shot, rng: np.random.Generator, *, pixel_mm: float) -> Field:
    """Return counted quanta as a share of those without a patient (Beer-Lambert law).

    The primary radiation is blurred, smooth scattered radiation is added, and each pixel counts
    a Poisson-distributed number.
    """
    primary: Field = gaussian_filter(np.exp(-integral), shot.blur_mm / pixel_mm, truncate=3.0)
    behind = primary * (integral > PATIENT)
    scattered: Field = gaussian_filter(behind, SCATTER_MM / pixel_mm, truncate=2.5)
    counted = rng.poisson(shot.quanta * (primary + shot.scatter * scattered))
    return (counted / shot.quanta).astype(np.float32)


def develop(signal: Field, shot: Shot, *, equalised: float) -> NDArray[np.uint8]:
    """Return grey values by logarithm, a window over the patient and a film curve; dense is bright.

    Parameters
    ----------
    signal
        The result of `expose`.
    shot
        Gives film curve and shutters; signals below one quantum count as one quantum.
    equalised
        Weight of the rank in a grey value, which imitates histogram equalisation.
    """
    density = -np.log(np.maximum(signal, 1 / shot.quanta))
    behind = density > PATIENT
    low, high = np.percentile(density[behind] if behind.any() else density, [3, 98])
    grey = np.clip((density - low) / max(high - low, 1e-6), 0, 1) ** shot.gamma
    if equalised > 0 and behind.any():
        ranks = rankdata(density[behind]) / np.count_nonzero(behind)
        grey[behind] = (1 - equalised) * grey[behind] + equalised * ranks
    return np.rint(_shut(grey, shot.shutters) * 255).astype(np.uint8)


def _shut(grey: Field, shutters: tuple[float, float, float, float]) -> Field:
    rows, columns = grey.shape
    top, bottom, left, right = shutters
    open_ = np.zeros_like(grey)
    open_[
        round(top * rows) : rows - round(bottom * rows),
        round(left * columns) : columns - round(right * columns),
    ] = 1
    return grey * open_


def burn_in(grey: NDArray[np.uint8], letter: str) -> None:
    """Draw the side marker into the upper corner of its side, in place."""
    rows = np.array([[int(dot) for dot in line] for line in LETTERS[letter]], bool)
    scale = max(1, grey.shape[0] // 90)
    stamp = np.kron(rows, np.ones((scale, scale), bool))
    top, margin = round(0.08 * grey.shape[0]), round(0.08 * grey.shape[1])
    left = grey.shape[1] - margin - stamp.shape[1] if letter == "L" else margin
    grey[top : top + stamp.shape[0], left : left + stamp.shape[1]][stamp] = 250
