"""Scans like those that were seen pass; what an arm was never shown is refused with a reason."""

import math

import numpy as np
import pandas as pd
import pytest

from elsewhere.answers.checks import LUNGS, MARGIN, Asked, beyond, checks
from elsewhere.answers.seen import Scans
from elsewhere.imaging import profile
from elsewhere.imaging.volume import Volume

SHAPE = (12, 40, 40)
SPACING = (5.0, 2.0, 2.0)


def chest(seed, *, value_scale="HU", slices=SHAPE[0], spacing=SPACING):
    """Air around a body with two lungs, a little different each time."""
    dice = np.random.default_rng(seed)
    z, y, x = np.ogrid[:slices, :40, :40]
    voxels = np.full((slices, 40, 40), -1000.0)
    wide, deep = dice.uniform(15, 17), dice.uniform(11, 13)
    voxels[np.broadcast_to(((x - 20) / wide) ** 2 + ((y - 20) / deep) ** 2 < 1, voxels.shape)] = 40
    for middle in (12, 28):
        lung = ((x - middle) / 5) ** 2 + ((y - 20) / dice.uniform(6, 8)) ** 2 + 0 * z < 1
        voxels[np.broadcast_to(lung, voxels.shape)] = -800
    voxels += dice.normal(0, 20, voxels.shape)
    return asked(voxels, value_scale=value_scale, spacing=spacing)


def asked(voxels, *, value_scale="HU", spacing=SPACING):
    volume = Volume(
        voxels=voxels.astype(np.int16), value_scale=value_scale, bits_stored=16,
        source_format="DICOM", spacing_mm=spacing,
    )  # fmt: skip
    row = {"value_scale": value_scale, "n_slices": len(voxels)}
    row |= {f"spacing_{axis}_mm": step for axis, step in zip("zyx", spacing, strict=True)}
    return Asked(row, profile.of(volume))


def known(count=12, **options):
    """Scans of a site, one a patient."""
    rows = []
    for seed in range(count):
        one = chest(seed, **options)
        measured = {name: one.measured[name] for name in ("histogram", "signature", "lung_first")}
        rows.append({**one.row, **measured, "patient_id": str(seed), "site": "a"})
    return Scans(pd.DataFrame(rows), "these sites")


@pytest.fixture(scope="module")
def seen():
    return known()


def failed(one, scans):
    return {check.name for check in checks(one, scans) if not check.passed}


def test_another_patient_of_the_same_kind_passes_every_check(seen):
    assert failed(chest(99), seen) == set()


def test_noise_is_refused_by_its_values_its_anatomy_and_the_lack_of_lungs(seen):
    noise = np.random.default_rng(0).integers(-1000, 1000, SHAPE)
    assert {"near in values", "near in anatomy"} <= failed(asked(noise), seen)


def test_a_block_of_water_has_no_lungs(seen):
    voxels = np.full(SHAPE, -1000)
    voxels[:, 8:32, 8:32] = 0
    assert {"lungs", "near in anatomy"} <= failed(asked(voxels), seen)


def test_other_values_are_refused_and_named(seen):
    grey = chest(99, value_scale="0-255")
    told = {check.name: check for check in checks(grey, seen)}
    assert not told["values"].passed
    assert told["values"].sentence == (
        "Its values are greys from 0 to 255; those of these sites are Hounsfield units."
    )


def test_a_single_slice_is_refused(seen):
    one = chest(99, slices=1)
    sentence = next(check.sentence for check in checks(one, seen) if check.name == "slices")
    assert "slices" in failed(one, seen)
    assert sentence == "It has 1 slice; scans of these sites have 12."
    assert "spacing z" not in {check.name for check in checks(one, seen)}


@pytest.mark.parametrize("factor", [MARGIN * 1.01, 1 / (MARGIN * 1.01)])
def test_a_distance_far_beyond_the_range_is_refused(seen, factor):
    spacing = (SPACING[0] * factor, *SPACING[1:])
    assert failed(chest(99, spacing=spacing), seen) == {"spacing z"}
    nearer = (SPACING[0] * factor**0.8, *SPACING[1:])
    assert failed(chest(99, spacing=nearer), seen) == set()


@pytest.mark.parametrize("factor", [1.05, 1 / 1.05])
def test_a_distance_a_little_beyond_the_range_is_told(seen, factor):
    passing = chest(99, spacing=(SPACING[0] * factor, *SPACING[1:]))
    (told,) = beyond(passing, seen)
    assert failed(passing, seen) == set()
    assert told.startswith("Its slices lie ")
    assert [*beyond(chest(99), seen)] == []
    far = chest(99, spacing=(SPACING[0] * 2, *SPACING[1:]))
    assert [*beyond(far, seen)] == []  # that is a reason to refuse, not a caution


def test_an_unknown_distance_passes_only_where_it_was_unknown_before(seen):
    unknown = (math.nan, *SPACING[1:])
    assert failed(chest(99, spacing=unknown), seen) == {"spacing z"}
    before = known(spacing=unknown)
    assert failed(chest(99, spacing=unknown), before) == set()
    assert failed(chest(99), before) == set()


def test_lungs_are_asked_of_a_scan_only_where_they_are_found_in_scans(seen):
    """In radiographs the measurement finds none; then it says nothing of a scan."""
    voxels = np.full(SHAPE, -1000)
    voxels[:, 8:32, 8:32] = 0
    few = seen.rows.assign(lung_first=[-1] * 2 + [0] * 10)
    assert (few["lung_first"] >= 0).mean() < LUNGS
    assert "lungs" not in failed(asked(voxels), Scans(few, "these sites"))


def test_a_scan_that_was_seen_is_near_whatever_the_limit(seen):
    assert failed(chest(3), seen) == set()
