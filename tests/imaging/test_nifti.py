import gzip

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from scipy.spatial.transform import Rotation

from elsewhere.imaging import nifti
from elsewhere.imaging.volume import Unusable

LPS = np.diag([-0.7, -0.8, 5.0, 1.0])


AFFINES = {
    "LPS": [[-0.7, 0, 0], [0, -0.8, 0], [0, 0, 8]],
    "RAS": [[0.7, 0, 0], [0, 0.8, 0], [0, 0, 8]],
    "head first": [[-0.7, 0, 0], [0, -0.8, 0], [0, 0, -8]],
    "axes exchanged": [[0, 0, 0.7], [-0.8, 0, 0], [0, 8, 0]],
    "oblique": (
        Rotation.from_euler("xyz", [8, -5, 10], degrees=True).as_matrix() @ np.diag([-0.7, 0.8, 8])
    ),
}


@pytest.mark.parametrize("affine", AFFINES.values(), ids=AFFINES.keys())
def test_nifti_is_turned_by_its_affine_as_simpleitk_does(tmp_path, thorax, affine):
    matrix = np.eye(4)
    matrix[:3, :3] = affine
    path = tmp_path / "study.nii.gz"
    nibabel.save(nibabel.Nifti1Image(thorax(), matrix), path)
    volume = nifti.read(path)
    oracle = sitk.DICOMOrient(sitk.ReadImage(path), "LPS")
    np.testing.assert_array_equal(volume.voxels, sitk.GetArrayFromImage(oracle))
    np.testing.assert_allclose(volume.spacing_mm, oracle.GetSpacing()[::-1], rtol=1e-5)
    assert (volume.value_scale, volume.source_format) == ("HU", "NIfTI")
    expected = np.eye(4)
    expected[:3, :3] = np.reshape(oracle.GetDirection(), (3, 3)) * oracle.GetSpacing()
    expected[:3, 3] = oracle.GetOrigin()
    np.testing.assert_allclose(volume.affine, expected, atol=1e-4)


def test_nifti_slope_is_applied_and_scales_are_told(tmp_path):
    stored = np.array([[[0, 255]]], np.uint8)
    path = tmp_path / "grey.nii"
    nibabel.save(nibabel.Nifti1Image(stored, np.eye(4)), path)
    assert nifti.read(path).value_scale == "0-255"
    image = nibabel.Nifti1Image(np.array([[[0, 2000]]], np.int16), np.diag([-1, -1, 1, 1]))
    image.header.set_slope_inter(2, -1024)
    nibabel.save(image, path)
    np.testing.assert_array_equal(nifti.read(path).voxels.ravel(), [-1024, 2976])


def test_nifti_of_other_dimension_is_refused(tmp_path):
    path = tmp_path / "time.nii"
    nibabel.save(nibabel.Nifti1Image(np.zeros((2, 2, 2, 2), np.int16), np.eye(4)), path)
    with pytest.raises(Unusable, match="not_3d"):
        nifti.read(path)
    flat = nibabel.Nifti1Image(np.zeros((2, 2, 2), np.int16), None)
    flat.header.set_sform(np.diag([1, 1, 0, 1]), code=1)
    nibabel.save(flat, path)
    with pytest.raises(Unusable, match="no_orientation"):
        nifti.read(path)


@pytest.mark.parametrize(
    ("low", "high", "dtype", "scale"),
    [
        (-1024, 3000, np.int16, "HU"),
        (0, 4095, np.int16, "CT number"),
        (0, 255, np.uint8, "0-255"),
        (0, 255, np.int16, "0-255"),
    ],
)
def test_the_scale_of_nifti_is_measured(tmp_path, low, high, dtype, scale):
    """A-11: a NIfTI file does not say what its numbers mean."""
    values = np.linspace(low, high, 60).reshape(3, 4, 5).astype(dtype)
    path = tmp_path / "one.nii.gz"
    nibabel.save(nibabel.Nifti1Image(values, np.diag([-1, -1, 1, 1])), path)
    volume = nifti.read(path)
    assert volume.value_scale == scale
    np.testing.assert_array_equal(volume.voxels, values.transpose(2, 1, 0))


def test_values_between_0_and_1_are_no_ct(tmp_path):
    """Rounded to whole numbers they would be an empty picture."""
    values = np.random.default_rng(0).random((3, 4, 5)).astype(np.float32)
    path = tmp_path / "one.nii"
    nibabel.save(nibabel.Nifti1Image(values, np.diag([-1, -1, 1, 1])), path)
    with pytest.raises(Unusable, match="value_range: fractions"):
        nifti.read(path)


@pytest.fixture
def save(tmp_path, thorax):
    """Write a thorax, its header changed, and return the path."""

    def written(change=lambda image: None, *, affine=LPS, name="one.nii", array=None):
        values = thorax().transpose(2, 1, 0) if array is None else array
        image = nibabel.Nifti1Image(values, affine, dtype=values.dtype)
        change(image)
        nibabel.save(image, tmp_path / name)
        return tmp_path / name

    return written


@pytest.mark.parametrize("name", ["one.nii", "one.nii.gz"])
@pytest.mark.parametrize("kept", [0.5, 0.9, -1])
def test_a_file_that_was_cut_off_is_refused(save, name, kept):
    """SimpleITK 2.5 reads such files without an error."""
    path = save(name=name)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept) if kept > 0 else kept])
    with pytest.raises(Unusable, match="truncated"):
        nifti.read(path)


def test_every_flipped_bit_of_a_compressed_file_is_noticed(save):
    path = save(name="one.nii.gz")
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    for at in rng.integers(20, len(content), 40):
        damaged = bytearray(content)
        damaged[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(bytes(damaged))
        with pytest.raises(Unusable):
            nifti.read(path)


@pytest.mark.parametrize(("unit", "factor"), [("micron", 1e3), ("meter", 1e-3), ("mm", 1.0)])
def test_lengths_are_mm_whatever_the_header_counts_in(save, unit, factor):
    affine = LPS @ np.diag([factor, factor, factor, 1])
    path = save(lambda image: image.header.set_xyzt_units(unit), affine=affine)
    volume = nifti.read(path)
    assert volume.spacing_mm == pytest.approx((5, 0.8, 0.7), rel=1e-5)
    assert abs(volume.affine[2, 2]) == pytest.approx(5, rel=1e-5)
    assert volume.flags == (() if unit == "mm" else ("other_unit",))


def test_two_affines_of_other_sizes_are_flagged(save):
    """One of them is read: a chest of half the height would be no less plausible."""
    path = save(lambda image: image.header.set_qform(LPS @ np.diag([1, 1, 2, 1]), 1), affine=LPS)
    assert nifti.read(path).flags == ("orientation_conflict",)


def without_geometry(image):
    image.set_sform(None, 0)
    image.set_qform(None, 0)


@pytest.mark.parametrize(
    ("change", "affine"),
    [
        (without_geometry, LPS),
        (lambda image: None, np.eye(4)),
        (lambda image: None, np.diag([-1, -1, 1, 1])),
    ],
)
def test_an_orientation_that_nobody_stated_is_flagged(save, change, affine):
    volume = nifti.read(save(change, affine=affine))
    assert volume.flags == ("orientation_assumed",)
    assert volume.affine is None


def test_two_affines_that_disagree_are_flagged(save):
    def turned(image):
        image.header.set_qform(np.diag([0.7, 0.8, 5, 1.0]), 1)
        image.header.set_sform(LPS, 2)

    assert nifti.read(save(turned)).flags == ("orientation_conflict",)
    assert nifti.read(save()).flags == ()


def test_a_leaning_stack_is_refused(save):
    """SimpleITK 2.5 sets it upright in its header and leaves the voxels leaning."""
    leaning = LPS.copy()
    leaning[1, 2] = 5 * np.tan(np.radians(15))
    with pytest.raises(Unusable, match=r"not_orthogonal: two axes are 15\.0 degrees"):
        nifti.read(save(affine=leaning))


def test_one_point_in_time_is_a_volume_and_two_are_none(save, thorax):
    values = thorax().transpose(2, 1, 0)
    volume = nifti.read(save(array=values[..., None]))
    np.testing.assert_array_equal(volume.voxels, thorax())
    with pytest.raises(Unusable, match="not_3d"):
        nifti.read(save(array=np.stack([values, values], axis=-1)))


@pytest.mark.parametrize("dtype", [np.complex64, [("R", "u1"), ("G", "u1"), ("B", "u1")]])
def test_voxels_that_are_no_numbers_are_refused(save, dtype):
    with pytest.raises(Unusable, match="colour"):
        nifti.read(save(array=np.zeros((3, 4, 5), dtype=dtype)))


def test_a_voxel_that_is_not_finite_is_refused(save, thorax):
    values = thorax().transpose(2, 1, 0).astype(np.float32)
    values[0, 0, 0] = np.nan
    for hu in (True, False):
        with pytest.raises(Unusable, match="value_range"):
            nifti.read(save(array=values), hu=hu)


def test_nifti_2_is_read(tmp_path, thorax):
    path = tmp_path / "one.nii.gz"
    nibabel.save(nibabel.Nifti2Image(thorax().transpose(2, 1, 0), LPS), path)
    np.testing.assert_array_equal(nifti.read(path).voxels, thorax())


def test_the_name_must_end_as_the_content_is(save, tmp_path):
    plain = save().read_bytes()
    for name, content in (("a.nii.gz", plain), ("b.nii", gzip.compress(plain)), ("c.mha", plain)):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(Unusable, match="wrong_suffix"):
            nifti.read(tmp_path / name)


def test_more_than_the_intake_allows_is_refused_before_it_is_read(save):
    path = save(array=np.zeros((100, 100, 10), np.int16))
    assert nifti.read(path, most_gb=2e-4).voxels.size == 1e5
    with pytest.raises(Unusable, match="too_large"):
        nifti.read(path, most_gb=1.9e-4)


def test_values_without_a_unit_are_stretched_where_they_are_no_integers(save, thorax):
    values = np.linspace(-3.0, 5.0, 60).reshape(3, 4, 5).astype(np.float32)
    volume = nifti.read(save(array=values), hu=False)
    assert (volume.value_scale, volume.repairs) == ("grey", ("stretched",))
    expected = np.rint(np.linspace(0, 4095, 60)).reshape(3, 4, 5).transpose(2, 1, 0)
    np.testing.assert_allclose(volume.voxels, expected, atol=1)
    kept = nifti.read(save(array=np.arange(60, dtype=np.uint16).reshape(3, 4, 5)), hu=False)
    assert (kept.value_scale, kept.repairs, kept.voxels.max()) == ("grey", (), 59)


@pytest.mark.parametrize("name", ["one.nii", "one.nii.gz"])
def test_a_voxel_of_no_size_is_refused(save, name):
    """Without another affine nibabel would call it 1 mm; a stated sform does not need it."""
    for change, refused in ((without_geometry, True), (lambda image: None, False)):
        path = save(change, name=name)
        content = bytearray(
            gzip.decompress(path.read_bytes()) if ".gz" in name else path.read_bytes()
        )
        content[88:92] = bytes(4)  # pixdim[3]
        path.write_bytes(gzip.compress(bytes(content)) if ".gz" in name else bytes(content))
        if refused:
            with pytest.raises(Unusable, match="no_orientation: a voxel has a size of 0"):
                nifti.read(path)
        else:
            assert nifti.read(path).spacing_mm[0] == pytest.approx(5)
