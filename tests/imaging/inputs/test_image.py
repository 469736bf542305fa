from pathlib import Path

import numpy as np
import pytest

from elsewhere.cohorts.augmentation import augment
from elsewhere.cohorts.view import view
from elsewhere.design import params as tables
from elsewhere.design.augmentations.image import ImageAugmentation
from elsewhere.design.inputs.image import Clahe, ImageInput
from elsewhere.imaging import clahe, resample, spline
from elsewhere.imaging.preparation import Scanned, preparation

PARAMS = tables.load(Path(__file__).parents[2] / "params")
IMAGE = ImageInput(kind="image", matrix=8, stored_matrix=10, channels=3, normalise="image")
AS_FILM = Scanned("a", "0-255", slices=1)
FILM = np.random.default_rng(0).integers(40, 90, (1, 30, 24)).astype(np.uint8)


def film(**fields):
    return preparation(IMAGE.model_copy(update=fields)).prepared(FILM, AS_FILM)


def test_images_are_resized_as_before_unless_the_input_says_otherwise():
    expected = np.rint(resample.in_plane(FILM, rows=10, columns=10))
    np.testing.assert_array_equal(film(), expected)


def test_images_are_resized_by_a_spline_b21():
    expected = np.rint(spline.in_plane(FILM, rows=10, columns=10))
    np.testing.assert_array_equal(film(resampling="spline"), expected)
    assert (film() != film(resampling="spline")).any()


def test_greys_are_spread_before_the_image_is_resized_b19():
    """[AMB] B-19: rounded once, at the end."""
    spread = clahe.equalised(FILM[0], clip_limit=0.05, tiles=4)
    expected = np.rint(spline.in_plane(spread[None], rows=10, columns=10))
    found = film(clahe=Clahe(clip_limit=0.05, tiles=4), resampling="spline")
    assert found.dtype == np.uint8
    assert found.shape == (1, 10, 10)
    np.testing.assert_array_equal(found, expected)


def test_greys_are_spread_after_the_image_is_resized_if_the_row_says_so_b19():
    resized = np.rint(spline.in_plane(FILM, rows=10, columns=10)).astype(np.uint8)
    expected = np.rint(clahe.equalised(resized[0], clip_limit=0.05, tiles=4)[None])
    chosen = Clahe(clip_limit=0.05, tiles=4, when="after")
    found = film(clahe=chosen, resampling="spline")
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, expected)
    assert (found != film(clahe=Clahe(clip_limit=0.05, tiles=4), resampling="spline")).any()


@pytest.mark.parametrize("flip", [0.0, 1.0])
def test_an_image_stored_at_its_matrix_is_seen_whole_b22(flip):
    """No crop: what is trained on is what is evaluated, or its mirror image."""
    row = PARAMS.inputs["chestxray-demo"]
    stored = preparation(row).prepared(FILM, AS_FILM)
    seen = augment(
        stored,
        input=row,
        augmentation=ImageAugmentation(
            kind="image", crop=False, flip_vertical=0, flip_horizontal=flip
        ),
        rng=np.random.default_rng(0),
    )
    (whole,) = np.stack([shown for _, shown in view(row).windows(stored)])
    np.testing.assert_array_equal(seen, whole[:, :, ::-1] if flip else whole)
    channel = (stored[0] / 255 - 0.485) / 0.229  # B-20
    np.testing.assert_allclose(whole[0], channel, atol=1e-5)


def test_scans_that_are_no_8_bit_images_are_refused_before_any_is_read():
    """One of them would stop the step in the middle of a site."""
    stack, deep = Scanned("b", "0-255", slices=2), Scanned("c", "grey", slices=1)
    preparation(IMAGE).check([AS_FILM, AS_FILM])
    for others in ([stack], [deep], [stack, deep]):
        with pytest.raises(ValueError, match="volume input") as error:
            preparation(IMAGE).check([AS_FILM, *others])
        message = (
            f"{len(others)} of {1 + len(others)} scans are none, the first is {others[0].name}"
        )
        assert message in str(error.value)
