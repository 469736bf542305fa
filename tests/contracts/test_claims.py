"""Laws that every kind of claim obeys."""

from __future__ import annotations

import pytest

from elsewhere.design import kinds
from elsewhere.scores.claim import ClaimKind

ALL = kinds.names("claims")


def kind_of(name: str) -> ClaimKind:
    return kinds.implementation("claims", name, ClaimKind)()  # type: ignore[type-abstract]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("value", [-0.3, -0.01, 0.0, 0.01, 0.3, 0.7])
def test_an_answer_without_an_interval_is_in_direction_only(name: str, value: float) -> None:
    holds, beyond = kind_of(name).answer(value, None, None, limit=0.1)
    assert isinstance(holds, bool)
    assert beyond is None


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("value", [-0.3, 0.02, 0.3, 0.7])
def test_a_narrow_interval_is_beyond_and_a_wide_one_is_not(name: str, value: float) -> None:
    kind = kind_of(name)
    narrow = kind.answer(value, value - 1e-6, value + 1e-6, limit=0.1)
    wide = kind.answer(value, value - 2, value + 2, limit=0.1)
    assert narrow[0] == wide[0]
    assert narrow[1] is True
    assert wide[1] is False
