"""ciphers: seal and open the integers of a hospital, in the clear or by BFV (ring-LWE).

BFV is exact: the decrypted sum is the sum of the integers, with any key and in any order. The ring
has 4096 coefficients modulo 109 bits, for which the library itself checks a security of 128 bits
(homomorphicencryption.org standard).
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import tenseal

from elsewhere.federation.fixed_point import MODULUS, Integers
from elsewhere.federation.wire import RefusedError, pack, unpack

RING = 4096
COEFFICIENT_BITS = (36, 36, 37)


class Cipher(ABC):
    """Makes integers unreadable for the adder, and reads their sum."""

    @abstractmethod
    def seal(self, values: Integers) -> bytes:
        """Return integers of 0 ... `MODULUS` - 1, sealed."""

    @abstractmethod
    def open(self, sealed: bytes) -> Integers:
        """Return the integers, 0 ... `MODULUS` - 1.

        Raises
        ------
        RefusedError
            If they were not sealed for this key epoch, or are damaged.
        """


class Plain(Cipher):
    """No encryption: for a simulation on one machine, with the same sums as `Bfv`."""

    def seal(self, values: Integers) -> bytes:
        """Return 8 bytes a value; see `Cipher.seal`."""
        return values.astype("<i8").tobytes()

    def open(self, sealed: bytes) -> Integers:
        """Read 8 bytes a value; see `Cipher.open`."""
        if len(sealed) % 8:
            raise RefusedError(f"{len(sealed)} bytes are no 64-bit integers: they were cut")
        return np.frombuffer(sealed, "<i8").astype(np.int64)


class Bfv(Cipher):
    """BFV with the secret key of a key epoch, which the hospitals share and the adder has not.

    Parameters
    ----------
    private
        The context with its secret key, from `new_key`.
    """

    def __init__(self, private: bytes) -> None:
        self.context = tenseal.context_from(private, n_threads=1)

    def seal(self, values: Integers) -> bytes:
        """Encrypt `RING` integers at a time; see `Cipher.seal`."""
        signed = np.where(values > MODULUS // 2, values - MODULUS, values)
        blocks = (signed[first : first + RING] for first in range(0, len(signed), RING))
        return pack([tenseal.bfv_vector(self.context, block).serialize() for block in blocks])

    def open(self, sealed: bytes) -> Integers:
        """Decrypt; see `Cipher.open`."""
        try:
            vectors = [tenseal.bfv_vector_from(self.context, part) for part in unpack(sealed)]
            values = np.concatenate([np.array(vector.decrypt(), np.int64) for vector in vectors])
        except (RuntimeError, ValueError, TypeError) as error:
            raise RefusedError(f"a sum cannot be decrypted: {error}") from error
        return values % MODULUS


def new_key() -> tuple[bytes, bytes]:
    """Return a new context with its secret key, and the same without, for the adder."""
    context = tenseal.context(
        tenseal.SCHEME_TYPE.BFV,
        RING,
        MODULUS,
        coeff_mod_bit_sizes=[*COEFFICIENT_BITS],
        n_threads=1,
    )
    return (
        context.serialize(save_secret_key=True, save_galois_keys=False, save_relin_keys=False),
        context.serialize(save_secret_key=False, save_galois_keys=False, save_relin_keys=False),
    )
