"""masks: pairwise masks that cancel in the sum of all members (Bonawitz et al. 2017).

All hospitals hold the secret key. One that also got another's ciphertext from the server could read
that hospital's weights. The masks stand inside the plaintext: what it would read is uniform noise.
Each pair of members derives its mask from its own X25519 keys; one adds it, the other subtracts it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from elsewhere.federation.fixed_point import MODULUS, Integers
from elsewhere.federation.roster import Circle

_BYTES = 16  # a value; reduced modulo 40 bits the bias is below 2**-87
_MODULUS = np.uint64(MODULUS)


def masked(values: Integers, circle: Circle, *, members: Sequence[str], label: str) -> Integers:
    """Return values plus the masks shared with the other members, modulo `MODULUS`.

    Parameters
    ----------
    values
        Integers, ``[values]``.
    circle
        The hospital's own key and its roster.
    members
        All hospitals in the sum.
    label
        Of this sum; no two sums may have the same, so that no mask is used twice.
    """
    total = values % MODULUS
    for other in members:
        if other != circle.site:
            mask = _stream(circle, other, label=label, size=len(values))
            total = (total + (mask if circle.site < other else -mask)) % MODULUS
    return total


def _stream(circle: Circle, other: str, *, label: str, size: int) -> Integers:
    pair = sorted([circle.site, other])
    key = circle.secret(other, info=json.dumps(["elsewhere mask 1", *pair, label]).encode())
    stream = Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor()
    halves = np.frombuffer(stream.update(bytes(_BYTES * size)), "<u8").reshape(size, 2)
    return _reduced(halves[:, 0], halves[:, 1]).astype(np.int64)


def _reduced(low: npt.NDArray[np.uint64], high: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return (high * 2**64 + low) modulo `MODULUS`, without leaving 64 bits."""
    rest = high % _MODULUS  # below 2**40: three shifts of at most 24 bits make the 64
    for bits in (24, 24, 16):
        rest = (rest << np.uint64(bits)) % _MODULUS
    return (rest + low % _MODULUS) % _MODULUS
