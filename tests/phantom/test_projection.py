import numpy as np
import pytest

from elsewhere.phantom import projection
from elsewhere.phantom.projection import Detector, project
from elsewhere.phantom.thorax import Grid

WATER = projection.MU_WATER_PER_MM
PARALLEL = float("inf")


def cube(half_mm=60.0, step=2.0):
    axis = np.arange(-half_mm, half_mm + step, step, dtype=np.float32)
    return Grid(axis, axis, axis, (step, step, step))


def detector(grid, pixel=2.0):
    side = round(float(grid.z[-1] - grid.z[0]) / pixel) + 1
    return Detector(side, side, pixel, (0.0, 0.0))


def test_attenuation_is_the_definition_of_the_hu():
    mu = projection.attenuation(np.array([-1000, -1024, 0, 1000], np.float32))
    assert mu == pytest.approx([0, 0, WATER, 2 * WATER])


def test_the_shadow_of_an_ellipsoid_is_its_chord():
    grid = cube()
    a, b, c = 50.0, 40.0, 30.0  # z, y, x
    z, y, x = grid.at
    inside = 1 - np.sqrt((z / a) ** 2 + (y / b) ** 2 + (x / c) ** 2)
    mu = np.where(inside > 0, 0.02, 0).astype(np.float32)
    plane = np.asarray(grid.z, float)
    for view, across, along in (("PA", c, b), ("AP", c, b), ("LATERAL", b, c)):
        shadow = project(mu, grid, view, detector(grid), source_mm=PARALLEL)
        part = (plane[:, None] / a) ** 2 + (plane[None] / across) ** 2
        chord = 0.02 * 2 * along * np.sqrt(np.clip(1 - part, 0, None))
        assert np.abs(shadow - chord).max() < 0.02 * 2 * grid.spacing_mm[0] + 1e-6
        assert shadow[part < 0.9].mean() == pytest.approx(chord[part < 0.9].mean(), rel=0.005)


def test_all_attenuation_reaches_the_detector():
    grid = cube(40.0)
    mu = np.random.default_rng(0).random(grid.shape).astype(np.float32)
    mu[[0, -1]] = mu[:, [0, -1]] = mu[:, :, [0, -1]] = 0
    for view in ("PA", "LATERAL"):
        shadow = project(mu, grid, view, detector(grid), source_mm=PARALLEL)
        assert shadow.sum() * 4 == pytest.approx(mu.sum() * 8, rel=1e-4)


def radius_mm(shadow):
    """Root mean square distance from the middle."""
    at = (np.arange(len(shadow)) - (len(shadow) - 1) / 2) * 2.0
    return np.sqrt((shadow * (at[:, None] ** 2 + at**2)).sum() / shadow.sum())


@pytest.mark.parametrize(("view", "front", "back"), [("PA", 27, 134), ("AP", 133, 26)])
def test_what_is_far_from_the_detector_is_magnified(view, front, back):
    grid = cube(60.0)
    z, _, x = grid.at
    disc = np.hypot(z, x) < 40
    for distance, plane in ((front, slice(0, 8)), (back, slice(-7, None))):  # mm, 20 of them air
        mu = np.zeros(grid.shape, np.float32)
        mu[:, plane] = disc * 0.01
        seen = radius_mm(project(mu, grid, view, detector(grid), source_mm=1000.0))
        unmagnified = radius_mm(project(mu, grid, view, detector(grid), source_mm=PARALLEL))
        assert seen / unmagnified == pytest.approx(1000 / (1000 - distance), rel=0.003)


def test_sides_are_where_a_radiologist_expects_them():
    grid = cube(40.0)
    shadows = {}
    for name, at in {"left": (20, 20, 38), "head": (38, 20, 20), "back": (20, 38, 20)}.items():
        mu = np.zeros(grid.shape, np.float32)
        mu[at] = 1
        for view in ("PA", "AP", "LATERAL"):
            shadow = project(mu, grid, view, detector(grid), source_mm=PARALLEL)
            shadows[name, view] = np.unravel_index(shadow.argmax(), shadow.shape)
    for view in ("PA", "AP"):
        assert shadows["left", view] == (20, 38)
        assert shadows["head", view] == (2, 20)
    assert shadows["head", "LATERAL"] == (2, 20)
    assert shadows["back", "LATERAL"] == (20, 38)


def test_the_detector_looks_where_it_is_told():
    grid = cube(40.0)
    mu = np.zeros(grid.shape, np.float32)
    mu[30, 20, 25] = 1  # z 20 mm, x 10 mm
    shadow = project(mu, grid, "PA", Detector(11, 11, 2.0, (20.0, 10.0)), source_mm=PARALLEL)
    assert np.unravel_index(shadow.argmax(), shadow.shape) == (5, 5)
