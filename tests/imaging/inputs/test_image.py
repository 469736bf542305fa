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


@pytest.mark.parametrize(
    ("shape", "stored"),
    [((30, 24), (12, 10)), ((24, 30), (10, 12)), ((24, 24), (10, 10)), ((29, 24), (12, 10))],
)
def test_the_shorter_side_is_stored_and_the_longer_follows_d03(shape, stored):
    """As torchvision resizes: 10 * 30 / 24 = 12.5 and 10 * 29 / 24 = 12.08, cut to 12."""
    image = np.random.default_rng(1).integers(0, 256, (1, *shape)).astype(np.uint8)
    row = IMAGE.model_copy(update={"proportions": "kept"})
    found = preparation(row).prepared(image, AS_FILM)
    expected = resample.in_plane(image, rows=stored[0], columns=stored[1])
    np.testing.assert_array_equal(found, np.rint(expected))


@pytest.mark.parametrize("shape", [(40, 20), (20, 40)])
def test_a_disc_stays_round_in_training_and_is_stretched_where_it_is_tested_d03(shape):
    """A disc of 6 pixels in an image twice as long as wide."""
    y, x = np.indices(shape)
    centre = (shape[0] // 2, shape[1] // 2)
    disc = (np.hypot(y + 0.5 - centre[0], x + 0.5 - centre[1]) < 6).astype(np.uint8)[None] * 200
    row = IMAGE.model_copy(update={"proportions": "kept", "matrix": 20, "stored_matrix": 20})
    stored = preparation(row).prepared(disc, AS_FILM)
    crop = ImageAugmentation(kind="image", crop=True, flip_vertical=0, flip_horizontal=0)
    rng = np.random.default_rng(0)
    crops = [augment(stored, input=row, augmentation=crop, rng=rng)[0] for _ in range(200)]
    fullest = max(crops, key=lambda seen: (seen > 0).sum())
    assert extent(fullest) == (12, 12)
    (whole,) = (shown for _, shown in view(row).windows(stored))
    assert extent(whole[0]) == ((6, 12) if shape[0] > shape[1] else (12, 6))


def extent(image):
    """Rows and columns in which an image is above the middle of its values."""
    high = image > (image.min() + image.max()) / 2
    return int(high.any(1).sum()), int(high.any(0).sum())


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
