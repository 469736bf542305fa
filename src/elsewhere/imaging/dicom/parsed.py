"""parsed: parse unusual data sets and nested sequences with pydicom, without its warnings."""

from __future__ import annotations

import logging
import mmap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pydicom
import pydicom.config
from pydicom.dataelem import RawDataElement

from elsewhere.files import of_one_file
from elsewhere.imaging.dicom.content import REPRESENTATIONS
from elsewhere.imaging.dicom.elements import (
    DEFLATED,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    PIXEL_DATA,
    Elements,
    Order,
)
from elsewhere.imaging.volume import Unusable

# pydicom's warnings quote invalid values, and so would log names and identifiers
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
logging.getLogger("pydicom").setLevel(logging.CRITICAL)

_PIXEL_HEADS = (b"OB\0\0", b"OW\0\0", b"UN\0\0")
_CHARACTER_SET = 0x00080005


@contextmanager
def quiet() -> Iterator[None]:
    """Suppress pydicom's warnings, which quote values, and convert its errors.

    Raises
    ------
    Unusable
        `unreadable` for any error that pydicom raises.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except Unusable:
            raise
        except OSError as error:
            if not of_one_file(error):
                raise
            raise Unusable("unreadable", f"cannot be read ({type(error).__name__})") from None
        # damaged files also raise errors that are not pydicom's own: RecursionError, zlib.error
        except Exception as error:
            detail = f"pydicom cannot parse it ({type(error).__name__})"
            raise Unusable("unreadable", detail) from None


def dataset(path: Path, tags: frozenset[int]) -> pydicom.Dataset:
    """Parse the wanted elements of a file; false lengths never read past the end of the file.

    Raises
    ------
    Unusable
        `unreadable`.
    """
    with quiet(), _mapped(path) as content:
        return _parsed(content, tags)


@contextmanager
def _mapped(path: Path) -> Iterator[mmap.mmap]:
    # reading from a map returns the bytes that exist; a file would allocate a false length first
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        yield content


def _parsed(content: mmap.mmap, tags: frozenset[int]) -> pydicom.Dataset:
    return pydicom.dcmread(
        content,
        stop_before_pixels=True,
        force=True,
        specific_tags=sorted(tags | {_CHARACTER_SET}),
    )


def elements(path: Path, wanted: frozenset[int]) -> Elements:
    """Parse an unusual data set; return the same as `elsewhere.imaging.dicom.elements.walk`.

    Raises
    ------
    Unusable
        `unreadable`.
    """
    with quiet(), _mapped(path) as content:
        data = _parsed(content, wanted)
        syntax = str(data.file_meta.get("TransferSyntaxUID") or "")
        if syntax == DEFLATED:
            raise Unusable("unreadable", "the deflated data set is damaged")
        implicit, little = (bool(part) for part in data.original_encoding)
        offset, length = _pixels(content, little=little, implicit=implicit)
        size = len(content)
        values = _raw(data, wanted)
    by_encoding = IMPLICIT_LITTLE if implicit else EXPLICIT_LITTLE if little else EXPLICIT_BIG
    order: Order = "little" if little else "big"
    return Elements(values, syntax or by_encoding, order, offset, length, size)


def _raw(data: pydicom.Dataset, wanted: frozenset[int]) -> dict[int, bytes]:
    values = {}
    for part in (data, data.file_meta):
        for tag in wanted:
            element = part.get_item(tag)
            if isinstance(element, RawDataElement):
                values[tag] = element.value or b""
            elif element is not None:
                items = element.value if element.VM > 1 else [element.value]
                values[tag] = "\\".join(str(value) for value in items).encode()
    return values


def _pixels(content: mmap.mmap, *, little: bool, implicit: bool) -> tuple[int, int]:
    """Return position and length of the pixels, where pydicom stopped; (-1, 0) if none."""
    order: Order = "little" if little else "big"
    at = content.tell()
    head = content[at : at + 12]
    tag = int.from_bytes(head[:2], order) << 16 | int.from_bytes(head[2:4], order)
    # an explicit data set may hold single implicit elements
    # nor is an explicit one always declared as such: read as lengths, these letters would be odd
    explicit = head[4:8] in _PIXEL_HEADS or (not implicit and head[4:6] in REPRESENTATIONS)
    start = 8 if explicit else 4
    if tag != PIXEL_DATA or len(head) < start + 4:
        return -1, 0
    length = int.from_bytes(head[start : start + 4], order)
    return at + start + 4, -1 if length == 0xFFFFFFFF else length
