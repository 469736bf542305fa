"""Masks cancel in the sum of all members, and in no other."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from test_roster import circles

from elsewhere.federation.fixed_point import MODULUS
from elsewhere.federation.masks import _reduced, masked

MEMBERS = ["a", "b", "c"]


def test_they_cancel_in_the_sum_of_all(tmp_path):
    values = np.arange(5000) - 2500
    known = circles(tmp_path)
    sent = [masked(values, known[name], members=MEMBERS, label="1") for name in MEMBERS]
    assert np.array_equal(sum(sent) % MODULUS, 3 * values % MODULUS)
    assert not np.array_equal((sent[0] + sent[1]) % MODULUS, 2 * values % MODULUS)
    other = masked(values, known["a"], members=MEMBERS, label="2")
    assert (other != sent[0]).mean() > 0.999


def test_one_alone_has_none(tmp_path):
    values = np.arange(10)
    alone = masked(values, circles(tmp_path)["a"], members=["a"], label="1")
    assert np.array_equal(alone, values)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_128_bits_are_reduced_as_python_does(low, high):
    got = _reduced(np.array([low], np.uint64), np.array([high], np.uint64))
    assert int(got[0]) == (high * 2**64 + low) % MODULUS
