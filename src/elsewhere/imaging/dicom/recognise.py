"""recognise: find the CT slices in a folder by file content; give a reason for each other file."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from pydicom.uid import UID_dictionary

from elsewhere.files import of_one_file, walk
from elsewhere.imaging.dicom import content, elements, frames, parsed
from elsewhere.imaging.dicom.elements import Elements
from elsewhere.imaging.dicom.header import CT_CLASSES, Aside, Header, Slice, Stored
from elsewhere.imaging.dicom.values import WANTED, Values
from elsewhere.imaging.volume import Unusable

_DIRECTORY_CLASS = "1.2.840.10008.1.3.10"


@dataclass(frozen=True, slots=True)
class Unused:
    """A file without a usable slice.

    Attributes
    ----------
    reason, detail
        Code and sentence, without values of the file.
    """

    path: Path
    reason: str
    detail: str


@dataclass(frozen=True)
class SortedFiles:
    """The files of a folder: each gives slices, is set aside or is rejected.

    Attributes
    ----------
    slices
        The slices of every readable image, sorted by path and frame.
    set_aside
        Files that are not slices of a volume.
    rejected
        Damaged files, and files that cannot be opened.
    """

    slices: list[Slice] = field(default_factory=list)
    set_aside: list[Unused] = field(default_factory=list)
    rejected: list[Unused] = field(default_factory=list)

    @property
    def n_files(self) -> int:
        """Number of files of the tree."""
        images = {slice_.header.path for slice_ in self.slices}
        return len(images) + len(self.set_aside) + len(self.rejected)


def sort(root: Path) -> SortedFiles:
    """Read every file below a folder once, whatever its name and depth.

    The files of a folder that cannot be listed are missing; `elsewhere.files.walk` names it.
    """
    files = SortedFiles()
    for path in walk(root, set()):
        try:
            files.slices.extend(read(path))
        except Aside as error:
            files.set_aside.append(Unused(path, error.reason, error.detail))
        except Unusable as error:
            files.rejected.append(Unused(path, error.reason, error.detail))
    return files


def read(path: Path) -> tuple[Slice, ...]:
    """Read the slices of one file from its header.

    Raises
    ------
    Aside
        `empty_file`, `not_dicom`, `dicomdir`, `not_an_image`, `localizer`, `secondary_capture` or
        `not_grey`: the file is not a slice of a volume.
    Unusable
        `unreadable`, `truncated`, `no_pixels`, `no_series`, `pixel_format` or `bad_frames`: the
        file is damaged.
    OSError
        If the disk or the network fails: the volume would lack this slice in silence.
    """
    try:
        raw, bare = _elements(path)
    except OSError as error:
        if not of_one_file(error):
            raise
        kind = type(error).__name__
        raise Unusable("unreadable", f"the file cannot be opened ({kind})") from None
    values = Values(raw.values, raw.order)
    if bare and "series" not in values:
        raise Aside("not_dicom", "not a DICOM file")
    header = _header(path, values, raw)
    _set_aside(header, values)
    _check_header(header, raw.size)
    if header.stored.frames == 1 and header.sop_class not in CT_CLASSES[1:]:
        return (_slice(header, values),)
    return frames.slices(header)


def _elements(path: Path) -> tuple[Elements, bool]:
    """Return the raw elements of a file, and whether it begins without a prefix."""
    # without O_NONBLOCK a pipe would block
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Aside("not_dicom", "not a regular file")
        if not status.st_size:
            raise Aside("empty_file", "the file has no bytes")
        source = content.of_file(descriptor, status.st_size)
        start = content.data_set_start(source)
        if start is None:
            raise Aside("not_dicom", "not a DICOM file")
        try:
            return elements.walk(source, start, WANTED), start == 0
        except elements.Unusual:
            return parsed.elements(path, WANTED), start == 0
    finally:
        os.close(descriptor)


def _header(path: Path, values: Values, raw: Elements) -> Header:
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
        stored=_stored(values, raw),
    )


def _stored(values: Values, raw: Elements) -> Stored:
    count = values.count
    allocated = count("bits_allocated") or 0
    stored = count("bits_stored") or allocated
    high_bit, signed = count("high_bit"), count("signed") == 1
    padding = count("padding", signed=signed)
    limit = count("padding_limit", signed=signed)
    # an invalid value counts as 0, which `_check_header` rejects
    n_frames = int(values.number("frames") or 0) if "frames" in values else 1
    return Stored(
        transfer_syntax=raw.syntax,
        rows=count("rows") or 0,
        columns=count("columns") or 0,
        frames=n_frames,
        samples=(count("samples") or 0) if "samples" in values else 1,
        photometric=values.text("photometric"),
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=stored - 1 if high_bit is None else high_bit,
        signed=signed,
        offset=raw.offset,
        length=raw.length,
        padding=None if padding is None else _sorted(padding, limit),
    )


def _sorted(first: int, second: int | None) -> tuple[int, int]:
    second = first if second is None else second
    return min(first, second), max(first, second)


def _set_aside(header: Header, values: Values) -> None:
    """Set aside a file that is not a grey slice."""
    stored, uid = header.stored, header.sop_class
    if _DIRECTORY_CLASS in (uid, values.text("media_class")):
        raise Aside("dicomdir", "a directory of other DICOM files")
    if stored.offset < 0:
        if uid in CT_CLASSES or stored.rows:
            raise Unusable(
                "no_pixels", "the header describes an image and the file holds no pixels"
            )
        if not uid:
            raise Unusable("unreadable", "neither an SOP class nor pixels")
        raise Aside("not_an_image", f"not an image ({_class_name(uid)})")
    if "LOCALIZER" in header.image_type:
        raise Aside("localizer", "a localizer")
    grey = stored.is_grey and stored.bits_allocated != 1
    if header.is_capture and not (grey and _has_position(header, values)):
        raise Aside("secondary_capture", "a picture of a screen or a document")
    if not grey and stored.photometric:
        raise Aside("not_grey", "colour or a mask, expected grey")


def _has_position(header: Header, values: Values) -> bool:
    return header.stored.frames > 1 or ("position" in values and "orientation" in values)


def _class_name(uid: str) -> str:
    """Return the standard's name of an SOP class; the UID of a private class is not quoted."""
    entry = UID_dictionary.get(uid)
    return entry[0] if entry else "a private class"


def _check_header(header: Header, size: int) -> None:
    """Reject a header that contradicts itself or its file."""
    stored = header.stored
    if not header.series:
        raise Unusable("no_series", "the Series Instance UID is missing")
    valid = (
        stored.rows > 0
        and stored.columns > 0
        and stored.frames > 0
        and stored.bits_allocated in (8, 16, 32)
        and 0 < stored.bits_stored <= stored.bits_allocated
        and stored.bits_stored - 1 <= stored.high_bit < stored.bits_allocated
        and stored.is_grey
    )
    if not valid:
        raise Unusable(
            "pixel_format",
            f"{stored.rows} rows, {stored.columns} columns, {stored.frames} frames, "
            f"{stored.bits_stored} of {stored.bits_allocated} bits up to {stored.high_bit}",
        )
    if stored.length < 0:
        return
    expected = stored.frame_bytes * stored.frames
    available = min(stored.length, size - stored.offset)
    if available < expected:
        raise Unusable("truncated", f"{available} bytes of pixels, expected {expected}")
    if available >= expected + stored.frame_bytes:
        raise Unusable("pixel_format", f"{available} bytes of pixels, expected {expected}")


def _slice(header: Header, values: Values) -> Slice:
    return Slice(
        header=header,
        frame=0,
        position_mm=values.numbers("position", 3),  # type: ignore[arg-type]
        orientation=values.numbers("orientation", 6),
        pixel_spacing_mm=values.numbers("pixel_spacing", 2),  # type: ignore[arg-type]
        slope=values.stated("slope"),
        intercept=values.stated("intercept"),
        acquisition=values.text("acquisition"),
        temporal=values.text("temporal"),
        tilt_degrees=values.number("tilt"),
        acquired=values.text("acquisition_date") + values.text("acquisition_time"),
        kvp=values.text("kvp"),
        rescale_type=values.text("rescale_type"),
        images_in_acquisition=_whole(values.number("images_in_acquisition")),
        number_of_slices=values.count("number_of_slices"),
        images_in_series=_whole(
            values.number("images_in_series") or values.number("instances_of_series")
        ),
    )


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)
