import numpy as np
import pytest

from elsewhere.phantom import thorax


@pytest.fixture
def anatomy():
    return thorax.draw_anatomy(np.random.default_rng(3), female=False)


def drawn(anatomy, *, distance_mm=8.0, matrix=96, inspiration=0.9, enhancement_hu=0.0):
    grid = thorax.grid(anatomy, field_of_view_mm=400, matrix=matrix, distance_mm=distance_mm)
    kinds = {"inspiration": inspiration, "enhancement_hu": enhancement_hu}
    return thorax.draw(anatomy, grid, **kinds), grid


def test_lungs_are_near_minus_850_hu(anatomy):
    body, _ = drawn(anatomy)
    inside = body.hu[body.lung > 0.99]
    assert np.median(inside) == pytest.approx(-850, abs=25)
    assert np.percentile(inside, 99) > -400, "no vessels"


def test_air_soft_tissue_and_bone(anatomy):
    body, grid = drawn(anatomy)
    assert body.hu[:, 0, :] == pytest.approx(-1000)
    bone = (body.hu > 300).mean(axis=0)
    assert bone.max() > 0.9, "the spine runs through nearly all slices"
    row, column = np.unravel_index(bone.argmax(), bone.shape)
    assert grid.y[row] > 0
    assert abs(grid.x[column]) < 20
    tissue = body.hu[(body.body > 0.99) & (np.abs(body.hu) < 150)]
    assert 0 < np.median(tissue) < 60


def test_both_lungs_are_there_and_narrow_to_the_apex(anatomy):
    body, grid = drawn(anatomy)
    left, right = body.lung[..., grid.x > 0].sum(), body.lung[..., grid.x < 0].sum()
    assert left < right, "the heart lies on the left"
    assert left > 0.6 * right
    area = body.lung.sum(axis=(1, 2))
    assert area[-5] < 0.6 * area.max()
    litres = body.lung.sum() * np.prod(grid.spacing_mm) / 1e6
    assert 2.5 < litres < 8


def test_the_same_patient_has_the_same_lungs_at_every_spacing(anatomy):
    volumes = []
    for distance, matrix in ((4.0, 128), (9.0, 72)):
        body, grid = drawn(anatomy, distance_mm=distance, matrix=matrix)
        volumes.append(body.lung.sum() * np.prod(grid.spacing_mm))
    assert volumes[0] == pytest.approx(volumes[1], rel=0.03)


def test_contrast_agent_brightens_heart_and_not_lung(anatomy):
    plain, _ = drawn(anatomy)
    bright, _ = drawn(anatomy, enhancement_hu=200)
    gain = bright.hu - plain.hu
    assert gain.max() == pytest.approx(200, abs=1)
    assert (gain > 150).mean() > 0.01
    assert np.median(gain[plain.lung > 0.99]) < 5


def test_expiration_makes_lungs_small_and_dense(anatomy):
    full, _ = drawn(anatomy, inspiration=1.0)
    empty, _ = drawn(anatomy, inspiration=0.0)
    assert empty.lung.sum() < 0.8 * full.lung.sum()
    gain = np.median(empty.hu[empty.lung > 0.99]) - np.median(full.hu[full.lung > 0.99])
    assert gain == pytest.approx(130, abs=20)


def test_the_drawn_lungs_have_the_stated_diameter(anatomy):
    body, grid = drawn(anatomy, distance_mm=4.0, matrix=200)
    columns = np.flatnonzero((body.lung > 0.5).any(axis=(0, 1)))
    width = (columns[-1] - columns[0] + 1) * grid.spacing_mm[2]
    heart, across = thorax.diameters_mm(anatomy, inspiration=0.9)
    assert width == pytest.approx(across, abs=5)
    assert heart == pytest.approx(104 * anatomy.heart)


@pytest.mark.parametrize("side", [-1, 1])
def test_lungs_lie_inside_their_pleura(anatomy, side):
    body, grid = drawn(anatomy)
    wall, above = thorax.pleura(anatomy, grid.at, side=side, inspiration=0.9)
    inside = (body.lung > 0.5) & (grid.x * side > 10)
    assert (wall[inside] > -3).all()
    assert (above[inside] > -4).all()
    assert inside.sum() > 0.6 * ((wall > 3) & (above > 4) & (grid.at[0] < 250)).sum()
