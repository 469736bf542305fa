"""decode: the stored values of slices, compressed or not; what is cut short is refused.

Uncompressed pixels are read from their place in the file, without a DICOM library; compressed ones
are decoded by child processes (`decoder_pool`), which start with the first of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from elsewhere.design.site import IntakeRow
from elsewhere.imaging.dicom import decoder_pool, elements, native
from elsewhere.imaging.dicom.header import Slice, Stored
from elsewhere.imaging.volume import Unusable

T = TypeVar("T")
Values = npt.NDArray[Any]

_MOST_EXCESS = 0.5  # of a slice: padding behind the pixels; more would be pixels that are not shown

# A code stream of CT shrinks to a half or a twentieth; only a bomb grows a thousandfold.
_BOMB_RATIO = 1000
_ALWAYS_FINE_BYTES = 1 << 26
# a decoder holds its input, wider intermediate values and its output
_SLICE_SHARE = 1 / 8


@dataclass(frozen=True, slots=True)
class Decoded:
    """Stored values of one slice.

    Attributes
    ----------
    values
        [y, x], integers of the bits stored only, with the sign that the header states. The array
        is used again for the next slice.
    least, most
        Of the values.
    beyond
        Bits beyond those stored were set, and are gone: overlays, or a header that is wrong.
    """

    values: Values
    least: int
    most: int
    beyond: bool = False


def each(slices: Sequence[Slice], policy: IntakeRow, use: Callable[[int, Decoded], T]) -> list[T]:
    """Decode slices and return what `use(index, decoded)` makes of each.

    Parameters
    ----------
    slices
        In any order; each is decoded by its own layout.
    policy
        Limits of a decoding process; its seconds are for one slice.
    use
        May be called from several threads.

    Raises
    ------
    Unusable
        `truncated`, `no_pixels`, `not_grey`, `pixel_format` (the header contradicts itself
        or the pixels), `unsupported_syntax`, `too_large` (a decompression bomb) before anything is
        allocated; `decoder_failed`, `decoder_crashed`, `decoder_timeout`, `decoder_memory`.
    """
    for one in slices:
        check(one.header.stored)
    _check_sizes(slices, policy)
    packed = [at for at, one in enumerate(slices) if not native.holds(one.header.stored)]
    results: dict[int, T] = {}
    scratch = native.Scratch()
    for index in sorted(set(range(len(slices))) - set(packed)):
        results[index] = use(
            index, settled(scratch.values(slices[index]), slices[index].header.stored)
        )
    if packed:
        pool = decoder_pool.pool(policy.decode_gb, policy.decode_seconds)
        made = pool.each(
            [slices[index] for index in packed],
            lambda at, values: use(packed[at], settled(values, slices[packed[at]].header.stored)),
        )
        results.update(zip(packed, made, strict=True))
    return [results[index] for index in range(len(slices))]


def check(stored: Stored) -> None:
    """Refuse a layout that is no grey image, or contradicts itself; reads no pixel.

    Raises
    ------
    Unusable
        `no_pixels`, `not_grey`, `unsupported_syntax` or `pixel_format`.
    """
    if stored.offset < 0:
        raise Unusable("no_pixels", "the file has no Pixel Data")
    if not stored.is_grey:
        raise Unusable(
            "not_grey",
            f"{colours(stored)} pixels, {stored.samples} samples; expected one grey value",
        )
    if stored.rows < 1 or stored.columns < 1 or stored.frames < 1:
        raise Unusable(
            "pixel_format", f"{stored.frames} frames of {stored.rows} x {stored.columns} pixels"
        )
    if stored.bits_allocated not in (8, 16, 32):
        raise Unusable("unsupported_syntax", f"{stored.bits_allocated} bits a pixel")
    low = stored.high_bit + 1 - stored.bits_stored
    if stored.bits_stored < 1 or low < 0 or stored.high_bit >= stored.bits_allocated:
        raise Unusable(
            "pixel_format",
            f"{stored.bits_stored} bits stored below bit {stored.high_bit} "
            f"of {stored.bits_allocated} allocated",
        )
    if (stored.length < 0) == native.holds(stored):
        raise Unusable("pixel_format", "the pixels are not kept as the transfer syntax says")
    if low > 0 and not native.holds(stored):  # PS3.5 8.2 wants compressed values to begin at bit 0
        raise Unusable("pixel_format", f"compressed values begin at bit {low}")


def colours(stored: Stored) -> str:
    """Name the colour mode: grey, palette or rgb, of which YBR is a way of writing."""
    if stored.is_grey:
        return "grey"
    return "palette" if stored.photometric == "PALETTE COLOR" else "rgb"


def _check_sizes(slices: Sequence[Slice], policy: IntakeRow) -> None:
    """Compare what the headers claim with what the files hold, before anything is allocated."""
    claimed, held = 0, 0
    sizes: dict[Path, int] = {}
    for one in slices:
        stored = one.header.stored
        if stored.frame_bytes > policy.decode_gb * 1e9 * _SLICE_SHARE:
            raise Unusable("too_large", f"a slice of {stored.rows} x {stored.columns} pixels")
        claimed += stored.frame_bytes
        if one.header.path not in sizes:
            sizes[one.header.path] = _held(one)
            held += sizes[one.header.path]
    if claimed > max(_ALWAYS_FINE_BYTES, _BOMB_RATIO * held):
        raise Unusable("too_large", f"{held} bytes of compressed pixels claim to be {claimed}")


def _held(one: Slice) -> int:
    """Return the bytes of pixels that a file can hold; refuse a header that claims more."""
    stored = one.header.stored
    size = os.stat(one.header.path).st_size
    if not native.holds(stored):
        return max(size - stored.offset, 0)
    expected = stored.frame_bytes * stored.frames
    # the offset counts in the inflated data set, which has been inflated once already
    here = stored.length if stored.transfer_syntax == elements.DEFLATED else size - stored.offset
    if min(here, stored.length) < expected:
        raise Unusable(
            "truncated",
            f"{stored.frames} frames of {stored.rows} x {stored.columns} pixels take {expected} "
            f"bytes, the file holds {min(here, stored.length)}",
        )
    if stored.length - expected > max(_MOST_EXCESS * stored.frame_bytes, 1):
        raise Unusable(
            "pixel_format", f"{stored.length} bytes of pixels where the header needs {expected}"
        )
    return stored.length


def settled(raw: Values, stored: Stored) -> Decoded:
    """Keep the bits that are stored, with the sign that the header states.

    The bits beyond them may hold overlays, PS3.5 8.1.1; decoders differ in what they leave there.
    """
    values = raw.view(f"{native.kind(stored)}{raw.dtype.itemsize}")
    lowest, highest = bounds(stored)
    least, most = int(values.min()), int(values.max())
    low = stored.high_bit + 1 - stored.bits_stored
    if low == 0 and ((lowest <= least and most <= highest) or _all_padding(values, stored)):
        return Decoded(values, least, most)
    width = 8 * values.dtype.itemsize
    if stored.high_bit >= width:
        raise Unusable("pixel_format", f"bit {stored.high_bit} of decoded values of {width} bits")
    kept = np.right_shift(
        np.left_shift(values, width - 1 - stored.high_bit), width - stored.bits_stored
    )
    # a negative value without its sign extended has no bit beyond those stored
    beyond = bool(np.any(_unsigned(values) >> (stored.high_bit + 1)))
    beyond = beyond and not np.array_equal(kept, values >> low)
    return Decoded(kept, int(kept.min()), int(kept.max()), beyond)


def _unsigned(values: Values) -> Values:
    return values.view(f"u{values.dtype.itemsize}")


def bounds(stored: Stored) -> tuple[int, int]:
    """Return the least and the greatest number that the bits stored can hold."""
    half = 1 << stored.bits_stored - 1
    return (-half, half - 1) if stored.signed else (0, 2 * half - 1)


def _all_padding(values: Values, stored: Stored) -> bool:
    """Tell whether what needs more than the bits stored is padding, which some vendors do."""
    if stored.padding is None:
        return False
    lowest, highest = bounds(stored)
    beyond = values[(values < lowest) | (values > highest)]
    return bool(((beyond >= stored.padding[0]) & (beyond <= stored.padding[1])).all())
