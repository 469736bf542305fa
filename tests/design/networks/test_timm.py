"""timm: the settings of a timm network are complete, and options cannot override them."""

from typing import Any

import pytest
from pydantic import ValidationError

from elsewhere.design.networks.timm import Timm

TIMM = {"kind": "timm", "model": "resnet18.a1_in1k", "pretrained": "hub", "batch_norm_scale": True}


@pytest.mark.parametrize(
    "wrong",
    [
        {"model": "hf-hub:timm/resnet18"},
        {"model": "local-dir:here"},
        {"pretrained": ""},
        {"sha256": "abc"},
        {"options": {"num_classes": 5}},
        {"options": {"pretrained": True}},
    ],
)
def test_a_network_of_timm_is_built_from_its_row_alone(wrong: dict[str, Any]) -> None:
    assert Timm.model_validate(TIMM).sha256 is None
    with pytest.raises(ValidationError):
        Timm.model_validate(TIMM | wrong)
