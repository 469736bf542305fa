import numpy as np
import pytest

from elsewhere.cohorts.view import require_lattice, view
from elsewhere.design.inputs.image import ImageInput
from elsewhere.design.kinds import KindError, names


def test_every_kind_of_input_has_a_view():
    assert names("inputs") == ("image", "slices", "volume")
    row = ImageInput(kind="image", matrix=4, stored_matrix=4, channels=1, normalise="image")
    ((first, window),) = view(row).windows(np.eye(4, dtype=np.uint8)[None])
    assert (first, window.shape) == (0, row.shape)


def test_an_unknown_kind_is_answered_with_the_known_ones():
    with pytest.raises(KindError, match="no 'sound' in inputs; choose from image, slices, volume"):
        view(ImageInput.model_construct(kind="sound"))


@pytest.mark.parametrize("shape", [(2, 3, 4), (0, 3, 3), (3, 3)])
def test_another_lattice_is_refused(shape):
    with pytest.raises(ValueError, match=r"expected \[z, 3, 3\]"):
        require_lattice(np.zeros(shape), side=3)
