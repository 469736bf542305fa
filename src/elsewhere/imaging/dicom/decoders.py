"""decoders: which library decodes which transfer syntax, and the calls of those libraries.

`benchmarks/RESULTS.md`, "DICOM decoders", has the times behind the table. The direct call of GDCM
writes into memory that Python owns; pydicom's plugin for GDCM gets a text and encodes it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from importlib import import_module
from struct import pack

import numpy as np
import numpy.typing as npt

from elsewhere.imaging.dicom import codestream
from elsewhere.imaging.dicom.header import Stored
from elsewhere.imaging.volume import Unusable

Values = npt.NDArray[np.generic]

JPEG_BASELINE, JPEG_EXTENDED = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"
JPEG_LOSSLESS, JPEG_LOSSLESS_1 = "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"
JPEG_LS, JPEG_LS_NEAR = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"

# the fastest first; the others are tried if it fails. "direct" is GDCM without pydicom's plugin.
# GDCM cannot decode 12 bits of extended JPEG, and lossy 8-bit files are too rare for a direct call
_DIRECT = ("direct", "gdcm", "pylibjpeg")
_LOSSY = ("gdcm", "pillow", "pylibjpeg")
_JPEG_2000 = ("pylibjpeg", "gdcm", "pillow")
ORDER: dict[str, tuple[str, ...]] = {
    JPEG_BASELINE: _LOSSY,
    JPEG_EXTENDED: _LOSSY,
    JPEG_LOSSLESS: _DIRECT,
    JPEG_LOSSLESS_1: _DIRECT,
    JPEG_LS: _DIRECT,
    JPEG_LS_NEAR: _DIRECT,
    "1.2.840.10008.1.2.4.90": _JPEG_2000,
    "1.2.840.10008.1.2.4.91": _JPEG_2000,
    "1.2.840.10008.1.2.4.201": ("pylibjpeg",),
    "1.2.840.10008.1.2.4.202": ("pylibjpeg",),
    "1.2.840.10008.1.2.4.203": ("pylibjpeg",),
    codestream.RLE: ("pylibjpeg", "pydicom"),
}

_SECONDARY_CAPTURE = b"1.2.840.10008.5.1.4.1.1.7\0"
_UNDEFINED = 0xFFFFFFFF


class Unfit(Exception):  # noqa: N818 - no error: another decoder is asked
    """A decoder does not know this kind of pixels, or failed without saying why."""


def order(syntax: str) -> tuple[str, ...]:
    """Return the names of the decoders of a transfer syntax, the first to be tried first."""
    return ORDER.get(syntax, ())


def prepare(syntax: str) -> None:
    """Import the libraries of a syntax's first decoder, so that no frame's time limit has to."""
    for name in order(syntax)[:1]:
        # without the library this decoder fails at its first frame, and the next one is asked
        with suppress(ImportError):
            import_module("gdcm" if name == "direct" else "pydicom.pixels")


def decoded(data: bytes, stored: Stored) -> Values:
    """Return the values of the first decoder that does not fail.

    Parameters
    ----------
    data
        One frame's code stream, whole (`codestream.frame`).
    stored
        Its pixel format.

    Returns
    -------
    numpy.ndarray
        Stored values [y, x], 8, 16 or 32 bits.

    Raises
    ------
    Unusable
        `unsupported_syntax`, or `decoder_failed` with the kinds of errors, not their texts.
    """
    names = order(stored.transfer_syntax)
    if not names:
        raise Unusable("unsupported_syntax", "no decoder knows this transfer syntax")
    failures: set[str] = set()
    for name in names:
        try:
            return by_name(name)(data, stored)
        except (MemoryError, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a panic in Rust is not an Exception
            failures.add(type(error).__name__)
    kinds = ", ".join(sorted(failures))
    raise Unusable("decoder_failed", f"no decoder could read the compressed pixels ({kinds})")


def by_name(name: str) -> Callable[[bytes, Stored], Values]:
    """Return the function of a decoder: direct, or the name of a plugin of pydicom."""
    if name == "direct":
        return direct
    return lambda data, stored: _plugin(name, data, stored)


def direct(data: bytes, stored: Stored) -> Values:
    """Decode with GDCM into memory of ours, from a file in memory with this frame alone.

    Raises
    ------
    Unfit
        If a value does not take two bytes, or GDCM fails.
    """
    # GDCM returns values of another width than the header's where the code stream has fewer bits
    if stored.bits_allocated != 16 or stored.bits_stored <= 8 or stored.samples != 1:
        raise Unfit
    gdcm = import_module("gdcm")
    descriptor = _memory()
    os.ftruncate(descriptor, 0)
    os.pwritev(descriptor, [_head(stored, len(data)), data, bytes(len(data) % 2), _TAIL], 0)
    reader = gdcm.ImageRegionReader()
    reader.SetFileName(f"/proc/self/fd/{descriptor}")
    if not reader.ReadInformation():
        raise Unfit
    whole = gdcm.BoxRegion()
    whole.SetDomain(0, stored.columns - 1, 0, stored.rows - 1, 0, 0)
    reader.SetRegion(whole)
    values = bytearray(stored.frame_bytes)
    if reader.ComputeBufferLength() != len(values) or not reader.ReadIntoBuffer(values):
        raise Unfit
    return np.frombuffer(values, "<u2").reshape(stored.rows, stored.columns)


@lru_cache(maxsize=1)
def _memory() -> int:
    """Return the descriptor of a file in memory; a decoding process reuses it for each frame."""
    return os.memfd_create("frame", os.MFD_CLOEXEC)


def _head(stored: Stored, length: int) -> bytes:
    """Return a DICOM file up to its only frame: no more than a decoder has to know."""
    syntax = stored.transfer_syntax.encode()
    syntax += bytes(len(syntax) % 2)
    meta = _element(0x0002, 0x0002, b"UI", _SECONDARY_CAPTURE)
    meta += _element(0x0002, 0x0010, b"UI", syntax)
    numbers = {
        0x0010: stored.rows,
        0x0011: stored.columns,
        0x0100: stored.bits_allocated,
        0x0101: stored.bits_stored,
        0x0102: stored.high_bit,
        0x0103: int(stored.signed),
    }
    return b"".join(
        [
            bytes(128) + b"DICM",
            _element(0x0002, 0x0000, b"UL", pack("<I", len(meta))),
            meta,
            _element(0x0008, 0x0016, b"UI", _SECONDARY_CAPTURE),
            _element(0x0028, 0x0002, b"US", pack("<H", 1)),
            _element(0x0028, 0x0004, b"CS", b"MONOCHROME2 "),
            *(_element(0x0028, tag, b"US", pack("<H", n)) for tag, n in numbers.items()),
            pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, _UNDEFINED),
            pack("<HHI", 0xFFFE, 0xE000, 0),  # no offset table
            pack("<HHI", 0xFFFE, 0xE000, length + length % 2),
        ]
    )


def _element(group: int, element: int, kind: bytes, value: bytes) -> bytes:
    return pack("<HH2sH", group, element, kind, len(value)) + value


_TAIL = pack("<HHI", 0xFFFE, 0xE0DD, 0)


def _plugin(name: str, data: bytes, stored: Stored) -> Values:
    """Decode with a plugin of pydicom, which takes half a second to import: not for `direct`."""
    import pydicom.config
    from pydicom.encaps import encapsulate
    from pydicom.pixels import get_decoder

    # pydicom's warnings quote values of the header
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    array: Values = get_decoder(stored.transfer_syntax).as_array(
        encapsulate([data]),
        index=0,
        raw=True,
        decoding_plugin=name,
        rows=stored.rows,
        columns=stored.columns,
        number_of_frames=1,
        samples_per_pixel=stored.samples,
        bits_allocated=stored.bits_allocated,
        bits_stored=stored.bits_stored,
        photometric_interpretation=stored.photometric,
        pixel_representation=int(stored.signed),
        pixel_keyword="PixelData",
    )[0]
    return array
