"""Fixed point: exact sums of what was rounded once; nothing wraps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenseal import sealapi

from elsewhere.federation.fixed_point import MODULUS, decode, encode
from elsewhere.federation.wire import RefusedError


def test_the_modulus_is_the_librarys_for_batches_of_4096():
    assert sealapi.PlainModulus.Batching(4096, 40).value() == MODULUS


@given(
    st.lists(
        st.tuples(st.floats(-50, 50, width=32), st.floats(-50, 50, width=32), st.integers(1, 900)),
        min_size=1, max_size=5,
    ),
    st.integers(8, 20),
)  # fmt: skip
def test_a_sum_is_the_weighted_mean_of_what_was_rounded(rows, bits):
    parts = [
        encode(np.array(row[:2], np.float32), row[2], fraction_bits=bits, members=len(rows))
        for row in rows
    ]
    mean, count = decode(sum(part % MODULUS for part in parts) % MODULUS, fraction_bits=bits)
    assert count == sum(row[2] for row in rows)
    for column in range(2):
        exact = sum(row[column] * row[2] for row in rows) / count
        # half a step for each hospital, then float32
        assert abs(mean[column] - exact) <= len(rows) * 2.0 ** -(bits + 1) / count + 5e-6


def test_too_large_a_weight_is_refused_and_never_wraps():
    """C-23: the released code wraps in silence."""
    limit = MODULUS // 2 // 3 / (640 * 2**20)
    encode(np.array([0, limit - 0.01], np.float32), 640, fraction_bits=20, members=3)
    with pytest.raises(OverflowError, match=r"value 1 is 273.07, .* values below 273.067 only"):
        encode(np.array([0, 273.07], np.float32), 640, fraction_bits=20, members=3)
    with pytest.raises(OverflowError, match="-500"):
        encode(np.array([-500], np.float32), 640, fraction_bits=20, members=3)


def test_a_weight_that_is_not_finite_is_refused():
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match="weight 1 is not finite"):
            encode(np.array([0, bad], np.float32), 1, fraction_bits=20, members=3)


def test_what_is_no_sum_is_refused():
    with pytest.raises(RefusedError, match="does not count scans"):
        decode(np.array([7, MODULUS - 5]), fraction_bits=20)
