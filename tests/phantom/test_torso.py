import numpy as np
import pytest

from elsewhere.phantom import thorax, torso


@pytest.fixture(scope="module")
def anatomy():
    return thorax.draw_anatomy(np.random.default_rng(3), female=False)


@pytest.fixture(scope="module")
def grid(anatomy):
    return torso.grid(anatomy)


@pytest.fixture(scope="module")
def standing(anatomy, grid):
    return torso.draw_torso(anatomy, grid, inspiration=0.9)


def test_the_grid_holds_the_whole_body(anatomy, grid):
    assert grid.z[0] <= -50
    assert grid.z[-1] >= anatomy.height_mm + 50
    assert grid.y[0] < -anatomy.depth_mm
    assert grid.y[-1] > anatomy.depth_mm
    assert grid.x[0] < -anatomy.width_mm
    assert grid.x[-1] > anatomy.width_mm
    assert np.diff(grid.z) == pytest.approx(grid.spacing_mm[0])
    assert np.diff(grid.x) == pytest.approx(grid.spacing_mm[2], abs=1e-3)


def test_there_is_only_air_around_the_patient(anatomy, grid, standing):
    _, y, x = grid.at
    outside = np.hypot(y / anatomy.depth_mm, x / anatomy.width_mm) > 1.05
    assert (standing[0][np.broadcast_to(outside, grid.shape)] < -990).all()


def test_the_neck_is_narrower_than_the_shoulders(anatomy, grid, standing):
    wide = (standing[0] > -300).any(axis=1).sum(axis=1) * grid.spacing_mm[2]
    lungs = wide[np.abs(grid.z - 0.5 * anatomy.height_mm).argmin()]
    assert wide[-1] < 0.5 * lungs
    assert lungs == pytest.approx(2 * anatomy.width_mm, abs=12)


def test_there_is_no_lung_above_the_apices(anatomy, grid, standing):
    _, lung = standing
    assert lung[grid.z > anatomy.height_mm + 4].max() == 0
    width = (lung > 0.5).any(axis=1).sum(axis=1)
    top = np.flatnonzero(width)[-1]
    assert width[top] < 0.6 * width[np.abs(grid.z - 0.7 * anatomy.height_mm).argmin()]


def test_air_in_the_stomach_lies_below_the_left_diaphragm(anatomy, grid, standing):
    hu, lung = standing
    air = (hu < -950) & (lung < 0.1)
    z, y, x = grid.at
    air &= (np.hypot(y / anatomy.depth_mm, x / anatomy.width_mm) < 0.8) & (z < 40)
    where = np.argwhere(air)
    assert len(where) > 200
    assert (grid.x[where[:, 2]] > 20).all()


def test_clavicles_are_bone_on_both_sides(anatomy, grid, standing):
    level = np.abs(grid.z - 0.95 * anatomy.height_mm).argmin()
    front = grid.y < -0.2 * anatomy.depth_mm
    bone = (standing[0][level - 2 : level + 3, front] > 350).any(axis=(0, 1))
    assert bone[grid.x > 40].any()
    assert bone[grid.x < -40].any()
