"""recognise: a tree of files to CT slices, told by content, and the reason of every other file."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from pydicom.uid import UID_dictionary

from elsewhere.files import walk
from elsewhere.imaging.dicom import content, elements, frames, parsed
from elsewhere.imaging.dicom.elements import Elements
from elsewhere.imaging.dicom.header import Aside, Header, Slice, Stored
from elsewhere.imaging.dicom.values import WANTED, Values
from elsewhere.imaging.volume import Unusable

_DIRECTORY_CLASS = "1.2.840.10008.1.3.10"
_CT_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.2",
    "1.2.840.10008.5.1.4.1.1.2.1",
    "1.2.840.10008.5.1.4.1.1.2.2",
)


@dataclass(frozen=True, slots=True)
class Unused:
    """A file that gives no slice.

    Attributes
    ----------
    reason, detail
        Code and sentence; they quote no value of the file.
    """

    path: Path
    reason: str
    detail: str


@dataclass(frozen=True)
class Found:
    """What a tree holds: every file gives slices, or is set aside, or is rejected.

    Attributes
    ----------
    slices
        Of every readable image, in the order of paths and frames.
    set_aside
        Files that are no slices of a volume.
    rejected
        Damaged files, and those that cannot be opened.
    """

    slices: list[Slice] = field(default_factory=list)
    set_aside: list[Unused] = field(default_factory=list)
    rejected: list[Unused] = field(default_factory=list)

    @property
    def n_files(self) -> int:
        """Number of files of the tree."""
        images = {one.header.path for one in self.slices}
        return len(images) + len(self.set_aside) + len(self.rejected)


def sort(root: Path) -> Found:
    """Look at every file below a folder once, whatever its name and depth.

    A folder that cannot be listed gives nothing; `elsewhere.files.walk` names it.
    """
    found = Found()
    for path in walk(root, set()):
        try:
            found.slices.extend(read(path))
        except Aside as error:
            found.set_aside.append(Unused(path, error.reason, error.detail))
        except Unusable as error:
            found.rejected.append(Unused(path, error.reason, error.detail))
    return found


def read(path: Path) -> tuple[Slice, ...]:
    """Read the slices of one file from its header.

    Raises
    ------
    Aside
        `empty_file`, `not_dicom`, `dicomdir`, `not_an_image`, `localizer`, `secondary_capture` or
        `not_grey`: the file is no slice of a volume.
    Unusable
        `unreadable`, `truncated`, `no_pixels`, `no_series`, `pixel_format` or `bad_frames`: it is
        damaged.
    """
    try:
        found, bare = _elements(path)
    except OSError as error:
        kind = type(error).__name__
        raise Unusable("unreadable", f"the file cannot be opened ({kind})") from None
    values = Values(found.values, found.order)
    if bare and "series" not in values:
        raise Aside("not_dicom", "no DICOM file")
    header = _header(path, values, found)
    _set_aside(header, values)
    _checked(header, found.size)
    if header.stored.frames == 1 and header.sop_class not in _CT_CLASSES[1:]:
        return (_slice(header, values),)
    return frames.slices(header)


def _elements(path: Path) -> tuple[Elements, bool]:
    """Return the raw elements of a file, and whether it begins without a prefix."""
    # a pipe would block
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Aside("not_dicom", "no ordinary file")
        if not status.st_size:
            raise Aside("empty_file", "the file has no bytes")
        source = content.of_file(descriptor, status.st_size)
        start = content.begins(source)
        if start is None:
            raise Aside("not_dicom", "no DICOM file")
        try:
            return elements.walked(source, start, WANTED), start == 0
        except elements.Unusual:
            return parsed.elements(path, WANTED), start == 0
    finally:
        os.close(descriptor)


def _header(path: Path, values: Values, found: Elements) -> Header:
    text = values.text
    return Header(
        path=path,
        sop_class=text("sop_class") or text("media_class"),
        instance=text("instance"),
        series=text("series"),
        study=text("study"),
        accession=text("accession"),
        patient=text("patient"),
        sex=text("sex"),
        age=text("age"),
        date=text("date"),
        modality=text("modality"),
        image_type=values.texts("image_type"),
        burned_in=text("burned_in"),
        manufacturer=text("manufacturer"),
        kernel=text("kernel"),
        contrast_agent=text("contrast_agent"),
        stored=_stored(values, found),
    )


def _stored(values: Values, found: Elements) -> Stored:
    count = values.count
    allocated = count("bits_allocated") or 0
    stored = count("bits_stored") or allocated
    high_bit, signed = count("high_bit"), count("signed") == 1
    padding = count("padding", signed=signed)
    limit = count("padding_limit", signed=signed)
    # what is there and makes no sense is 0, which no check lets pass
    frames_there = int(values.number("frames") or 0) if "frames" in values else 1
    return Stored(
        transfer_syntax=found.syntax,
        rows=count("rows") or 0,
        columns=count("columns") or 0,
        frames=frames_there,
        samples=(count("samples") or 0) if "samples" in values else 1,
        photometric=values.text("photometric"),
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=stored - 1 if high_bit is None else high_bit,
        signed=signed,
        offset=found.offset,
        length=found.length,
        padding=None if padding is None else _sorted(padding, limit),
    )


def _sorted(one: int, other: int | None) -> tuple[int, int]:
    other = one if other is None else other
    return min(one, other), max(one, other)


def _set_aside(header: Header, values: Values) -> None:
    """Set aside what is no grey slice."""
    stored, uid = header.stored, header.sop_class
    if _DIRECTORY_CLASS in (uid, values.text("media_class")):
        raise Aside("dicomdir", "a directory of other DICOM files")
    if stored.offset < 0:
        if uid in _CT_CLASSES or stored.rows:
            raise Unusable("no_pixels", "the file says that it is an image and holds no pixels")
        if not uid:
            raise Unusable("unreadable", "neither an SOP class nor pixels")
        raise Aside("not_an_image", f"no image ({_class_name(uid)})")
    if "LOCALIZER" in header.image_type:
        raise Aside("localizer", "a localizer")
    grey = stored.is_grey and stored.bits_allocated != 1
    if header.is_capture and not (grey and _has_place(header, values)):
        raise Aside("secondary_capture", "a picture of a screen or a document")
    if not grey and stored.photometric:
        raise Aside("not_grey", "colour or a mask, expected grey")


def _has_place(header: Header, values: Values) -> bool:
    return header.stored.frames > 1 or ("position" in values and "orientation" in values)


def _class_name(uid: str) -> str:
    """Return the standard's name of an SOP class; a private one is not quoted."""
    known = UID_dictionary.get(uid)
    return known[0] if known else "a private class"


def _checked(header: Header, size: int) -> None:
    """Refuse a header that contradicts itself or its file."""
    stored = header.stored
    if not header.series:
        raise Unusable("no_series", "no Series Instance UID says what the image belongs to")
    sound = (
        stored.rows > 0
        and stored.columns > 0
        and stored.frames > 0
        and stored.bits_allocated in (8, 16, 32)
        and 0 < stored.bits_stored <= stored.bits_allocated
        and stored.bits_stored - 1 <= stored.high_bit < stored.bits_allocated
        and stored.is_grey
    )
    if not sound:
        raise Unusable(
            "pixel_format",
            f"{stored.rows} rows, {stored.columns} columns, {stored.frames} frames, "
            f"{stored.bits_stored} of {stored.bits_allocated} bits up to {stored.high_bit}",
        )
    if stored.length < 0:
        return
    expected = stored.frame_bytes * stored.frames
    there = min(stored.length, size - stored.offset)
    if there < expected:
        raise Unusable("truncated", f"{there} bytes of pixels, expected {expected}")
    if there >= expected + stored.frame_bytes:
        raise Unusable("pixel_format", f"{there} bytes of pixels, expected {expected}")


def _slice(header: Header, values: Values) -> Slice:
    return Slice(
        header=header,
        frame=0,
        position_mm=values.numbers("position", 3),  # type: ignore[arg-type]
        orientation=values.numbers("orientation", 6),
        pixel_spacing_mm=values.numbers("pixel_spacing", 2),  # type: ignore[arg-type]
        slope=values.number("slope"),
        intercept=values.number("intercept"),
        acquisition=values.text("acquisition"),
        temporal=values.text("temporal"),
        tilt_degrees=values.number("tilt"),
        acquired=values.text("acquisition_date") + values.text("acquisition_time"),
        kvp=values.text("kvp"),
    )
