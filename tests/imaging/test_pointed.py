import numpy as np
import pytest
from scipy.ndimage import label

from elsewhere.imaging import pointed


def disc(shape, centre, radius):
    y, x = np.indices(shape)
    return np.hypot(y - centre[0], x - centre[1]) < radius


def test_the_slice_has_most_of_the_lesions_and_arrows_point_to_the_largest():
    mask = np.zeros((5, 60, 80), bool)
    mask[1] = disc((60, 80), (30, 40), 9)
    for centre, radius in (((12, 10), 3), ((40, 60), 8), ((20, 40), 6), ((50, 20), 4)):
        mask[3] |= disc((60, 80), centre, radius)
    fullest, places = pointed.lesions(mask)
    assert fullest == 3
    assert places == ((40, 60), (20, 40), (50, 20))


def test_an_arrow_points_into_a_crescent_and_not_at_its_centre_of_mass():
    mask = np.zeros((1, 60, 60), bool)
    mask[0] = disc((60, 60), (30, 30), 25) & ~disc((60, 60), (30, 38), 25)
    _, ((row, column),) = pointed.lesions(mask)
    assert mask[0, row, column]
    assert not mask[0, 30, 30]


def test_a_lesion_that_ends_at_the_border_of_the_image_has_its_middle_within():
    mask = np.zeros((1, 20, 20), bool)
    mask[0, :, :9] = True
    _, ((_, column),) = pointed.lesions(mask)
    assert column == 4


@pytest.mark.parametrize("seed", range(5))
def test_every_place_lies_in_a_lesion_of_its_own(seed):
    mask = np.random.default_rng(seed).random((4, 30, 30)) > 0.6
    fullest, places = pointed.lesions(mask)
    parts, _ = label(mask[fullest])
    found = [parts[place] for place in places]
    assert 0 not in found
    assert len({*found}) == len(found) == pointed.MOST
