"""method: every kind is built from its row."""

import pytest

from elsewhere.design.kinds import KindError
from elsewhere.design.methods.erm import Erm
from elsewhere.methods.erm import EmpiricalRisk
from elsewhere.methods.method import build


def test_a_row_chooses_its_method():
    assert isinstance(build(Erm(kind="erm")), EmpiricalRisk)


def test_an_unknown_kind_is_answered_with_the_known_ones():
    with pytest.raises(KindError, match="no 'oracle' in methods; choose from contrastive, "):
        build(Erm.model_construct(kind="oracle"))
