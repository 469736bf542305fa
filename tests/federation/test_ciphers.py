"""What is sealed is opened with the key of its epoch alone; 128 bits by the library's check."""

import numpy as np
import pytest
import tenseal
from tenseal import sealapi

from elsewhere.federation import ciphers
from elsewhere.federation.ciphers import Bfv, Plain, new_key
from elsewhere.federation.fixed_point import MODULUS
from elsewhere.federation.wire import RefusedError


@pytest.mark.parametrize("size", [1, 4096, 4097, 9000])
def test_sealed_integers_come_back(size):
    values = np.random.default_rng(size).integers(0, MODULUS, size)
    for cipher in (Plain(), Bfv(new_key()[0])):
        assert np.array_equal(cipher.open(cipher.seal(values)), values)


def test_another_key_opens_nothing():
    values = np.arange(100)
    sealed = Bfv(new_key()[0]).seal(values)
    assert (Bfv(new_key()[0]).open(sealed) == values).mean() < 0.1


def test_cut_ciphertexts_are_refused():
    cipher = Bfv(new_key()[0])
    sealed = cipher.seal(np.arange(100))
    for cut in (sealed[:-1], sealed[:100], sealed[:-4000] + bytes(4000)):
        with pytest.raises(RefusedError):
            cipher.open(cut)
    with pytest.raises(RefusedError, match="cut"):
        Plain().open(b"123")


def test_the_parameters_have_128_bits_by_the_standard():
    """SEAL refuses parameters below 128 bits; one more bit is one too many."""
    assert sealapi.CoeffModulus.MaxBitCount(4096, sealapi.SEC_LEVEL_TYPE.TC128) == sum(
        ciphers.COEFFICIENT_BITS
    )
    with pytest.raises((RuntimeError, ValueError)):
        tenseal.context(
            tenseal.SCHEME_TYPE.BFV, ciphers.RING, MODULUS, coeff_mod_bit_sizes=[36, 37, 37]
        )


def test_the_adders_half_has_no_secret():
    private, public = new_key()
    assert tenseal.context_from(private).is_private()
    assert not tenseal.context_from(public).is_private()
