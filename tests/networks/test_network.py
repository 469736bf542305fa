"""network: every kind is built from its row."""

import pytest

from elsewhere.design.kinds import KindError
from elsewhere.networks.network import build


def test_an_unknown_kind_is_answered_with_the_known_ones(nguyen_row, small_volume):
    row = nguyen_row.model_copy(update={"kind": "resnet"})
    with pytest.raises(KindError, match="no 'resnet' in networks; choose from covidnet, "):
        build(row, small_volume)
