import numpy as np
import pytest
from scipy import ndimage

from elsewhere.design.phantom_rows import Category, Finding, Interstitial
from elsewhere.phantom import disease, thorax

GLASS = Category(
    label=1,
    patients=1,
    ground_glass=Finding(count=(8, 8), radius_mm=(12, 22), hu=(-600, -300)),
)
DENSE = Category(
    label=0, patients=1, consolidation=Finding(count=(1, 2), radius_mm=(20, 30), hu=(20, 20))
)
NODULES = Category(
    label=0, patients=1, nodules=Finding(count=(4, 4), radius_mm=(5, 9), hu=(30, 30))
)


def ill(category, seed):
    """Return lesion mask, HU, lung mask, grid and the lesions of one patient."""
    rng = np.random.default_rng(seed)
    anatomy = thorax.draw_anatomy(rng, female=seed % 2 == 0)
    grid = thorax.grid(anatomy, field_of_view_mm=380, matrix=96, distance_mm=6.0)
    healthy = thorax.draw(anatomy, grid, inspiration=0.6, enhancement_hu=0)
    lesions = disease.draw_lesions(category, anatomy, rng)
    hu = disease.add(healthy, grid, lesions).hu
    return hu - healthy.hu > 100, hu, healthy.lung > 0.5, grid, lesions


@pytest.mark.parametrize("seed", range(4))
def test_ground_glass_is_bilateral_peripheral_low_and_of_its_density(seed):
    lesion, hu, lung, grid, _ = ill(GLASS, seed)
    left, right = lesion[..., grid.x > 0].sum(), lesion[..., grid.x < 0].sum()
    assert min(left, right) > 0.15 * lesion.sum()
    to_surface = ndimage.distance_transform_edt(lung, sampling=grid.spacing_mm)
    assert np.mean(to_surface[lesion]) < np.mean(to_surface[lung])
    assert np.median(to_surface[lesion]) < 16
    heights = np.broadcast_to(grid.z[:, None, None], lung.shape)
    assert heights[lesion].mean() < heights[lung].mean()
    assert -650 < np.median(hu[lesion]) < -300


@pytest.mark.parametrize("seed", range(4))
def test_consolidation_is_one_sided_and_dense(seed):
    lesion, hu, _, grid, lesions = ill(DENSE, seed)
    left, right = lesion[..., grid.x > 0].sum(), lesion[..., grid.x < 0].sum()
    assert max(left, right) > 0.98 * lesion.sum()
    assert len({np.sign(one.centre_mm[2]) for one in lesions}) == 1
    assert np.percentile(hu[lesion], 75) == pytest.approx(20, abs=15)


def test_nodules_are_small_and_separate():
    lesion, _, lung, _, lesions = ill(NODULES, 0)
    assert len(lesions) == 4
    assert 0 < lesion.sum() < 0.02 * lung.sum()


def test_lesions_stay_in_the_lungs():
    lesion, _, lung, _, _ = ill(GLASS, 1)
    assert (lesion & ~lung).sum() < 0.02 * lesion.sum()


def test_a_category_without_findings_has_no_lesion():
    *_, lesions = ill(Category(label=0, patients=1), 0)
    assert lesions == ()


NET = Category(
    label=2,
    patients=1,
    interstitial=Interstitial(
        spacing_mm=(24, 30), thickness_mm=(3, 5), hu=(-500, -400), haze_hu=(60, 90)
    ),
)


@pytest.mark.parametrize("seed", range(3))
def test_interstitial_disease_is_a_net_in_all_parts_of_both_lungs(seed):
    rng = np.random.default_rng(seed)
    anatomy = thorax.draw_anatomy(rng, female=False)
    grid = thorax.grid(anatomy, field_of_view_mm=380, matrix=128, distance_mm=6.0)
    healthy = thorax.draw(anatomy, grid, inspiration=0.6, enhancement_hu=0)
    walls = disease.draw_walls(NET, rng)
    hu = disease.add_walls(healthy, grid, walls).hu
    lung = (healthy.lung > 0.99) & (healthy.hu < -700)
    added = hu - healthy.hu
    thick = lung & (added > 200)
    assert not added[healthy.lung == 0].any()
    assert 60 <= np.median(added[lung & ~thick]) <= 90
    assert np.percentile(hu[thick], 95) <= -400
    for part in (grid.x > 0, grid.x < 0):
        assert 0.02 < thick[..., part].sum() / lung[..., part].sum() < 0.5
    for part in (grid.z < anatomy.height_mm / 2, grid.z > anatomy.height_mm / 2):
        assert 0.02 < thick[part].sum() / lung[part].sum() < 0.5


def test_the_walls_of_a_patient_do_not_depend_on_the_grid():
    rng = np.random.default_rng(0)
    anatomy = thorax.draw_anatomy(rng, female=False)
    walls = disease.draw_walls(NET, rng)
    hu = []
    for matrix in (128, 256):
        grid = thorax.grid(anatomy, field_of_view_mm=384, matrix=matrix, distance_mm=40.0)
        healthy = thorax.draw(anatomy, grid, inspiration=0.6, enhancement_hu=0)
        hu.append(disease.add_walls(healthy, grid, walls).hu - healthy.hu)
    halved = hu[1].reshape(len(hu[1]), 128, 2, 128, 2).mean((2, 4))
    assert np.corrcoef(hu[0].ravel(), halved.ravel())[0, 1] > 0.9


def test_without_interstitial_disease_there_are_no_walls():
    assert disease.draw_walls(GLASS, np.random.default_rng(0)) is None
