import numpy as np
import pytest

from elsewhere.design.inputs.volume import VolumeInput
from elsewhere.imaging import crop, lattice, resample, store
from elsewhere.imaging.preparation import Scanned, preparation

VOLUME = VolumeInput(
    kind="volume",
    matrix=8,
    depth=32,
    stride=8,
    clip_min_hu=-1000,
    clip_max_hu=None,
    ct_number="keep",
    normalise="volume",
)
HU, CT_NUMBER, GREY = (Scanned("a", scale, slices=3) for scale in ("HU", "CT number", "0-255"))
# of the arrays as they were before inputs had `spacing_mm` and `crop`
FROZEN = {
    24: "9bc39be11951bcfcd2244348c1d00faa70630f45db7d01de294036169bdb7e4e",
    40: "74acd08d7818db6c3cda26ca074a249900b13d98e46a4fc3759d89bf3222cce2",
    64: "fde8728562f997a06dd8ae688f950e0479f948d93de2a2873c79994d95dcdfc6",
}


def pattern():
    """HU of nothing in particular, each voxel another."""
    z, y, x = np.mgrid[:7, :40, :52]
    return ((z * 131 + y * 17 + x * 29) % 2400 - 1200).astype(np.int16)


def chest(side=100, slices=20):
    """A body in air with two lungs, off the middle, in slices 4 to 15."""
    y, x = np.mgrid[:side, :side] / side
    volume = np.full((slices, side, side), -1000, np.int16)
    volume[:, ((x - 0.45) / 0.3) ** 2 + ((y - 0.55) / 0.2) ** 2 < 1] = 40
    volume[4:16, ((np.abs(x - 0.45) - 0.14) / 0.09) ** 2 + ((y - 0.55) / 0.14) ** 2 < 1] = -850
    return volume


@pytest.mark.parametrize("matrix", FROZEN)
@pytest.mark.parametrize("written", [{}, {"spacing_mm": None, "crop": "none"}])
def test_without_spacing_and_crop_every_byte_is_as_before(matrix, written):
    row = VOLUME.model_copy(update={"matrix": matrix, "clip_max_hu": 400})
    row = VolumeInput.model_validate({**row.model_dump(exclude_unset=True), **written})
    array = preparation(row).prepared(pattern(), Scanned("a", "HU", 7, (5.0, 0.7, 0.7)))
    assert store.sha256(array) == FROZEN[matrix]


def test_air_is_zero_and_water_a_thousand():
    """A-13, A-17: the least value after the clip is 0."""
    hu = np.full((3, 20, 20), -2000, np.int16)
    hu[1] = 0
    array = preparation(VOLUME).prepared(hu, HU)
    assert array[0].max() == 0
    assert (array[1] == 1000).all()
    assert array.shape == (3, 8, 8)


def test_ct_numbers_kept_or_shifted_differ_by_24():
    """[AMB] of A-13: 0-4095 as they are, or as HU clipped at -1000: 1024 - 1000 = 24."""
    numbers = np.full((1, 8, 8), 2000, np.int16)
    shifting = VOLUME.model_copy(update={"ct_number": "shift_to_hu"})
    assert (preparation(VOLUME).prepared(numbers, CT_NUMBER) == 2000).all()
    assert (preparation(shifting).prepared(numbers, CT_NUMBER) == 1976).all()


def test_greys_stay_greys():
    grey = np.arange(64, dtype=np.uint8).reshape(1, 8, 8)
    np.testing.assert_array_equal(preparation(VOLUME).prepared(grey, GREY), grey)


def test_a_lattice_in_mm_is_that_of_the_settings():
    row = VOLUME.model_copy(update={"spacing_mm": (4.0, 2.0, 3.0), "matrix": 30})
    scan = Scanned("a", "HU", 20, (2.0, 1.0, 1.5))
    array = preparation(row).prepared(chest(), scan)
    assert array.shape == (10, 30, 30)
    values = np.maximum(chest().astype(np.float32), -1000) + 1000
    expected = lattice.resampled(
        values, spacing_mm=scan.spacing_mm, wanted_mm=(4.0, 2.0, 3.0), rows=30, columns=30
    )
    np.testing.assert_array_equal(array, np.rint(expected))


def test_two_scanners_show_one_body_at_one_size():
    """What `spacing_mm` is for: half the voxel, the same array."""
    row = VOLUME.model_copy(update={"spacing_mm": (2.0, 4.0, 4.0), "matrix": 40})
    coarse = chest(side=80)
    fine = np.repeat(np.repeat(coarse, 2, axis=1), 2, axis=2)
    arrays = [
        preparation(row).prepared(volume, Scanned("a", "HU", 20, spacing)).astype(int)
        for volume, spacing in ((coarse, (2.0, 1.6, 1.6)), (fine, (2.0, 0.8, 0.8)))
    ]
    assert arrays[0].shape == arrays[1].shape
    assert np.abs(arrays[0] - arrays[1]).mean() < 10
    plain = VOLUME.model_copy(update={"matrix": 40})
    other = preparation(plain).prepared(coarse[:, 10:70, 10:70], HU).astype(int)
    assert np.abs(arrays[0] - other).mean() > 50


def test_scans_of_unknown_spacing_are_refused_before_any_is_read():
    row = VOLUME.model_copy(update={"spacing_mm": (1.0, 1.0, 1.0)})
    known, unknown = Scanned("a", "HU", 3, (1.0, 1.0, 1.0)), Scanned("b", "0-255", 3)
    preparation(row).check([known])
    preparation(VOLUME).check([known, unknown])
    with pytest.raises(ValueError, match=r"1 of 2 scans .* the first is b; set spacing_mm"):
        preparation(row).check([known, unknown])


@pytest.mark.parametrize("part", ["body", "lungs"])
def test_what_is_cropped_fills_the_matrix_and_is_not_distorted(part):
    row = VOLUME.model_copy(update={"crop": part, "matrix": 50})
    array = preparation(row).prepared(chest(), HU)
    slices, rows, columns = crop.square(crop.box(chest(), part))
    assert len(array) == slices.stop - slices.start
    side = rows.stop - rows.start
    assert side == columns.stop - columns.start < 100
    values = np.maximum(chest(), -1000).astype(np.float32) + 1000
    inside = values[slices, max(rows.start, 0) : rows.stop, max(columns.start, 0) : columns.stop]
    assert inside.shape[1:] == (side, side)
    expected = resample.in_plane(inside, rows=50, columns=50)
    np.testing.assert_array_equal(array, np.rint(expected))


def test_crop_and_lattice_go_together():
    row = VOLUME.model_copy(update={"crop": "lungs", "spacing_mm": (2.0, 1.0, 1.0), "matrix": 64})
    array = preparation(row).prepared(chest(), Scanned("a", "HU", 20, (2.0, 1.0, 1.0)))
    assert len(array) == 14
    lung, others = array[7] == 150, array[7] > 0
    middle = [float(np.flatnonzero(lung.any(axis=axis)).mean()) for axis in (1, 0)]
    np.testing.assert_allclose(middle, [31.5, 31.5], atol=1)
    assert others.any(axis=0).sum() < 64


def test_a_scan_without_the_part_is_kept_whole_and_said_so(caplog):
    row = VOLUME.model_copy(update={"crop": "lungs", "matrix": 20})
    volume = np.full((3, 20, 20), 40, np.int16)
    volume[:, :5] = -1000
    array = preparation(row).prepared(volume, Scanned("scan-1", "HU", 3))
    np.testing.assert_array_equal(array, volume.astype(int) + 1000)
    assert "scan-1: no lungs found, the scan is kept whole" in caplog.text


@pytest.mark.parametrize(
    "wrong", [{"spacing_mm": [1, 1]}, {"spacing_mm": [1, 0, 1]}, {"crop": "heart"}]
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        VolumeInput.model_validate({**VOLUME.model_dump(), **wrong})
