from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy.stats import binomtest, chisquare

from elsewhere.cohorts.augmentation import augment
from elsewhere.design.augmentations.image import ImageAugmentation
from elsewhere.design.inputs.image import ImageInput

DRAWS = 2000
TINY = 1e-5


def likely(hits: int, share: float, draws: int = DRAWS) -> bool:
    return binomtest(hits, draws, share).pvalue > TINY


def views(array, augmentation, *, input, draws=DRAWS):
    rng = np.random.default_rng(7)
    return [augment(array, input=input, augmentation=augmentation, rng=rng) for _ in range(draws)]


def distinct(shape) -> np.ndarray:
    """Every pixel another value."""
    return np.arange(np.prod(shape), dtype=np.int16).reshape(shape)


def image_input(matrix=4, stored=6) -> ImageInput:
    return ImageInput(
        kind="image", matrix=matrix, stored_matrix=stored, channels=3, normalise="image"
    )


def image_augmentation(**changes) -> ImageAugmentation:
    still = ImageAugmentation(kind="image", crop=True, flip_vertical=0, flip_horizontal=0)
    return still.model_copy(update=changes)


def test_every_crop_of_an_image_is_as_likely():
    array = (distinct((1, 6, 6)) ** 2 % 251).astype(np.uint8)
    candidates = {}
    for top in range(3):
        for left in range(3):
            part = array[0, top : top + 4, left : left + 4].astype(float)
            candidates[top, left] = (part - part.mean()) / part.std()
    counts: Counter = Counter()
    for view in views(array, image_augmentation(), input=image_input()):
        assert view.shape == (3, 4, 4)
        assert (view == view[:1]).all()
        places = [at for at, part in candidates.items() if np.allclose(view[0], part, atol=1e-5)]
        assert len(places) == 1
        counts[places[0]] += 1
    assert chisquare([counts[place] for place in candidates]).pvalue > TINY  # D-04


def test_every_crop_of_an_image_with_its_proportions_is_as_likely_d03():
    array = (distinct((1, 6, 9)) ** 2 % 251).astype(np.uint8)
    row = image_input().model_copy(update={"proportions": "kept"})
    counts: Counter = Counter()
    for seen in views(array, image_augmentation(), input=row):
        (place,) = [
            (top, left)
            for top in range(3)
            for left in range(6)
            if np.allclose(seen[0], standard(array[0, top : top + 4, left : left + 4]), atol=1e-5)
        ]
        counts[place] += 1
    assert len(counts) == 3 * 6
    assert chisquare([*counts.values()]).pvalue > TINY


@pytest.mark.parametrize("shape", [(1, 5, 9), (1, 7, 9), (1, 9, 5)])
def test_an_array_whose_shorter_side_is_not_the_stored_one_is_refused(shape):
    row = image_input().model_copy(update={"proportions": "kept"})
    array = distinct(shape).astype(np.uint8)
    for augmentation in (image_augmentation(), image_augmentation(crop=False)):
        with pytest.raises(ValueError, match="run `prepare` again"):
            views(array, augmentation, input=row, draws=1)


def standard(part) -> np.ndarray:
    return (part - part.astype(float).mean()) / part.astype(float).std()


def test_vertical_and_horizontal_flips_are_two_coins():
    array = distinct((1, 4, 4)).astype(np.uint8)
    source = (array[0] - array.mean()) / array.std()
    candidates = {
        (False, False): source,
        (True, False): source[::-1],
        (False, True): source[:, ::-1],
        (True, True): source[::-1, ::-1],
    }
    found = views(
        array,
        image_augmentation(flip_vertical=0.5, flip_horizontal=0.2),
        input=image_input(4, 4),
    )
    counts: Counter = Counter()
    for view in found:
        counts[next(k for k, c in candidates.items() if np.allclose(view[0], c, atol=1e-5))] += 1
    assert likely(counts[True, False] + counts[True, True], 0.5)
    assert likely(counts[False, True] + counts[True, True], 0.2)
