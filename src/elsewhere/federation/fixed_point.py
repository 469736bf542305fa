"""fixed_point: weights as integers, so that sums are exact in any order (C-19, C-21).

A weight times the number of scans of its hospital is rounded to a multiple of 2**-fraction_bits.
Sums are taken modulo a prime of 40 bits, encrypted or not. A value that could wrap is refused.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from elsewhere.federation.wire import RefusedError

# The largest prime of 40 bits that is 1 modulo 2 * 4096, as the encryption of 4096 integers at a
# time needs it; the same without encryption, so that both give the same bits.
MODULUS = 1_099_511_480_321
# Of each hospital where all count alike: as many as a hospital has scans, for the same precision.
EQUAL_COUNT = 1024

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


def encode(weights: Floats, count: int, *, fraction_bits: int, members: int) -> Integers:
    """Return weights times count, and count, as signed integers, ``[values + 1]``.

    Parameters
    ----------
    weights
        ``[values]``.
    count
        Weight of the hospital in the mean: its number of training scans.
    fraction_bits
        Binary digits after the point.
    members
        Number of hospitals in the sum.

    Raises
    ------
    OverflowError
        If the sum over the members could exceed the range of the integers.
    ValueError
        If a weight is not finite.
    """
    if not np.isfinite(weights).all():
        raise ValueError(
            f"weight {int(np.flatnonzero(~np.isfinite(weights))[0])} is not finite after the local "
            "training: lower learning_rate or set clip_gradient"
        )
    scale = count * 2.0**fraction_bits
    limit = MODULUS // 2 // members
    scaled = np.rint(weights.astype(np.float64) * scale)
    largest = int(np.abs(scaled).argmax()) if len(scaled) else 0
    if (len(scaled) and abs(scaled[largest]) >= limit) or count >= limit:
        raise OverflowError(
            f"value {largest} is {weights[largest]:g}, but the sum over {members} hospitals with "
            f"{count} scans and {fraction_bits} fraction bits holds values below "
            f"{limit / scale:g} only; choose fewer fraction_bits, or batch_norm: local if it is a "
            "running variance"
        )
    return np.append(scaled.astype(np.int64), count)


def decode(total: Integers, *, fraction_bits: int) -> tuple[Floats, int]:
    """Return the mean of the weights, and the sum of the counts.

    Parameters
    ----------
    total
        The sum of encoded weights modulo `MODULUS`, ``[values + 1]``.
    fraction_bits
        As in `encode`.

    Raises
    ------
    RefusedError
        If the sum of the counts is not positive: this is no sum of encoded weights.
    """
    signed = np.where(total > MODULUS // 2, total - MODULUS, total)
    count = int(signed[-1])
    if count <= 0:
        raise RefusedError(
            "the sum does not count scans: it is no sum of weights, or was opened with another key"
        )  # without the number: a refusal may reach the server
    return (signed[:-1] / 2.0**fraction_bits / count).astype(np.float32), count
