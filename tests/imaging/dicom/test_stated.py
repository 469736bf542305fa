import pytest

from elsewhere.imaging.dicom import geometry, stated
from elsewhere.imaging.volume import Unusable


@pytest.mark.parametrize("name", ["images_in_acquisition", "number_of_slices"])
@pytest.mark.parametrize("have", [7, 8, 11])
def test_a_lost_end_is_noticed_where_the_header_counts(stack, strict, mend, name, have):
    slices = stack(range(12), **{name: 12})
    assert stated.missing(slices) == ("no", 12)
    assert stated.missing(slices[:have]) == ("yes", 12)
    assert stated.missing(slices[12 - have :]) == ("yes", 12)
    with pytest.raises(Unusable, match=f"lost_slices: {have} slices, the header states 12"):
        geometry.lattice_of(slices[:have], strict)
    assert geometry.lattice_of(slices[:have], mend).warnings == ("fewer_than_stated",)


def test_a_multiple_counts_reconstructions_and_proves_nothing(stack, strict):
    slices = stack(range(12), images_in_acquisition=24)
    assert geometry.lattice_of(slices, strict).warnings == ("fewer_than_stated",)


def test_a_series_counts_its_localizers_too(stack, strict):
    slices = stack(range(12), images_in_series=14)
    assert geometry.lattice_of(slices, strict).warnings == ("fewer_than_stated",)


def test_blocks_add_up_or_state_the_whole(stack):
    blocks = [
        one
        for block in range(3)
        for one in stack(
            range(4 * block, 4 * block + 4), f"{block}", acquisition=f"{block}",
            images_in_acquisition=4,
        )
    ]  # fmt: skip
    assert stated.missing(blocks) == ("no", 12)
    assert stated.missing(blocks[:-1]) == ("yes", 12)
    whole = [one for n in range(3) for one in stack([n], f"{n}", acquisition=f"{n}",
             images_in_acquisition=3)]  # fmt: skip
    assert stated.missing(whole) == ("no", 3)


@pytest.mark.parametrize("count", [None, 0, 1, 1918273645])
def test_what_is_not_stated_or_absurd_says_nothing(stack, count):
    assert stated.missing(stack(range(5), images_in_acquisition=count))[0] == "no"
