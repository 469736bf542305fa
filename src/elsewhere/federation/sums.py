"""sums: the sums of an adder: integers in the clear, or ciphertexts that it cannot read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import tenseal

from elsewhere.federation.fixed_point import MODULUS
from elsewhere.federation.wire import RefusedError, pack, unpack


class Sums(ABC):
    """Adds what hospitals sent."""

    @abstractmethod
    def check(self, sealed: bytes) -> None:
        """Raise RefusedError if these are no sealed integers."""

    @abstractmethod
    def add(self, sealed: Sequence[bytes]) -> bytes:
        """Return the sum; its bytes do not depend on the order.

        Raises
        ------
        RefusedError
            If they are not of one length.
        """


class PlainSums(Sums):
    """Sums of integers modulo `MODULUS` that everyone can read."""

    def check(self, sealed: bytes) -> None:
        """Refuse what is not a whole number of integers in range; see `Sums.check`."""
        if len(sealed) % 8 or not sealed:
            raise RefusedError(f"{len(sealed)} bytes are no 64-bit integers: they were cut")
        values = np.frombuffer(sealed, "<i8")
        if values.min() < 0 or values.max() >= MODULUS:
            raise RefusedError(f"an integer is not in 0 ... {MODULUS - 1}")

    def add(self, sealed: Sequence[bytes]) -> bytes:
        """Add; see `Sums.add`."""
        _same([len(one) for one in sealed])
        total = np.zeros(len(sealed[0]) // 8, np.int64)
        for one in sealed:
            total = (total + np.frombuffer(one, "<i8")) % MODULUS
        return total.astype("<i8").tobytes()


class EncryptedSums(Sums):
    """Sums of BFV ciphertexts, which need the public context alone.

    Parameters
    ----------
    context
        The public context of the key epoch.

    Raises
    ------
    RefusedError
        If the context holds the secret key, which no adder may get.
    """

    def __init__(self, context: bytes) -> None:
        self.context = _context(context)
        if self.context.is_private():
            raise RefusedError("the context of the key epoch holds the secret key: it is refused")

    def check(self, sealed: bytes) -> None:
        """Refuse what does not load as ciphertexts under this context; see `Sums.check`."""
        parts = unpack(sealed)
        if not parts:
            raise RefusedError("there is no ciphertext")
        for part in parts:
            self._load(part)

    def add(self, sealed: Sequence[bytes]) -> bytes:
        """Add block by block, so that few ciphertexts are in memory; see `Sums.add`."""
        columns = [unpack(one) for one in sealed]
        _same([len(column) for column in columns])
        totals = []
        for blocks in zip(*columns, strict=True):
            vectors = [self._load(block) for block in blocks]
            _same([vector.size() for vector in vectors])
            total = vectors[0]
            for vector in vectors[1:]:
                total = total + vector
            totals.append(total.serialize())
        return pack(totals)

    def _load(self, block: bytes) -> tenseal.BFVVector:
        try:
            vector = tenseal.bfv_vector_from(self.context, block)
        except (RuntimeError, ValueError, TypeError) as error:
            raise RefusedError(f"a ciphertext cannot be loaded: {error}") from error
        if not vector.size():  # the library reads no bytes as no values
            raise RefusedError("a ciphertext is empty")
        return vector


def _context(data: bytes) -> tenseal.Context:
    try:
        return tenseal.context_from(data, n_threads=1)
    except (RuntimeError, ValueError, TypeError) as error:
        raise RefusedError(f"the context of the key epoch cannot be loaded: {error}") from error


def _same(sizes: Sequence[int]) -> None:
    if len(set(sizes)) > 1:
        raise RefusedError(
            f"hospitals sent {', '.join(map(str, sizes))} values or blocks: their networks differ"
        )
