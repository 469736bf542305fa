"""values: convert raw DICOM values to text and numbers; invalid ones count as absent."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite

import pydicom.charset

from elsewhere.imaging.dicom import parsed
from elsewhere.imaging.dicom.elements import Order
from elsewhere.imaging.volume import Unusable

TAGS = {
    "media_class": 0x00020002,
    "character_set": 0x00080005,
    "image_type": 0x00080008,
    "sop_class": 0x00080016,
    "instance": 0x00080018,
    "date": 0x00080020,
    "acquisition_date": 0x00080022,
    "acquisition_time": 0x00080032,
    "accession": 0x00080050,
    "modality": 0x00080060,
    "manufacturer": 0x00080070,
    "patient": 0x00100020,
    "sex": 0x00100040,
    "age": 0x00101010,
    "contrast_agent": 0x00180010,
    "kvp": 0x00180060,
    "tilt": 0x00181120,
    "kernel": 0x00181210,
    "study": 0x0020000D,
    "series": 0x0020000E,
    "acquisition": 0x00200012,
    "position": 0x00200032,
    "orientation": 0x00200037,
    "temporal": 0x00200100,
    "images_in_acquisition": 0x00201002,
    "images_in_series": 0x00201003,
    "instances_of_series": 0x00201209,
    "samples": 0x00280002,
    "photometric": 0x00280004,
    "frames": 0x00280008,
    "rows": 0x00280010,
    "columns": 0x00280011,
    "pixel_spacing": 0x00280030,
    "bits_allocated": 0x00280100,
    "bits_stored": 0x00280101,
    "high_bit": 0x00280102,
    "signed": 0x00280103,
    "padding": 0x00280120,
    "padding_limit": 0x00280121,
    "burned_in": 0x00280301,
    "intercept": 0x00281052,
    "slope": 0x00281053,
    "rescale_type": 0x00281054,
    "number_of_slices": 0x00540081,
}
WANTED = frozenset(TAGS.values())

_PADDING = " \0\t\r\n\f\v"

# larger than in any real header, and small enough that products do not overflow
_LARGEST = 1e9


@dataclass(frozen=True, slots=True)
class Values:
    """The raw values of a data set by name; an empty value counts as absent.

    Attributes
    ----------
    raw
        Tag to bytes.
    order
        Byte order of binary numbers.
    """

    raw: dict[int, bytes]
    order: Order

    def __contains__(self, name: str) -> bool:
        return bool(self.raw.get(TAGS[name]))

    def text(self, name: str) -> str:
        """Return text as written, without the padding of PS3.5 6.2; "" if absent.

        Line ends and tabs at the ends are no part of a text either: exports pad with them.
        """
        value = self.raw.get(TAGS[name])
        if not value:
            return ""
        if value.isascii() and b"\x1b" not in value:
            return _ascii(value)
        return _encoded(value, self.raw.get(TAGS["character_set"], b""))

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the values of a text with several values."""
        return _parts(self.text(name))

    def numbers(self, name: str, count: int) -> tuple[float, ...] | None:
        """Return `count` decimal numbers, None if they are absent, invalid or not finite."""
        value = self.raw.get(TAGS[name])
        return _numbers(value, count) if value else None

    def number(self, name: str) -> float | None:
        """Return a decimal number, None if it is absent or invalid."""
        values = self.numbers(name, 1)
        return None if values is None else values[0]

    def stated(self, name: str) -> float | None:
        """Return a decimal number, None if it is absent, NaN if what is written is none."""
        return float("nan") if name in self and self.number(name) is None else self.number(name)

    def count(self, name: str, *, signed: bool = False) -> int | None:
        """Return a binary number of 16 or 32 bits, None if it is absent."""
        value = self.raw.get(TAGS[name])
        if not value or len(value) > 4:
            return None
        return int.from_bytes(value, self.order, signed=signed)


@lru_cache(maxsize=4096)
def _ascii(value: bytes) -> str:
    return value.decode("ascii").strip(_PADDING)


@lru_cache(maxsize=256)
def _encoded(value: bytes, character_set: bytes) -> str:
    """Decode by *Specific Character Set* (0008,0005); use Latin-1 where that fails."""
    names = [part.strip() for part in character_set.decode("latin-1").split("\\")]
    try:
        with parsed.quiet():
            encodings = pydicom.charset.convert_encodings(names)
            decoded = pydicom.charset.decode_bytes(value, encodings, {"\\", "^", "="})
    except Unusable:
        decoded = value.decode("latin-1")
    return unicodedata.normalize("NFC", str(decoded)).strip(_PADDING)


@lru_cache(maxsize=256)
def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip(_PADDING) for part in text.split("\\")) if text else ()


@lru_cache(maxsize=4096)
def _numbers(value: bytes, count: int) -> tuple[float, ...] | None:
    parts = value.decode("latin-1").strip(_PADDING).split("\\")
    if len(parts) != count:
        return None
    try:
        numbers = tuple(float(part) for part in parts)
    except ValueError:
        return None
    return (
        numbers if all(isfinite(number) and abs(number) < _LARGEST for number in numbers) else None
    )
