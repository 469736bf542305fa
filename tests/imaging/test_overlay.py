"""overlay: where a prepared voxel lies is read from scans whose values are coordinates."""

import numpy as np
import pytest

from elsewhere.design.inputs.image import ImageInput
from elsewhere.design.inputs.volume import VolumeInput
from elsewhere.imaging import crop
from elsewhere.imaging.overlay import over_scan, placed
from elsewhere.imaging.preparation import Scanned, preparation

SHAPE, SPACING = (30, 64, 48), (4.0, 3.0, 4.0)
SCAN = Scanned("scan", "CT number", SHAPE[0], SPACING)


def row(**changes: object) -> VolumeInput:
    values = {"kind": "volume", "matrix": 32, "depth": 32, "stride": 8, "clip_min_hu": 0,
              "clip_max_hu": None, "ct_number": "keep", "normalise": "volume"}  # fmt: skip
    return VolumeInput.model_validate(values | changes)


@pytest.fixture
def box(monkeypatch):
    """Every scan has its body here, nearer to one side than to the other."""
    found = (slice(4, 25), slice(10, 50), slice(2, 42))
    monkeypatch.setattr(crop, "box", lambda voxels, part: found)


@pytest.mark.parametrize("cut", ["none", "lungs"])
@pytest.mark.parametrize("spacing_mm", [None, (6.0, 5.0, 8.0), (2.0, 4.0, 3.0)])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_voxel_of_the_input_has_the_value_of_the_place_that_it_came_from(
    box, cut, spacing_mm, axis
):
    """A scan whose values grow along an axis, 100 a voxel, keeps them where it is interpolated."""
    ramp = np.indices(SHAPE)[axis] * 100
    chosen = row(crop=cut, spacing_mm=spacing_mm)
    array = preparation(chosen).prepared(ramp.astype(np.int16), SCAN)
    step, first = placed(array.shape, voxels=ramp, scan=SCAN, row=chosen)[axis]
    middle = [count // 2 for count in array.shape]
    along = [middle[other] if other != axis else slice(None) for other in range(3)]
    values = array[tuple(along)] / 100
    expected = first + np.arange(array.shape[axis]) * step
    kept = {"none": (0, SHAPE[axis]), "lungs": ((4, 25), (10, 50), (2, 42))[axis]}[cut]
    # at the ends of the kept part values are averaged with what is repeated or 0
    inner = (expected > kept[0] + 3) & (expected < kept[1] - 4)
    assert inner.sum() >= 3
    np.testing.assert_allclose(values[inner], expected[inner], atol=0.06)


def test_a_map_of_the_whole_scan_is_left_as_it_is():
    voxels = np.zeros(SHAPE, np.int16)
    found = np.random.default_rng(0).integers(0, 256, (30, 32, 32)).astype(np.uint8)
    assert over_scan(found, voxels=voxels, scan=SCAN, row=row()) is found
    image = ImageInput(
        kind="image", matrix=8, stored_matrix=10, channels=1, normalise="image", proportions="kept"
    )
    one = found[:1, :10, :14]
    scan = Scanned("image", "0-255", 1)
    assert over_scan(one, voxels=np.zeros((1, 100, 140)), scan=scan, row=image) is one


@pytest.mark.parametrize("spacing_mm", [None, (6.0, 5.0, 8.0)])
def test_of_a_part_the_map_stands_where_it_was_seen(box, spacing_mm):
    """A block of the scan that shines in the prepared scan shines in the map over the scan."""
    voxels = np.zeros(SHAPE, np.int16)
    voxels[12:18, 16:28, 22:34] = 255
    chosen = row(crop="lungs", spacing_mm=spacing_mm)
    array = preparation(chosen).prepared(voxels, SCAN).astype(np.uint8)
    over = over_scan(array, voxels=voxels, scan=SCAN, row=chosen)
    assert over.dtype == np.uint8
    sizes = [have / count for have, count in zip(SHAPE, over.shape, strict=True)]
    mass = over.astype(float)
    for axis, (size, expected) in enumerate(zip(sizes, (14.5, 21.5, 27.5), strict=True)):
        at = (np.arange(over.shape[axis]) + 0.5) * size - 0.5
        others = tuple(other for other in range(3) if other != axis)
        assert np.average(at, weights=mass.sum(axis=others)) == pytest.approx(expected, abs=0.3)
    volume = mass.sum() / 255 * np.prod(sizes)
    assert volume == pytest.approx(6 * 12 * 12, rel=0.15)


def test_where_the_input_has_no_voxel_nothing_is_shown(box):
    chosen = row(crop="lungs")
    found = np.full((21, 32, 32), 200, np.uint8)
    over = over_scan(found, voxels=np.zeros(SHAPE, np.int16), scan=SCAN, row=chosen)
    assert over.shape[0] == 30
    assert not over[:3].any()
    assert not over[26:].any()
    assert (over[6:24, over.shape[1] // 2, over.shape[2] // 2] == 200).all()
