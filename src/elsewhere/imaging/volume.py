"""volume: the voxels of one scan with what is known about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

ValueScale = Literal["HU", "CT number", "0-255", "grey"]
ColourMode = Literal["grey", "rgb", "palette"]
Contrast = Literal["yes", "no", "unknown"]
SpacingMm = tuple[float, float, float]

NAN = float("nan")
UNKNOWN_SPACING_MM: SpacingMm = (NAN, NAN, NAN)


class Unusable(ValueError):  # noqa: N818 - says what the scan is, not that the program is wrong
    """A scan that cannot be used: a short reason code and one sentence.

    The sentence holds no file name and no identifier, so that it may be written to an artifact of
    a private site.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.reason, self.detail), vars(self)


@dataclass(frozen=True)
class Acquisition:
    """How a scan was acquired, as far as its source says (A-06).

    Attributes
    ----------
    manufacturer
        Maker of the scanner, "unknown" where the source is silent.
    kernel
        Reconstruction kernel.
    contrast
        Whether contrast medium was given.
    """

    manufacturer: str = "unknown"
    kernel: str = "unknown"
    contrast: Contrast = "unknown"


@dataclass(frozen=True)
class Volume:
    """Voxels on a regular lattice in DICOM patient coordinates.

    Attributes
    ----------
    voxels
        int16 [z, y, x]; z runs from feet to head, y from front to back, x from the patient's right
        to the left (LPS), as far as the source tells.
    value_scale
        What the numbers mean (A-11); grey: nothing that another scan's could be compared with.
    bits_stored
        Bits per stored value of the source: 8, 12, 16 (A-12).
    source_format
        Such as DICOM, NIfTI or PNG.
    spacing_mm
        (dz, dy, dx); NaN where the source is silent.
    acquisition
        Scanner, kernel and contrast.
    affine
        float64 [4, 4] from the voxel (x, y, z), the index of `voxels` backwards, to mm in the
        patient; built like nibabel's, but in DICOM's LPS where nibabel's is RAS. None: unknown.
    repairs
        Codes of what was changed: resampled, interpolated, sheared, stretched.
    flags
        Codes of what a user should know, such as burned_in, lossy or orientation_assumed.
    colour_mode
        How the source kept its greys.
    dropped
        Files of which nothing is in the volume, each with a reason code.
    """

    voxels: npt.NDArray[np.int16]
    value_scale: ValueScale
    bits_stored: int
    source_format: str
    spacing_mm: SpacingMm = UNKNOWN_SPACING_MM
    acquisition: Acquisition = field(default_factory=Acquisition)
    affine: npt.NDArray[np.float64] | None = None
    repairs: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    colour_mode: ColourMode = "grey"
    dropped: tuple[tuple[Path, str], ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no int16 lattice [z, y, x], or lies nowhere."""
        if self.voxels.dtype != np.int16 or self.voxels.ndim != 3 or self.voxels.size == 0:
            raise ValueError(
                f"got voxels {self.voxels.dtype} of shape {self.voxels.shape}; "
                "a volume is a non-empty int16 array [z, y, x]"
            )
        if self.affine is not None and self.affine.shape != (4, 4):
            raise ValueError(f"got an affine of shape {self.affine.shape}, expected (4, 4)")
