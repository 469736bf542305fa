"""The kinds of network."""

from typing import get_args

import pytest

from elsewhere.design.parts import NetworkRow
from elsewhere.networks.registry import NETWORKS, build


def test_every_row_type_is_registered():
    union, *_ = get_args(NetworkRow)
    kinds = {get_args(row.model_fields["kind"].annotation)[0] for row in get_args(union)}
    assert kinds == set(NETWORKS)


def test_unknown_kind_is_named(nguyen_row, small_volume):
    row = nguyen_row.model_copy(update={"kind": "resnet"})
    with pytest.raises(KeyError, match="network kind 'resnet' is not registered"):
        build(row, small_volume)
