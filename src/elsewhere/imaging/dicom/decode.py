"""decode: read the stored pixel values of DICOM slices, compressed or not.

Uncompressed pixels are read directly from the file, without a DICOM library. Child processes decode
compressed ones (`decoder_pool`); they start with the first compressed slice. Truncated pixels are
rejected.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from elsewhere import workers
from elsewhere.design.site import IntakeRow
from elsewhere.imaging import intact
from elsewhere.imaging.dicom import decoder_pool, elements, native
from elsewhere.imaging.dicom.header import Slice, Stored
from elsewhere.imaging.volume import Unusable

T = TypeVar("T")
Values = npt.NDArray[Any]

_MOST_EXCESS = (
    0.5  # share of a slice that may be padding after the pixels; more would be unread pixels
)

# CT compresses to a half or a twentieth; only a decompression bomb to a thousandth
_BOMB_RATIO = 1000
_ALWAYS_FINE_BYTES = 1 << 26
# a decoder keeps its input, wider intermediate values and its output in memory
_SLICE_SHARE = 1 / 8
_SLICES_EACH = 16  # a thread for fewer uncompressed slices costs more than it saves


@dataclass(frozen=True, slots=True)
class Decoded:
    """Stored values of one slice.

    Attributes
    ----------
    values
        [y, x], integers of the stored bits only, with the sign that the header states. The array
        is reused for the next slice of its thread.
    least, most
        Minimum and maximum of the values.
    beyond
        Whether bits beyond the stored ones were set: an overlay or a wrong header. They are
        removed.
    """

    values: Values
    least: int
    most: int
    beyond: bool = False


def decode_slices(
    slices: Sequence[Slice], policy: IntakeRow, use: Callable[[int, Decoded], T]
) -> list[T]:
    """Decode slices and return the result of `use(index, decoded)` for each.

    Parameters
    ----------
    slices
        In any order; each is decoded by its own pixel format.
    policy
        Limits of a decoding process; the seconds are for one slice.
    use
        May be called from several threads.

    Raises
    ------
    Unusable
        `truncated`, `no_pixels`, `not_grey`, `pixel_format` (the header contradicts itself
        or the pixels), `unsupported_syntax`, `too_large` (a decompression bomb) before anything is
        allocated; `decoder_failed`, `decoder_crashed`, `decoder_timeout`, `decoder_memory`.
    """
    for slice_ in slices:
        check(slice_.header.stored)
    _check_sizes(slices, policy)
    packed = [
        at for at, slice_ in enumerate(slices) if not native.is_uncompressed(slice_.header.stored)
    ]
    results = _plain(slices, sorted(set(range(len(slices))) - set(packed)), use)
    if packed:
        pool = decoder_pool.pool(policy.decode_gb, policy.decode_seconds)
        decoded = pool.decode_slices(
            [slices[index] for index in packed],
            lambda at, values: use(
                packed[at], keep_stored_bits(values, slices[packed[at]].header.stored)
            ),
        )
        results.update(zip(packed, decoded, strict=True))
    return [results[index] for index in range(len(slices))]


def _plain(
    slices: Sequence[Slice], indices: Sequence[int], use: Callable[[int, Decoded], T]
) -> dict[int, T]:
    """Read uncompressed slices: each thread a run of them, for one alone is soon read.

    A deflated file of several frames is read by one: each thread would inflate all of it.
    """

    def read(run: Sequence[int]) -> dict[int, T]:
        scratch = native.Scratch()
        return {
            at: use(at, keep_stored_bits(scratch.values(slices[at]), slices[at].header.stored))
            for at in run
        }

    count = min(workers.unshared_cores(), 1 + len(indices) // _SLICES_EACH)
    stated = [slices[at].header.stored for at in indices]
    if any(one.transfer_syntax == elements.DEFLATED and one.frames > 1 for one in stated):
        count = 1
    ends = [len(indices) * part // count for part in range(count + 1)]
    runs = [indices[begin:end] for begin, end in pairwise(ends)]
    return dict(chain.from_iterable(done.items() for done in workers.by_threads(read, runs)))


def check(stored: Stored) -> None:
    """Reject a pixel format that is not grey or contradicts itself; reads no pixel.

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
    if (stored.length < 0) == native.is_uncompressed(stored):
        raise Unusable("pixel_format", "the pixels are not stored as the transfer syntax says")
    # PS3.5 8.2: compressed values begin at bit 0
    if low > 0 and not native.is_uncompressed(stored):
        raise Unusable("pixel_format", f"compressed values begin at bit {low}")


def colours(stored: Stored) -> str:
    """Return the colour mode: grey, palette or rgb; YBR counts as rgb."""
    if stored.is_grey:
        return "grey"
    return "palette" if stored.photometric == "PALETTE COLOR" else "rgb"


def _check_sizes(slices: Sequence[Slice], policy: IntakeRow) -> None:
    """Compare the sizes that the headers claim with the files, before memory is allocated."""
    claimed, available, voxels = 0, 0, 0
    sizes: dict[Path, int] = {}
    for slice_ in slices:
        stored = slice_.header.stored
        if stored.frame_bytes > policy.decode_gb * 1e9 * _SLICE_SHARE:
            raise Unusable("too_large", f"a slice of {stored.rows} x {stored.columns} pixels")
        claimed, voxels = claimed + stored.frame_bytes, voxels + stored.rows * stored.columns
        if slice_.header.path not in sizes:
            sizes[slice_.header.path] = _pixel_bytes(slice_)
            available += sizes[slice_.header.path]
    intact.check_size(claimed, policy.decode_gb, voxels=voxels)
    if claimed > max(_ALWAYS_FINE_BYTES, _BOMB_RATIO * available):
        raise Unusable("too_large", f"{available} bytes of compressed pixels claim to be {claimed}")


def _pixel_bytes(slice_: Slice) -> int:
    """Return the number of pixel bytes of a file; reject a header that claims more."""
    stored = slice_.header.stored
    size = os.stat(slice_.header.path).st_size
    if not native.is_uncompressed(stored):
        return max(size - stored.offset, 0)
    expected = stored.frame_bytes * stored.frames
    # in a deflated file the offset refers to the inflated data set, whose length is known
    available = (
        stored.length if stored.transfer_syntax == elements.DEFLATED else size - stored.offset
    )
    if min(available, stored.length) < expected:
        raise Unusable(
            "truncated",
            f"{stored.frames} frames of {stored.rows} x {stored.columns} pixels take {expected} "
            f"bytes, the file holds {min(available, stored.length)}",
        )
    if stored.length - expected > max(_MOST_EXCESS * stored.frame_bytes, 1):
        raise Unusable(
            "pixel_format", f"{stored.length} bytes of pixels where the header needs {expected}"
        )
    return stored.length


def keep_stored_bits(raw: Values, stored: Stored) -> Decoded:
    """Keep the stored bits only, with the sign that the header states.

    Other bits may hold overlays, PS3.5 8.1.1, and decoders treat them differently.
    """
    values = raw.view(f"{native.dtype_kind(stored)}{raw.dtype.itemsize}")
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
    # a negative value without sign extension has no bits beyond the stored ones
    beyond = bool(np.any(_unsigned(values) >> (stored.high_bit + 1)))
    beyond = beyond and not np.array_equal(kept, values >> low)
    return Decoded(kept, int(kept.min()), int(kept.max()), beyond)


def _unsigned(values: Values) -> Values:
    return values.view(f"u{values.dtype.itemsize}")


def bounds(stored: Stored) -> tuple[int, int]:
    """Return the least and the greatest value that the stored bits can represent."""
    half = 1 << stored.bits_stored - 1
    return (-half, half - 1) if stored.signed else (0, 2 * half - 1)


def _all_padding(values: Values, stored: Stored) -> bool:
    """Return whether all values beyond the stored bits are padding, as some vendors write it."""
    if stored.padding is None:
        return False
    lowest, highest = bounds(stored)
    beyond = values[(values < lowest) | (values > highest)]
    return bool(((beyond >= stored.padding[0]) & (beyond <= stored.padding[1])).all())
