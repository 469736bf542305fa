"""Sums of what is sealed."""

import numpy as np
import pytest

from elsewhere.federation.ciphers import Bfv, Plain, new_key
from elsewhere.federation.fixed_point import MODULUS
from elsewhere.federation.sums import EncryptedSums, PlainSums
from elsewhere.federation.wire import RefusedError


def both():
    private, public = new_key()
    return [(Plain(), PlainSums()), (Bfv(private), EncryptedSums(public))]


def test_a_sum_is_opened_as_the_sum_modulo_the_prime():
    values = np.random.default_rng(0).integers(0, MODULUS, (4, 5000))
    expected = np.array([sum(map(int, column)) % MODULUS for column in values.T])
    for cipher, sums in both():
        sealed = [cipher.seal(row) for row in values]
        for one in sealed:
            sums.check(one)
        total = sums.add(sealed)
        assert np.array_equal(cipher.open(total), expected)
        assert np.array_equal(cipher.open(sums.add(sealed[::-1])), expected)


def test_sums_of_other_lengths_are_refused():
    for cipher, sums in both():
        with pytest.raises(RefusedError, match="their networks differ"):
            sums.add([cipher.seal(np.arange(5)), cipher.seal(np.arange(6))])


def test_integers_out_of_range_are_refused():
    for bad in (-1, MODULUS):
        with pytest.raises(RefusedError, match="an integer is not in"):
            PlainSums().check(np.array([bad], "<i8").tobytes())


def test_a_damaged_context_is_refused():
    with pytest.raises(RefusedError, match="cannot be loaded"):
        EncryptedSums(new_key()[1][:50])
