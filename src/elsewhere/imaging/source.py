"""source: the files of one scan and how their pixels are to be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from elsewhere.imaging.dicom.header import Slice
from elsewhere.imaging.volume import UNKNOWN_SPACING_MM, Acquisition, SpacingMm


@dataclass(frozen=True)
class Source:
    """What a layout knows about the pixels of a scan before any is read.

    Attributes
    ----------
    kind
        dicom: one volume's slices; stack: one image (PNG, JPEG, TIFF) a slice; nifti: one file;
        itk: a NRRD or MetaImage file, with its data file where that is apart; picture: one image of
        8-bit greys, whatever its file's name is.
    files
        The scan's files, a header first; a stack is sorted by the numbers in its names when it is
        read.
    slope, intercept
        HU = stored x slope + intercept, from the publisher's table; None: unknown.
    spacing_mm
        (dz, dy, dx) from the publisher's table; NaN where it has none.
    bits_stored
        From the publisher's table; None: from the files.
    first_slice
        Which end of the patient the lowest file number shows; nothing in an image says it.
    acquisition
        From the publisher's table; DICOM headers are read instead where the files have them.
    slices
        Of a DICOM volume, in any order: they are sorted by position when they are read.
    hu
        Of nifti and itk: whether the values are HU; else they have no unit.
    colour, sixteen_bit
        Of a picture: what to do with coloured images, and with greys beyond 8 bits.
    """

    kind: Literal["dicom", "stack", "nifti", "itk", "picture"]
    files: tuple[Path, ...]
    slope: float | None = None
    intercept: float | None = None
    spacing_mm: SpacingMm = UNKNOWN_SPACING_MM
    bits_stored: int | None = None
    first_slice: Literal["feet", "head"] = "feet"
    acquisition: Acquisition = field(default_factory=Acquisition)
    slices: tuple[Slice, ...] = ()
    hu: bool = True
    colour: Literal["reject", "luma"] = "luma"
    sixteen_bit: Literal["reject", "stretch"] = "reject"
