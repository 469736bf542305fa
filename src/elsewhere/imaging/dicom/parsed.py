"""parsed: what only pydicom understands: unusual data sets and nested sequences."""

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

# pydicom's warnings quote the values that break a rule: names and identifiers in a log
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
logging.getLogger("pydicom").setLevel(logging.CRITICAL)

_CHARACTER_SET = 0x00080005


@contextmanager
def quiet() -> Iterator[None]:
    """Keep pydicom's warnings, which quote values, out of logs.

    Raises
    ------
    Unusable
        `unreadable` in place of whatever a damaged file makes pydicom raise.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except Unusable:
            raise
        # damaged files break pydicom in more ways than it has exceptions: RecursionError, zlib's
        except Exception as error:
            detail = f"pydicom cannot parse it ({type(error).__name__})"
            raise Unusable("unreadable", detail) from None


def dataset(path: Path, tags: frozenset[int]) -> pydicom.Dataset:
    """Parse the wanted elements of a file; no length in it makes this read behind its end.

    Raises
    ------
    Unusable
        `unreadable`.
    """
    with quiet(), _mapped(path) as content:
        return _parsed(content, tags)


@contextmanager
def _mapped(path: Path) -> Iterator[mmap.mmap]:
    # a map returns what there is, where a file would first allocate what a length claims
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
    """Parse an unusual data set into what `elsewhere.imaging.dicom.elements.walked` returns.

    Raises
    ------
    Unusable
        `unreadable`.
    """
    with quiet(), _mapped(path) as content:
        found = _parsed(content, wanted)
        syntax = str(found.file_meta.get("TransferSyntaxUID") or "")
        if syntax == DEFLATED:
            raise Unusable("unreadable", "the deflated data set is damaged")
        implicit, little = (bool(part) for part in found.original_encoding)
        offset, length = _pixels(content, little=little, implicit=implicit)
        size = len(content)
        values = _raw(found, wanted)
    by_encoding = IMPLICIT_LITTLE if implicit else EXPLICIT_LITTLE if little else EXPLICIT_BIG
    order: Order = "little" if little else "big"
    return Elements(values, syntax or by_encoding, order, offset, length, size)


def _raw(found: pydicom.Dataset, wanted: frozenset[int]) -> dict[int, bytes]:
    values = {}
    for part in (found, found.file_meta):
        for tag in wanted:
            element = part.get_item(tag)
            if isinstance(element, RawDataElement):
                values[tag] = element.value or b""
            elif element is not None:
                several = element.value if element.VM > 1 else [element.value]
                values[tag] = "\\".join(str(value) for value in several).encode()
    return values


def _pixels(content: mmap.mmap, *, little: bool, implicit: bool) -> tuple[int, int]:
    """Return place and length of the pixels at whose element pydicom stopped, (-1, 0) if none."""
    order: Order = "little" if little else "big"
    at = content.tell()
    head = content[at : at + 12]
    tag = int.from_bytes(head[:2], order) << 16 | int.from_bytes(head[2:4], order)
    # single elements may be implicit in an explicit data set
    start = 8 if not implicit and head[4:6] in REPRESENTATIONS else 4
    if tag != PIXEL_DATA or len(head) < start + 4:
        return -1, 0
    length = int.from_bytes(head[start : start + 4], order)
    return at + start + 4, -1 if length == 0xFFFFFFFF else length
