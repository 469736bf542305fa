"""Scans among files without tables: each format once, and what is not a scan has a reason."""

import shutil

import nibabel
import numpy as np
import pytest
import SimpleITK
from PIL import Image

from elsewhere.sites.layout import LeftOut, Scan
from elsewhere.sites.loose import loose


@pytest.fixture
def policy(strict):
    return strict


def found(root, policy, modality="volume"):
    items = list(loose(modality).scans(root, policy))
    scans = [item for item in items if isinstance(item, Scan)]
    return scans, [item for item in items if isinstance(item, LeftOut)]


def write_images(folder, names):
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        Image.fromarray(np.full((16, 12), 20 * number, np.uint8)).save(folder / name)


def test_each_format_is_a_scan(tmp_path, policy, thorax, write_dicom):
    write_dicom(tmp_path / "ct", thorax())
    image = nibabel.Nifti1Image(thorax().transpose(2, 1, 0), np.eye(4))
    nibabel.save(image, tmp_path / "a.nii.gz")
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(thorax()), str(tmp_path / "b.nrrd"))
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(thorax()), str(tmp_path / "c.mha"))
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(thorax()), str(tmp_path / "d.mhd"))
    write_images(tmp_path / "png", ["1.png", "2.png", "10.png", "11.png"])
    scans, left_out = found(tmp_path, policy)
    kinds = sorted(scan.source.kind for scan in scans)
    assert kinds == ["dicom", "itk", "itk", "itk", "nifti", "stack"]
    detached = next(scan for scan in scans if scan.path == "d.mhd")
    assert [path.name for path in detached.source.files] == ["d.mhd", "d.raw"]
    assert left_out == []


def test_two_series_are_two_scans(tmp_path, policy, thorax, write_dicom, series_of):
    for number in range(2):
        write_dicom(tmp_path / str(number), thorax(), series_of(uid=f"1.2.826.9.{number}"))
    scans, _ = found(tmp_path, policy)
    assert len({scan.name for scan in scans}) == 2


def test_a_series_of_two_patients_is_refused(tmp_path, policy, write_dicom, series_of):
    hu = np.zeros((2, 16, 12), np.int16)
    write_dicom(tmp_path / "a", hu, series_of())
    other = series_of(patient="OTHER", origin_mm=(-100.0, -120.0, -295.0))
    write_dicom(tmp_path / "b", hu, other)
    scans, left_out = found(tmp_path, policy)
    assert scans == []
    assert [row.reason for row in left_out] == ["mixed_identity"]


def test_images_of_a_folder_are_one_volume_or_a_scan_each(tmp_path, policy):
    write_images(tmp_path / "x", ["1.png", "2.png"])
    write_images(tmp_path / "y", ["1.png", "2.png", "3.png"])
    assert sorted(len(scan.source.files) for scan in found(tmp_path, policy)[0]) == [2, 3]
    for modality in ("slice", "radiograph"):
        scans, _ = found(tmp_path, policy, modality)
        assert [len(scan.source.files) for scan in scans] == [1] * 5


def test_images_are_told_by_their_content(tmp_path, policy):
    write_images(tmp_path, ["1.png"])
    shutil.move(tmp_path / "1.png", tmp_path / "1")
    (tmp_path / "2.png").write_text("no image", encoding="utf-8")
    assert [scan.path for scan in found(tmp_path, policy, "radiograph")[0]] == ["1"]


def test_the_first_image_lies_where_it_is_said(tmp_path, policy):
    write_images(tmp_path, ["1.png", "2.png"])
    for end in ("head", "feet"):
        scan = next(iter(loose("volume", first_slice=end).scans(tmp_path, policy)))
        assert scan.source.first_slice == end


def test_hidden_and_empty_files_are_no_scan(tmp_path, policy):
    write_images(tmp_path / ".cache", ["1.png"])
    write_images(tmp_path / "__MACOSX", ["1.png"])
    (tmp_path / "empty.nii").touch()
    assert found(tmp_path, policy) == ([], [])
    rest = loose("volume").rest(tmp_path / "empty.nii", tmp_path)
    assert rest.reason == "empty_file"


def test_two_headers_of_one_data_file_are_one_scan(tmp_path, policy, thorax):
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(thorax()), str(tmp_path / "a.mhd"))
    shutil.copy(tmp_path / "a.mhd", tmp_path / "b.mhd")
    scans, left_out = found(tmp_path, policy)
    assert len(scans) == 1
    assert [row.reason for row in left_out] == ["same_data"]


def test_a_header_without_its_data_is_refused(tmp_path, policy, thorax):
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(thorax()), str(tmp_path / "a.mhd"))
    (tmp_path / "a.raw").unlink()
    scans, left_out = found(tmp_path, policy)
    assert (scans, [row.reason for row in left_out]) == ([], ["no_data_file"])


def test_nobody_is_known(tmp_path, policy, thorax, write_dicom):
    """Neither patient nor day leaves the headers: nothing of an answer needs them."""
    write_dicom(tmp_path, thorax())
    scan = found(tmp_path, policy)[0][0]
    assert (scan.patient, scan.date, scan.sex, scan.sub_site) == (None, None, "unknown", "unknown")
