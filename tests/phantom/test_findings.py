"""findings: each finding is tested by the difference of an image with and without it."""

import numpy as np
import pytest

from elsewhere.phantom import findings, projection, thorax, torso
from elsewhere.phantom.projection import Detector

INSPIRATION = 0.9
HALF = 45  # columns and rows on each side of the middle of the lungs, 4 mm each


def anatomy(seed=3, cardiomegaly=False, female=False):
    rng = np.random.default_rng(seed)
    return findings.enlarge(thorax.draw_anatomy(rng, female=female), rng, cardiomegaly=cardiomegaly)


def chest(patient):
    grid = torso.grid(patient)
    hu, lung = torso.draw_torso(patient, grid, inspiration=INSPIRATION)
    return findings.Chest(hu, lung, patient, grid, INSPIRATION)


def shadow(one):
    """Parallel shadow, [row, column]; the middle of the lungs in the middle, head at the top."""
    seen = Detector(2 * HALF + 1, 2 * HALF + 1, 4.0, (0.5 * one.anatomy.height_mm, 0.0))
    mu = projection.attenuation(one.hu)
    return projection.project(mu, one.grid, "PA", seen, source_mm=float("inf"))


def seen_in_lungs(one):
    """Share of lung along the beam, the greatest being 1."""
    lung = findings.Chest(one.lung * 1000 - 1000, one.lung, one.anatomy, one.grid, INSPIRATION)
    depth = shadow(lung)
    return depth / depth.max()


@pytest.fixture(scope="module")
def healthy():
    return chest(anatomy())


@pytest.fixture(scope="module")
def added(healthy):
    """Return a function that adds findings by seed: what they add to the shadow."""
    before = shadow(healthy)

    def add(*names, seed=0):
        ill = findings.Chest(
            healthy.hu.copy(), healthy.lung, healthy.anatomy, healthy.grid, INSPIRATION
        )
        findings.add(ill, names, np.random.default_rng(seed))
        return shadow(ill) - before

    return add


def heights_mm(healthy):
    """Of each row of a shadow, above the lowest point of the lungs."""
    return 0.5 * healthy.anatomy.height_mm + (HALF - np.arange(2 * HALF + 1)) * 4.0


def right_and_left(picture):
    """Halves of a shadow; the patient's right is to the left."""
    return picture[:, :HALF], picture[:, HALF + 1 :]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("female", [False, True])
def test_a_ratio_below_one_half_is_normal(seed, female):
    """B-43, at every breath that is taken."""
    normal = anatomy(seed, cardiomegaly=False, female=female)
    large = anatomy(seed, cardiomegaly=True, female=female)
    for inspiration in (0.55, 1.0):
        assert findings.ratio(normal, inspiration=inspiration) < 0.5
        assert findings.ratio(large, inspiration=inspiration) > 0.5


def measured_ratio(one):
    """Cardiothoracic ratio by ruler on the shadow, as B-43 says it is measured by hand.

    The border of the heart is where the shadow rises most steeply between lung and spine.
    """
    picture = shadow(one)
    level = np.abs(heights_mm(one) - 0.36 * one.anatomy.height_mm).argmin()
    right, left = right_and_left(picture[level - 2 : level + 3])
    heart = 0.0
    for side in (right[:, ::-1], left):
        fall = -np.diff(side[:, 6:30], axis=1)
        heart += np.median(fall.argmax(axis=1)) + 6 + 1.5  # from the middle column
    columns = np.flatnonzero((seen_in_lungs(one) > 0.1).any(axis=0))
    return heart / (columns[-1] - columns[0] + 1)


@pytest.mark.parametrize("seed", range(8))
def test_the_shadow_has_the_ratio_that_is_stated(seed):
    for cardiomegaly in (False, True):
        patient = anatomy(seed, cardiomegaly=cardiomegaly)
        found = measured_ratio(chest(patient))
        stated = findings.ratio(patient, inspiration=INSPIRATION)
        assert found == pytest.approx(stated, abs=0.05)
        assert (found > 0.5) == cardiomegaly


def test_a_chest_without_findings_stays_as_it_is(added):
    assert np.abs(added()).max() == 0


@pytest.mark.parametrize("seed", range(4))
def test_edema_is_a_haze_of_both_lungs_around_the_hila(healthy, added, seed):
    haze = added("Edema", seed=seed)
    level = heights_mm(healthy)
    hila = (np.abs(level / healthy.anatomy.height_mm - 0.5) < 0.1)[:, None]
    lungs = seen_in_lungs(healthy) > 0.5
    for side, inside in zip(right_and_left(haze), right_and_left(lungs), strict=True):
        central = side[hila & inside].mean()
        apical = side[(level > 0.85 * healthy.anatomy.height_mm)[:, None] & inside].mean()
        assert 0.15 < central < 1.0, "low contrast"
        assert central > 2 * apical
        assert apical > 0
    assert haze[seen_in_lungs(healthy) == 0] == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("seed", range(6))
def test_consolidation_is_dense_and_in_one_lung(added, seed):
    patch = added("Consolidation", seed=seed)
    sums = sorted(half.sum() for half in right_and_left(patch))
    assert sums[0] < 1e-3 * sums[1]
    assert patch.max() > 0.6
    assert 20 < (patch > 0.3).sum() * 0.16 < 120, "cm2: a lobe, not a lung"


def test_consolidation_is_found_in_every_lung_and_height(healthy, added):
    places = set()
    for seed in range(16):
        patch = added("Consolidation", seed=seed)
        row, column = np.unravel_index(patch.argmax(), patch.shape)
        upper = heights_mm(healthy)[row] > 0.5 * healthy.anatomy.height_mm
        places.add((bool(upper), bool(column > HALF)))
    assert len(places) == 4


@pytest.mark.parametrize("seed", range(6))
def test_atelectasis_raises_one_diaphragm_under_a_band(healthy, added, seed):
    change = added("Atelectasis", seed=seed)
    right, left = right_and_left(change)
    here, other = (right, left) if right.sum() > left.sum() else (left, right)
    assert np.abs(other).max() < 1e-3
    level = heights_mm(healthy)
    assert np.abs(here[level > 0.5 * healthy.anatomy.height_mm]).max() < 1e-3, "basal"
    # From above: the band, then lung as it was, then the diaphragm where lung was.
    profile = here.max(axis=1)
    dense = profile > 0.25
    assert dense.any()
    risen = here[(level > 35) & (level < 60)].max()
    assert risen > 0.25


@pytest.mark.parametrize("seed", range(6))
def test_an_effusion_fills_the_angle_and_climbs_along_the_wall(healthy, added, seed):
    fluid = added("Pleural Effusion", seed=seed)
    level = heights_mm(healthy)
    assert np.abs(fluid[level > 0.62 * healthy.anatomy.height_mm]).max() < 0.02
    lungs = seen_in_lungs(healthy)
    for side, inside, outward in zip(
        right_and_left(fluid), right_and_left(lungs), (1, -1), strict=True
    ):
        if side.max() < 0.05:
            continue  # the dry side
        columns = np.flatnonzero((inside > 0.3).any(axis=0))[::outward]
        lateral, middle = columns[1], columns[len(columns) // 2]

        def surface(column, side=side):
            return level[np.flatnonzero(side[:, column] > 0.15)[0]]

        assert surface(lateral) > surface(middle), "meniscus"
        angle = (level > 8) & (level < 24)
        assert side[angle][:, columns[1:4]].mean() > 0.15, "the angle is filled"


def test_fluid_is_on_one_side_or_both_and_on_the_side_of_collapse(added):
    sides = set()
    for seed in range(16):
        right, left = (
            bool(half.max() > 0.05) for half in right_and_left(added("Pleural Effusion", seed=seed))
        )
        sides.add((right, left))
        collapsed = [half.max() > 0.05 for half in right_and_left(added("Atelectasis", seed=seed))]
        assert all(fluid for fluid, band in zip((right, left), collapsed, strict=True) if band)
    assert sides == {(True, False), (False, True), (True, True)}


def test_one_finding_less_leaves_the_others_where_they_were(added):
    both = added("Edema", "Consolidation", seed=2)
    one = added("Consolidation", seed=2)
    haze = added("Edema", seed=2)
    assert np.corrcoef(both.ravel(), (one + haze).ravel())[0, 1] > 0.98
