import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from scipy import ndimage

from elsewhere.imaging.dicom import geometry, repair


def ramp(count):
    """A phantom that is linear along z: interpolation is exact."""
    plane = np.random.default_rng(0).integers(-500, 500, (20, 16))
    return (plane + 10 * np.arange(count)[:, None, None]).astype(np.int16)


def test_a_removed_slice_of_a_ramp_comes_back_exactly(stack, mend):
    whole = ramp(9)
    kept = [0, 1, 2, 4, 5, 7, 8]
    lattice = geometry.lattice_of(stack(2.5 * np.array(kept)), mend)
    np.testing.assert_array_equal(repair.repaired(whole[kept], lattice), whole)


def test_an_unevenly_cut_ramp_comes_back_exactly(stack, mend):
    heights = np.array([0, 2.5, 5.0, 8.0, 10.0, 12.5])
    plane = ramp(1)[0]
    voxels = (plane + 20 * heights[:, None, None]).astype(np.int16)
    lattice = geometry.lattice_of(stack(heights), mend)
    expected = plane + 20 * 2.5 * np.arange(6)[:, None, None]
    np.testing.assert_array_equal(repair.repaired(voxels, lattice), expected)


def test_resampling_agrees_with_simpleitk():
    voxels = np.random.default_rng(1).integers(-1000, 1000, (8, 5, 6)).astype(np.int16)
    planes = 0.83 * np.arange(9)
    image = sitk.GetImageFromArray(voxels.astype(np.float64))
    step = sitk.AffineTransform(3)
    step.SetMatrix((1, 0, 0, 0, 1, 0, 0, 0, 0.83))
    oracle = sitk.Resample(image, (6, 5, 9), step, sitk.sitkLinear)
    expected = np.rint(sitk.GetArrayFromImage(oracle))
    np.testing.assert_array_equal(repair.sampled(voxels, planes), expected)


def body(z, y, x):
    """A smooth phantom in mm: what a scanner would sample."""
    wave = np.sin(z / 9) + np.cos(y / 7) + np.sin((x + y) / 11)
    return 300 * wave


def test_a_tilted_phantom_is_set_upright(slice_at, mend):
    """Sampled on the planes of a tilted gantry; the upright lattice has the phantom's values."""
    angle, count, rows, columns = np.radians(12), 24, 100, 80
    plane = (1.0, 0.0, 0.0, 0.0, float(np.cos(angle)), float(np.sin(angle)))
    slices = [
        slice_at((0, 0, 1.5 * z), f"s{z:02d}", orientation=plane, tilt_degrees=12.0)
        for z in range(count)
    ]

    def sample(origin, normal, step):
        index = np.indices((count, rows, columns)).astype(float)
        point = (
            np.array(origin)[:, None, None, None]
            + index[0] * np.array(step)[:, None, None, None]
            + 0.7 * index[1] * np.array(plane[3:])[:, None, None, None]
            + 0.8 * index[2] * np.array(plane[:3])[:, None, None, None]
        )
        return body(point[2], point[1], point[0])

    tilted = np.rint(sample((0, 0, 0), None, (0, 0, 1.5))).astype(np.int16)
    lattice = geometry.lattice_of(slices, mend)
    upright = repair.repaired(tilted, lattice)
    truth = sample(lattice.origin_mm, None, lattice.normal * lattice.spacing_mm[0])
    inside = np.abs(upright - truth)[:, 8:-8]
    assert inside.max() < 3
    assert np.abs(tilted - truth)[:, 8:-8].max() > 50


def test_a_shift_agrees_with_an_affine_transform():
    voxels = np.random.default_rng(2).integers(-1000, 1000, (3, 12, 10)).astype(np.int16)
    shifts = [(1.25, -0.5), (0.0, 0.0), (-2.0, 3.0)]
    found = repair.shifted(voxels, shifts)
    for one, by, result in zip(voxels, shifts, found, strict=True):
        oracle = ndimage.affine_transform(
            one.astype(float), np.eye(2), offset=-np.array(by), order=1, cval=voxels.min()
        )
        np.testing.assert_array_equal(result, np.rint(oracle))
    np.testing.assert_array_equal(found[2, :10, 3:], voxels[2, 2:, :7])
    assert (found[2, 10:] == voxels.min()).all()


def test_nothing_to_repair_changes_nothing(stack, strict):
    voxels = ramp(4)
    lattice = geometry.lattice_of(stack(range(4)), strict)
    assert repair.repaired(voxels, lattice) is voxels
    with pytest.raises(ValueError, match="got 3 slices of voxels, expected 4"):
        repair.repaired(voxels[:3], lattice)
