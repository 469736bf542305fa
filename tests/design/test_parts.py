"""parts: a row holds what its table knows and refuses the rest."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from elsewhere.design import params as tables
from elsewhere.design.parts import Clahe, ImageInput, Input, Site, Timm

IMAGE = {"kind": "image", "matrix": 32, "stored_matrix": 36, "channels": 3, "normalise": "image"}
TIMM = {"kind": "timm", "model": "resnet18.a1_in1k", "pretrained": "hub", "batch_norm_scale": True}


def test_a_row_refuses_keys_that_it_does_not_know() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        Site.model_validate({"title": "x", "layout": "y", "privacy": "public", "colour": "red"})


def test_a_site_is_real_and_at_hand_unless_it_says_otherwise(params: tables.Params) -> None:
    assert not params.sites["utsw"].synthetic
    assert params.sites["utsw"].available
    assert all(params.sites[name].synthetic for name in params.phantoms)


def test_repair_differs_from_strict_in_what_it_mends_alone(params: tables.Params) -> None:
    strict, repair = (params.intakes[name].model_dump() for name in ("strict", "repair"))
    assert {name for name in strict if strict[name] != repair[name]} == {"policy", "fill_slices"}
    assert strict["fill_slices"] == 0


def test_kind_chooses_the_row() -> None:
    assert isinstance(TypeAdapter(Input).validate_python(IMAGE), ImageInput)
    with pytest.raises(ValidationError, match="does not match any of the expected tags"):
        TypeAdapter(Input).validate_python(IMAGE | {"kind": "film"})


@pytest.mark.parametrize("stored", [32, 33, 512])
def test_a_crop_fits(stored: int) -> None:
    assert ImageInput.model_validate(IMAGE | {"stored_matrix": stored}).stored_matrix == stored


def test_a_crop_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValidationError, match="stored_matrix is 31, smaller than matrix 32"):
        ImageInput.model_validate(IMAGE | {"stored_matrix": 31})


def test_an_image_is_resized_and_not_equalised_unless_it_says_so() -> None:
    row = ImageInput.model_validate(IMAGE)
    assert (row.clahe, row.resampling) == (None, "triangle")
    chosen = {"clahe": {"clip_limit": 0.01, "tiles": 8}, "resampling": "spline"}
    assert ImageInput.model_validate(IMAGE | chosen).clahe == Clahe(clip_limit=0.01, tiles=8)


@pytest.mark.parametrize("wrong", [{"clip_limit": 0}, {"clip_limit": 1.5}, {"tiles": 0}])
def test_clahe_has_limits(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Clahe.model_validate({"clip_limit": 0.01, "tiles": 8} | wrong)


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
