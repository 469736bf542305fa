"""augmentation: an augmentation is refused for an input of another kind."""

import numpy as np
import pytest

from elsewhere.cohorts.augmentation import Augmentation, augment
from elsewhere.design import kinds
from elsewhere.design.augmentations.image import ImageAugmentation
from elsewhere.design.inputs.image import ImageInput

IMAGE = ImageInput(kind="image", matrix=4, stored_matrix=4, channels=1, normalise="image")
STILL = ImageAugmentation(kind="image", crop=False, flip_vertical=0, flip_horizontal=0)


@pytest.mark.parametrize("kind", kinds.names("augmentations"))
def test_every_kind_changes_scans_of_an_input_that_exists(kind):
    assert issubclass(kinds.implementation("augmentations", kind, Augmentation), Augmentation)
    assert kinds.row_class("augmentations", kind).input_kind in kinds.names("inputs")


def test_a_view_has_the_shape_of_the_input():
    array = np.arange(16, dtype=np.uint8).reshape(1, 4, 4)
    view = augment(array, input=IMAGE, augmentation=STILL, rng=np.random.default_rng(0))
    assert view.shape == IMAGE.shape


def test_an_augmentation_of_another_kind_of_input_is_refused():
    other = IMAGE.model_construct(kind="volume")
    with pytest.raises(TypeError, match="input is of kind volume, augmentation of kind image"):
        augment(np.zeros((1, 4, 4)), input=other, augmentation=STILL, rng=np.random.default_rng(0))
