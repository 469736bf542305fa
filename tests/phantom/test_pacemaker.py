import numpy as np
import pytest

from elsewhere.phantom import pacemaker, thorax, torso

ANATOMY = thorax.draw_anatomy(np.random.default_rng(3), female=False)


def implanted(anatomy=ANATOMY):
    grid = torso.grid(anatomy)
    hu = np.zeros(grid.shape, np.float32)
    pacemaker.implant(hu, anatomy, grid)
    return hu, grid


def test_the_generator_is_metal_of_its_size_under_the_left_clavicle():
    hu, grid = implanted()
    where = np.argwhere(hu > 0.9 * pacemaker.METAL_HU)
    z, y, x = (axis[at] for axis, at in zip((grid.z, grid.y, grid.x), where.T, strict=True))
    assert (x > 30).all()
    assert (y < -0.7 * ANATOMY.depth_mm).all()
    assert (z > 0.65 * ANATOMY.height_mm).all()
    assert (z < 0.95 * ANATOMY.height_mm).all()
    assert np.ptp(z) == pytest.approx(2 * pacemaker.CASE_MM[1], abs=9)


def test_no_metal_of_the_lead_is_lost_between_voxels():
    hu, grid = implanted()
    outside = grid.x < 30  # right of the generator
    mass = hu[..., outside].sum() * np.prod(grid.spacing_mm)
    section = (pacemaker.METAL_HU + 1000) * np.pi * pacemaker.LEAD_MM**2
    length = mass / section
    lowest = ANATOMY.height_mm * 0.36 - 26 * ANATOMY.heart
    direct = 0.9 * ANATOMY.height_mm - lowest  # straight down
    assert direct < length < 2 * direct


def test_the_lead_ends_in_the_heart():
    hu, grid = implanted()
    end = np.argwhere(hu > 300)[0]  # the lowest
    z, y, x = grid.z[end[0]], grid.y[end[1]], grid.x[end[2]]
    heart = np.hypot((x - 22) / 52, np.hypot((y + 22) / 42, (z - 0.36 * ANATOMY.height_mm) / 52))
    assert heart < ANATOMY.heart


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("female", [False, True])
def test_every_patient_has_room_for_it(seed, female):
    anatomy = thorax.draw_anatomy(np.random.default_rng(seed), female=female)
    large = thorax.Anatomy(**{**vars(anatomy), "heart": 1.8})
    course = pacemaker._course(large, np.array([0.8 * large.height_mm, -90.0, 80.0]))
    grid = torso.grid(large)
    for axis, at in zip((grid.z, grid.y, grid.x), course.T, strict=True):
        assert at.min() >= axis[0]
        assert at.max() < axis[-1]
