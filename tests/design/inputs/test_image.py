"""image: the fields of an image input are consistent with each other."""

from typing import Any

import pytest
from pydantic import ValidationError

from elsewhere.design.inputs.image import Clahe, ImageInput

IMAGE = {"kind": "image", "matrix": 32, "stored_matrix": 36, "channels": 3, "normalise": "image"}


@pytest.mark.parametrize("stored", [32, 33, 512])
def test_a_crop_fits(stored: int) -> None:
    assert ImageInput.model_validate(IMAGE | {"stored_matrix": stored}).stored_matrix == stored


def test_a_crop_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValidationError, match="stored_matrix is 31, smaller than matrix 32"):
        ImageInput.model_validate(IMAGE | {"stored_matrix": 31})


def test_an_image_is_resized_and_not_equalised_unless_it_says_so() -> None:
    row = ImageInput.model_validate(IMAGE)
    assert (row.clahe, row.resampling, row.proportions) == (None, "triangle", "stretched")
    chosen = {"clahe": {"clip_limit": 0.01, "tiles": 8}, "resampling": "spline"}
    assert ImageInput.model_validate(IMAGE | chosen).clahe == Clahe(clip_limit=0.01, tiles=8)


@pytest.mark.parametrize("wrong", [{"clip_limit": 0}, {"clip_limit": 1.5}, {"tiles": 0}])
def test_clahe_has_limits(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Clahe.model_validate({"clip_limit": 0.01, "tiles": 8} | wrong)
