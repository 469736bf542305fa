import pytest

from elsewhere.design import kinds
from elsewhere.design.rows import InputRow
from elsewhere.imaging.preparation import Preparation, preparation


@pytest.mark.parametrize("kind", kinds.names("inputs"))
def test_every_input_has_a_preparation(kind):
    chosen = kinds.implementation("inputs", kind, Preparation)
    assert chosen.__module__ == f"elsewhere.imaging.inputs.{kind}"


def test_an_unknown_kind_is_answered_with_the_known_ones():
    with pytest.raises(
        kinds.KindError, match="no 'audio' in inputs; choose from image, slices, volume"
    ):
        preparation(InputRow(kind="audio"))
