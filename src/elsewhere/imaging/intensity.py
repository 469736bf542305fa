"""intensity: what voxel values mean, and the clip and shift that make them comparable."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from elsewhere.imaging.volume import Unusable, ValueScale

CT_NUMBER_OF_WATER = 1024
SATURATED_SHARE = 1e-3
_INT16 = np.iinfo(np.int16)
# CT spans hundreds of units; fractions over a few of them are z-scores or values scaled to 0 to 1
NORMALISED_SPAN = 32
STRETCHED_TO = 4095  # 12 bits, as a scanner stores
_PART = 1 << 20  # values that are converted at once


def value_scale(minimum: float, maximum: float, *, stated_hu: bool, bits_stored: int) -> ValueScale:
    """Tell HU, CT numbers (0-4095) and relative greys (0-255) apart (A-11).

    A source that states HU is believed only where a value is negative: every chest CT holds air,
    which lies near -1000 HU, while exports of unscaled data often keep a header that says HU.

    Parameters
    ----------
    minimum, maximum
        Of the voxels, after any rescale slope and intercept were applied.
    stated_hu
        The source carries a rescale, or its format implies HU.
    bits_stored
        Bits per stored value.
    """
    if stated_hu and minimum < 0:
        return "HU"
    grey = bits_stored <= 8 or (stated_hu and maximum <= 255)
    return "0-255" if minimum >= 0 and grey else "CT number"


def to_int16(values: npt.NDArray[np.generic]) -> npt.NDArray[np.int16]:
    """Round to int16; a few values beyond its range (metal) saturate.

    Raises
    ------
    Unusable
        `value_range` if a value is not finite, or more than one in a thousand would saturate.
    """
    if values.dtype == np.int16:
        return values.astype(np.int16, copy=False)
    if values.dtype == np.uint8:
        return values.astype(np.int16)
    fitting = np.empty(values.shape, np.int16)
    beyond, least, most = 0, math.inf, -math.inf
    # part by part: float64 of a whole volume would take many times its memory
    for part, rounded in zip(_parts(values), _parts(fitting), strict=True):
        numbers = part if values.dtype.kind in "iu" else np.rint(part.astype(np.float64))
        if not np.isfinite(numbers).all():
            raise Unusable("value_range", "some values are not finite")
        least, most = min(least, float(numbers.min())), max(most, float(numbers.max()))
        beyond += int(((numbers < _INT16.min) | (numbers > _INT16.max)).sum())
        rounded[...] = np.clip(numbers, _INT16.min, _INT16.max)
    few_saturate(beyond, of=values.size, span=(least, most))
    return fitting


def _parts(values: npt.NDArray[Any]) -> Iterator[npt.NDArray[Any]]:
    """Yield views of an array along its first axis, of a few MB each."""
    if values.ndim < 2:
        yield values
        return
    step = max(1, _PART * len(values) // max(values.size, 1))
    yield from (values[at : at + step] for at in range(0, len(values), step))


def check_not_normalised(values: npt.NDArray[np.generic]) -> None:
    """Refuse fractions over so small a range that rounding would wipe them out.

    Raises
    ------
    Unusable
        `value_range`.
    """
    if values.dtype.kind != "f":
        return
    least, most = float(np.nanmin(values)), float(np.nanmax(values))
    if most - least < NORMALISED_SPAN and not all(
        np.array_equal(np.rint(part), part) for part in _parts(values)
    ):
        raise Unusable("value_range", f"fractions from {least:g} to {most:g} are no CT values")


@dataclass(frozen=True)
class Values:
    """The values of a volume and what they mean.

    Attributes
    ----------
    voxels
        As the file orders them.
    scale
        Their meaning.
    repairs
        ``stretched`` if they were mapped to another range.
    """

    voxels: npt.NDArray[np.int16]
    scale: ValueScale
    repairs: tuple[str, ...] = ()


def from_file(stored: npt.NDArray[np.generic], *, hu: bool, bits_stored: int) -> Values:
    """Return the values of a file of a volume (NIfTI, NRRD, MetaImage).

    Parameters
    ----------
    stored
        After the slope and intercept of the file, if it has them.
    hu
        The values are HU, as far as `value_scale` believes it; else they have no unit: integers
        that fit are kept, others are stretched linearly from their own range to 0..4095.
    bits_stored
        Bits per value in the file.

    Raises
    ------
    Unusable
        `colour` if a value is no real number, else as from `to_int16` and `check_not_normalised`.
    """
    if stored.dtype.kind not in "iuf":
        raise Unusable("colour", f"each voxel is {stored.dtype}, expected one real number")
    if hu:
        check_not_normalised(stored)
        voxels = to_int16(stored)
        least, most = int(voxels.min()), int(voxels.max())
        return Values(voxels, value_scale(least, most, stated_hu=True, bits_stored=bits_stored))
    return _without_unit(stored, bits_stored)


def _without_unit(stored: npt.NDArray[np.generic], bits_stored: int) -> Values:
    if not np.isfinite(stored).all():
        raise Unusable("value_range", "some values are not finite")
    least, most = float(stored.min()), float(stored.max())
    if stored.dtype.kind in "iu" and least >= 0 and most <= _INT16.max:
        return Values(stored.astype(np.int16), "0-255" if bits_stored <= 8 else "grey")
    if not math.isfinite(most - least):
        raise Unusable("value_range", f"values from {least:g} to {most:g}")
    share = (stored.astype(np.float64) - least) / max(most - least, np.finfo(np.float64).tiny)
    return Values(np.rint(share * STRETCHED_TO).astype(np.int16), "grey", ("stretched",))


def few_saturate(count: int, *, of: int, span: tuple[float, float]) -> None:
    """Refuse voxels of which more than one in a thousand lie beyond int16.

    Raises
    ------
    Unusable
        `value_range`.
    """
    if count > SATURATED_SHARE * of:
        raise Unusable(
            "value_range",
            f"values from {span[0]:g} to {span[1]:g}; {count / of:.1%} do not fit int16",
        )


def rescaled(
    stored: npt.NDArray[np.generic], *, slope: float | None, intercept: float | None
) -> npt.NDArray[np.int16]:
    """Apply output = stored x slope + intercept, *Rescale Slope* (0028,1053); None keeps values."""
    if slope is None or intercept is None:
        return to_int16(stored)
    if slope == 1 and float(intercept).is_integer() and stored.dtype.kind in "iu":
        wide = np.int32 if stored.dtype.itemsize <= 2 else np.int64
        return to_int16(stored.astype(wide) + int(intercept))
    return to_int16(stored.astype(np.float64) * slope + intercept)


def rescale_into(
    target: npt.NDArray[np.int16],
    stored: npt.NDArray[np.generic],
    *,
    slope: float,
    intercept: float,
    span: tuple[int, int],
) -> int:
    """Write stored x slope + intercept, rounded, into an int16 array; saturate beyond its range.

    Parameters
    ----------
    target, stored
        Of one shape; `stored` holds integers.
    slope, intercept
        Finite; 1 and 0 keep values.
    span
        Least and greatest stored value: they save a pass over the voxels.

    Returns
    -------
    int
        Voxels that did not fit.
    """
    ends = (span[0] * slope + intercept, span[1] * slope + intercept)
    fits = min(ends) >= _INT16.min and max(ends) <= _INT16.max
    if fits and slope == 1 and float(intercept).is_integer() and stored.dtype.itemsize == 2:
        # sums modulo 2^16 are exact where the result fits
        wrapped = np.array(int(intercept) & 0xFFFF, np.uint16).view(np.int16)
        np.add(stored.view(np.int16), wrapped, out=target)
        return 0
    exact = np.rint(stored.astype(np.float64) * slope + intercept)
    np.clip(exact, _INT16.min, _INT16.max, out=target, casting="unsafe")
    return 0 if fits else int(((exact < _INT16.min) | (exact > _INT16.max)).sum())


def clipped(
    voxels: npt.NDArray[np.generic],
    scale: ValueScale,
    *,
    clip_min_hu: float | None,
    clip_max_hu: float | None,
    shift_ct_number: bool,
) -> npt.NDArray[np.float32]:
    """Clip HU and shift so that no value is negative (A-13, A-17).

    Parameters
    ----------
    voxels
        [z, y, x], int16 or uint8.
    scale
        What the values mean. HU are clipped at both limits and shifted by -clip_min_hu; CT numbers
        and greys are kept, negative padding becomes 0.
    clip_min_hu, clip_max_hu
        Limits in HU; None does not clip. Without a lower limit the shift is the least value.
    shift_ct_number
        Read CT numbers as HU + 1024 and treat them as HU ([AMB] of A-13).

    Returns
    -------
    numpy.ndarray
        float32 [z, y, x], at least 0.
    """
    values = voxels.astype(np.float32)
    if scale == "CT number" and shift_ct_number:
        values = np.maximum(values, 0) - CT_NUMBER_OF_WATER
    elif scale != "HU":
        return np.maximum(values, 0)
    if clip_min_hu is not None or clip_max_hu is not None:
        values = np.clip(values, clip_min_hu, clip_max_hu)
    lowest = min(float(values.min()), 0.0) if clip_min_hu is None else clip_min_hu
    shifted: npt.NDArray[np.float32] = values - np.float32(lowest)
    return shifted
