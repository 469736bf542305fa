from __future__ import annotations

import pytest

from elsewhere.scores.claim_parts import above, below, within


@pytest.mark.parametrize(
    ("value", "low", "high", "expected"),
    [
        (0.1, 0.05, 0.2, (True, True)),
        (0.1, -0.05, 0.2, (True, False)),
        (-0.1, -0.2, -0.05, (False, True)),
        (0.0, None, None, (False, None)),
    ],
)
def test_above_a_limit_of_0(value, low, high, expected):
    assert above(value, low, high, 0) == expected
    mirrored = (None, None) if low is None else (-high, -low)
    assert below(-value, *mirrored, 0) == expected


@pytest.mark.parametrize(
    ("value", "low", "high", "expected"),
    [
        (0.0, -0.01, 0.01, (True, True)),
        (0.0, -0.05, 0.01, (True, False)),
        (0.05, 0.03, 0.07, (False, True)),
        (-0.05, -0.07, -0.01, (False, False)),
    ],
)
def test_within_a_limit(value, low, high, expected):
    assert within(value, low, high, 0.02) == expected
