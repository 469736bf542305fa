import nibabel
import numpy as np
import openpyxl
import pytest


@pytest.fixture(scope="module")
def site(written):
    return written("mosmed")


def test_the_registry_lists_every_study(site):
    folder, count = site
    rows = list(openpyxl.load_workbook(folder / "dataset_registry.xlsx").active.values)
    assert rows[0] == ("study_id", "category", "study_file", "mask_file")
    assert len(rows) - 1 == count
    on_disk = {f"/{path.relative_to(folder)}" for path in folder.rglob("*.nii.gz")}
    assert {row[2] for row in rows[1:]} == on_disk
    assert all(f"/{row[1]}/" in row[2] for row in rows[1:])


def test_orientation_is_in_the_affine_and_half_lie_from_head_to_feet(site):
    folder, _ = site
    upside_down = []
    for path in folder.rglob("*.nii.gz"):
        picture = nibabel.load(path)
        upside_down.append(nibabel.aff2axcodes(picture.affine)[2] == "I")
        upright = nibabel.as_closest_canonical(picture)  # right, front, head
        hu = upright.get_fdata()
        bone = (hu > 250).mean(axis=2)
        _, front = np.unravel_index(bone.argmax(), bone.shape)
        assert front < hu.shape[1] / 2, "the spine lies at the back"
        liver = (np.abs(hu - 40) < 80).mean(axis=(0, 1))
        assert liver[1] > liver[len(liver) // 2], "the diaphragm lies at the feet"
        assert upright.header.get_zooms()[2] == pytest.approx(12.0)
    assert 0 < sum(upside_down) < len(upside_down)


def test_values_are_int16_hu_and_the_header_says_synthetic(site):
    folder, _ = site
    picture = nibabel.load(next(folder.rglob("*.nii.gz")))
    assert picture.get_data_dtype() == np.int16
    assert b"synthetic" in picture.header["descrip"].tobytes()
    hu = np.asarray(picture.dataobj)
    assert -1024 <= hu.min() < -900
    assert hu.max() > 300
