"""stack: collect decoded slices in one array, rescale them, and treat padding and inversion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import label

from elsewhere.imaging import intensity
from elsewhere.imaging.dicom import decode
from elsewhere.imaging.dicom.decode import Decoded
from elsewhere.imaging.dicom.header import Slice
from elsewhere.imaging.volume import Unusable, ValueScale

Voxels = npt.NDArray[np.int16]
Mask = npt.NDArray[np.bool_]

_INT16 = np.iinfo(np.int16)
# mark of padding until the lowest real value is known; a real voxel has it only if it saturates
_PADDING = _INT16.min


@dataclass(frozen=True, slots=True)
class Part:
    """Statistics of one slice of the volume.

    Attributes
    ----------
    ends
        Least and greatest real value after the rescale; None: all voxels are padding.
    saturated
        Number of voxels beyond int16.
    padded
        Whether some voxels are padding.
    flags
        `bits_beyond_stored`, `padding_inside`.
    """

    ends: tuple[float, float] | None
    saturated: int = 0
    padded: bool = False
    flags: frozenset[str] = frozenset()


class Stack:
    """The array [slice, row, column] that the decoded slices fill."""

    def __init__(self, slices: Sequence[Slice]) -> None:
        self._slices = slices
        stored = slices[0].header.stored
        # np.empty: no memory is used before the first slice is decoded
        self._voxels = np.empty((len(slices), stored.rows, stored.columns), np.int16)

    def place(self, index: int, decoded: Decoded) -> Part:
        """Write a rescaled slice into the array; padding becomes `_PADDING`."""
        values, span = decoded.values, (decoded.least, decoded.most)
        flags = {"bits_beyond_stored"} if decoded.beyond else set()
        mask, inside = _padding(decoded, self._slices[index].header.stored.padding)
        flags |= {"padding_inside"} if inside else set()
        if mask is not None:
            real = values[~mask]
            if not real.size:
                self._voxels[index] = _PADDING
                return Part(None, padded=True, flags=frozenset(flags))
            values, span = np.where(mask, real[0], values), (int(real.min()), int(real.max()))
        slope, intercept = self._slope_intercept(index)
        saturated = intensity.rescale_into(
            self._voxels[index], values, slope=slope, intercept=intercept, span=span
        )
        if mask is not None:
            self._voxels[index][mask] = _PADDING
        ends = sorted(end * slope + intercept for end in span)
        return Part((ends[0], ends[1]), saturated, mask is not None, frozenset(flags))

    def _slope_intercept(self, index: int) -> tuple[float, float]:
        slice_ = self._slices[index]
        if slice_.slope is None or slice_.intercept is None:
            return 1.0, 0.0
        return float(slice_.slope), float(slice_.intercept)

    def span(self, parts: Sequence[Part]) -> tuple[int, int]:
        """Return the least and the greatest real value of the volume, limited to int16.

        Raises
        ------
        Unusable
            `only_padding`; `value_range` if the values are fractions or many are beyond int16.
        """
        ends = [part.ends for part in parts if part.ends is not None]
        if not ends:
            raise Unusable("only_padding", "every voxel is padding")
        lowest, highest = min(low for low, _ in ends), max(high for _, high in ends)
        fractions = any(not self._slope_intercept(at)[0].is_integer() for at in range(len(parts)))
        if fractions and highest - lowest < intensity.NORMALISED_SPAN:
            raise Unusable(
                "value_range",
                f"values from {lowest:g} to {highest:g} in fractions are not CT values",
            )
        saturated = sum(part.saturated for part in parts)
        intensity.few_saturate(saturated, of=self._voxels.size, span=(lowest, highest))
        return max(round(lowest), _INT16.min), min(round(highest), _INT16.max)

    def finished(self, parts: Sequence[Part], scale: ValueScale) -> Voxels:
        """Return the volume: inverted images are inverted back, padding has the lowest real value.

        *Pixel Padding Value* (0028,0120) becomes the lowest value of a real voxel, which is air in
        CT, so that it changes neither minimum nor scale. A padding value between real values of its
        slice cannot be distinguished from tissue: it is kept and flagged. Lossy compression changes
        padding, which is then kept too.

        *MONOCHROME1* states how an image is displayed, not what its values mean: HU are densities
        and stay. Other values are inverted within the stored bits, so that dense tissue is bright.
        """
        masks = {at: self._voxels[at] == _PADDING for at, part in enumerate(parts) if part.padded}
        floor, _ = self.span(parts)
        if self._slices[0].header.stored.photometric == "MONOCHROME1" and scale != "HU":
            if len({one.header.stored.bits_stored for one in self._slices}) > 1:
                detail = "inverted slices of several bits stored have no common black"
                raise Unusable("mixed_pixels", detail)
            lows = [self._invert(at, masks.get(at)) for at in range(len(parts))]
            floor = min(low for low in lows if low is not None)
        for at, mask in masks.items():
            self._voxels[at][mask] = floor
        return self._voxels

    def _invert(self, index: int, padding: Mask | None) -> int | None:
        """Invert one slice within its stored bits; return its least real value."""
        slope, intercept = self._slope_intercept(index)
        ends = decode.bounds(self._slices[index].header.stored)
        total = round(sum(end * slope + intercept for end in ends))
        values = total - self._voxels[index].astype(np.int32)
        real = values if padding is None else values[~padding]
        if not real.size:
            return None
        if padding is not None:
            values[padding] = real[0]
        self._voxels[index] = intensity.to_int16(values)
        return int(self._voxels[index].min())


def _padding(decoded: Decoded, padding: tuple[int, int] | None) -> tuple[Mask | None, bool]:
    """Return the mask of padding, None without, and whether real voxels have its value too.

    Values between real ones are tissue. So is what lies above all others and does not touch the
    border: metal, where the padding value is the greatest that a scanner can write.
    """
    if padding is None or padding[0] > decoded.most or padding[1] < decoded.least:
        return None, False
    low, high = max(padding[0], decoded.least), min(padding[1], decoded.most)
    values = decoded.values
    mask = values == low if low == high else (values >= low) & (values <= high)
    if not mask.any():
        return None, False
    real = values[~mask]
    if not real.size:
        return mask, False
    if real.min() < low and high < real.max():
        return None, True
    if low <= real.max():
        return mask, False
    outside = _at_border(mask)
    return (outside if outside.any() else None), not np.array_equal(outside, mask)


def _at_border(mask: Mask) -> Mask:
    """Return those regions of a mask that touch the border of the slice."""
    regions, count = label(mask)
    touching = np.zeros(count + 1, bool)
    for edge in (regions[0], regions[-1], regions[:, 0], regions[:, -1]):
        touching[edge] = True
    touching[0] = False
    found: Mask = touching[regions]
    return found
