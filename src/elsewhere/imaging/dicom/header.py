"""header: data classes for the header of a DICOM file and its slices, before pixels are decoded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from elsewhere.imaging.volume import Unusable

CT_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.2",
    "1.2.840.10008.5.1.4.1.1.2.1",
    "1.2.840.10008.5.1.4.1.1.2.2",
)
_CAPTURE_CLASSES = "1.2.840.10008.5.1.4.1.1.7."


class Aside(Unusable):
    """The file is not damaged, but it is not a slice of a volume either: it is set aside."""


@dataclass(frozen=True, slots=True)
class Stored:
    """How the pixels of a file are stored.

    Attributes
    ----------
    transfer_syntax
        *Transfer Syntax UID* (0002,0010).
    frames, samples
        *Number of Frames* (0028,0008) and *Samples per Pixel* (0028,0002), 1 where absent.
    offset, length
        Position and length of the value of *Pixel Data* (7FE0,0010), bytes; length -1:
        encapsulated. In a deflated file they refer to the result of
        `elsewhere.imaging.dicom.elements.inflated_file`.
    padding
        *Pixel Padding Value* (0028,0120) and its *Range Limit* (0028,0121), stored values, sorted.
    """

    transfer_syntax: str
    rows: int
    columns: int
    frames: int
    samples: int
    photometric: str
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    offset: int
    length: int
    padding: tuple[int, int] | None

    @property
    def is_grey(self) -> bool:
        """Whether a pixel is one grey value."""
        return self.samples == 1 and self.photometric in ("MONOCHROME1", "MONOCHROME2")

    @property
    def frame_bytes(self) -> int:
        """Bytes of one uncompressed frame."""
        return self.rows * self.columns * self.samples * self.bits_allocated // 8


@dataclass(frozen=True, slots=True)
class Header:
    """The attributes of one file; text as written, "" if absent.

    Identifiers must never be written to a file or a log unhashed.
    """

    path: Path
    sop_class: str
    instance: str
    series: str
    study: str
    accession: str
    patient: str
    sex: str
    age: str
    date: str
    modality: str
    image_type: tuple[str, ...]
    burned_in: str
    manufacturer: str
    kernel: str
    contrast_agent: str
    stored: Stored

    @property
    def is_ct(self) -> bool:
        """Whether the image is of CT: by its SOP class, whatever *Modality* (0008,0060) says."""
        return self.sop_class in CT_CLASSES or self.modality.upper() == "CT"

    @property
    def is_capture(self) -> bool:
        """Whether the file is of a *Secondary Capture* SOP class, single or multi-frame."""
        return f"{self.sop_class}.".startswith(_CAPTURE_CLASSES)


@dataclass(frozen=True, slots=True)
class Slice:
    """One slice: a file, or one frame of a multi-frame file.

    Attributes
    ----------
    frame
        Counted from 0.
    position_mm
        *Image Position (Patient)* (0020,0032), x, y, z of the first voxel's centre.
    orientation
        *Image Orientation (Patient)* (0020,0037): row cosines, then column cosines.
    pixel_spacing_mm
        *Pixel Spacing* (0028,0030): between rows, between columns.
    slope, intercept
        *Rescale Slope* (0028,1053), *Rescale Intercept* (0028,1052); NaN where what is written is
        no number.
    rescale_type
        *Rescale Type* (0028,1054), "" where absent.
    acquisition, temporal, acquired, kvp
        Attributes that separate volumes at equal positions: *Acquisition Number* (0020,0012),
        *Temporal Position Identifier* (0020,0100), *Acquisition Date* and *Time*, *KVP*
        (0018,0060).
    tilt_degrees
        *Gantry/Detector Tilt* (0018,1120).
    images_in_acquisition, number_of_slices, images_in_series
        How many images there should be, see `elsewhere.imaging.dicom.stated`.
    """

    header: Header
    frame: int
    position_mm: tuple[float, float, float] | None
    orientation: tuple[float, ...] | None
    pixel_spacing_mm: tuple[float, float] | None
    slope: float | None
    intercept: float | None
    acquisition: str
    temporal: str
    tilt_degrees: float | None
    acquired: str = ""
    kvp: str = ""
    rescale_type: str = ""
    images_in_acquisition: int | None = None
    number_of_slices: int | None = None
    images_in_series: int | None = None
