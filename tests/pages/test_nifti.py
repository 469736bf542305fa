"""nifti: what we write, two other libraries read: voxels, place and unit."""

import json

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from elsewhere.pages.nifti import Geometry, geometry, packed

UNKNOWN = float("nan")
TURNED = np.array(
    [[0.7, 0.04, 0.1, -120.0], [-0.03, 0.8, 0.2, -80.0], [-0.02, -0.1, 2.4, -310.0], [0, 0, 0, 1]]
)


def volume(kind):
    rng = np.random.default_rng(4)
    return rng.integers(0 if kind == np.uint8 else -1024, 255, (5, 6, 7)).astype(kind)


def by_nibabel(content):
    return nib.Nifti1Image.from_bytes(content)


def by_simpleitk(content, tmp_path):
    (tmp_path / "written.nii").write_bytes(content)
    return sitk.ReadImage(tmp_path / "written.nii")


@pytest.mark.parametrize("kind", [np.int16, np.uint8])
def test_two_libraries_read_the_same_voxels(kind, tmp_path):
    voxels = volume(kind)
    content = packed(voxels, Geometry((2.0, 0.5, 0.75)))
    read = by_nibabel(content)
    assert read.get_data_dtype() == kind
    np.testing.assert_array_equal(np.asarray(read.dataobj), voxels.T)
    image = by_simpleitk(content, tmp_path)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), voxels)
    assert image.GetSpacing() == pytest.approx((0.75, 0.5, 2.0))
    assert len(content) == 352 + voxels.nbytes


def test_the_place_in_the_patient_is_the_same_in_both(tmp_path):
    """NIfTI counts to right, front and head; SimpleITK turns that into DICOM's LPS again."""
    rigid = np.eye(4)
    turn, _ = np.linalg.qr(TURNED[:3, :3])
    turn *= np.sign(np.diag(turn))
    rigid[:3, :3], rigid[:3, 3] = turn * [0.75, 0.5, 2.0], TURNED[:3, 3]
    content = packed(volume(np.int16), Geometry((2.0, 0.5, 0.75), rigid))
    read, image = by_nibabel(content), by_simpleitk(content, tmp_path)
    assert read.header.get_xyzt_units()[0] == "mm"
    assert (read.header["sform_code"], read.header["qform_code"]) == (1, 1)
    np.testing.assert_allclose(np.diag([-1, -1, 1, 1]) @ read.affine, rigid, atol=1e-4)
    np.testing.assert_allclose(read.get_qform(), read.affine, atol=1e-3)
    for index in ((0, 0, 0), (6, 5, 4), (1, 4, 2)):
        expected = (rigid @ [*index, 1])[:3]
        at = image.TransformIndexToPhysicalPoint(index)
        np.testing.assert_allclose(at, expected, atol=1e-2)


def test_a_sheared_place_is_kept_in_the_file():
    content = packed(volume(np.int16), Geometry((2.0, 0.5, 0.75), TURNED))
    found = np.diag([-1, -1, 1, 1]) @ by_nibabel(content).get_sform()
    np.testing.assert_allclose(found, TURNED, atol=1e-4)


def test_what_is_not_known_is_not_claimed():
    header = by_nibabel(packed(volume(np.int16), Geometry((UNKNOWN, 0.5, 0.5)))).header
    assert (header["sform_code"], header["qform_code"]) == (0, 0)
    assert header.get_xyzt_units()[0] == "unknown"
    assert header.get_zooms() == (0.5, 0.5, 1.0)
    known = by_nibabel(packed(volume(np.int16), Geometry((3.0, 0.5, 0.5)))).header
    assert (known["sform_code"], known["qform_code"]) == (0, 0)
    assert known.get_xyzt_units()[0] == "mm"


@pytest.mark.parametrize("affine", [None, TURNED])
def test_corners_of_a_map_are_those_of_the_volume(affine):
    of, shape = (30, 512, 480), (30, 64, 32)
    whole = Geometry((2.0, 0.5, 0.75), affine)
    found = whole.over(shape, of=of)
    assert found.spacing_mm == pytest.approx((2.0, 4.0, 0.75 * 15))
    if affine is None:
        assert found.affine is None
        return
    for corner in ((0, 0, 0), (1, 1, 1), (1, 0, 1)):
        at = [
            geometry_of
            @ [*(share * n - 0.5 for share, n in zip(corner, sizes[::-1], strict=True)), 1]
            for geometry_of, sizes in ((affine, of), (found.affine, shape))
        ]
        np.testing.assert_allclose(at[0], at[1], atol=1e-9)


def test_the_geometry_of_a_scan_is_that_of_its_row():
    row = {"spacing_z_mm": 2.0, "spacing_y_mm": 0.5, "spacing_x_mm": 0.75, "affine": ""}
    assert geometry(row) == Geometry((2.0, 0.5, 0.75))
    found = geometry(row | {"affine": json.dumps([*TURNED[:3].ravel()])})
    np.testing.assert_array_equal(found.affine, TURNED)
    assert not geometry(row | {"spacing_z_mm": UNKNOWN}).to_scale
