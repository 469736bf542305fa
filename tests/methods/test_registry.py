"""The kinds of method."""

import pytest

from elsewhere.design.parts import Erm
from elsewhere.methods.erm import EmpiricalRisk
from elsewhere.methods.registry import build


def test_builds_what_is_registered():
    assert isinstance(build(Erm(kind="erm")), EmpiricalRisk)


def test_unknown_kind_is_named():
    row = Erm.model_construct(kind="oracle")
    with pytest.raises(KeyError, match="method kind 'oracle' is not registered"):
        build(row)
