"""preparation: the kind of an input chooses how its arrays are made."""

import pytest

from elsewhere.design import kinds
from elsewhere.design.inputs.image import ImageInput
from elsewhere.imaging.preparation import Preparation, preparation


@pytest.mark.parametrize("kind", kinds.names("inputs"))
def test_every_kind_of_input_is_prepared(kind):
    assert issubclass(kinds.implementation("inputs", kind, Preparation), Preparation)


def test_an_unknown_kind_is_answered_with_the_known_ones():
    with pytest.raises(kinds.KindError, match="no 'sound' in inputs; choose from image, volume"):
        preparation(ImageInput.model_construct(kind="sound"))
