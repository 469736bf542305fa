import shutil

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from elsewhere.imaging import store


def write(path, hu, *, compressed=False):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = sitk.GetImageFromArray(hu)
    image.SetSpacing((0.7, 0.8, 2.5))
    sitk.WriteImage(image, path, compressed)


NAMES = ["a/1.nii.gz", "a/2.nrrd", "b/3.mha", "b/4.mhd", "c/5.nhdr", "c/6.nii"]


@pytest.fixture
def site(tmp_path, thorax):
    """One volume in each way of keeping it, and its table."""
    rows = ["path,patient,label,sex,age,scanner"]
    for number, name in enumerate(NAMES):
        write(tmp_path / name, thorax(seed=number), compressed=name.endswith(("mhd", "nhdr")))
        rows.append(f"{name},P{number // 2},{number % 2},F,{50 + number},GE")
    (tmp_path / "label.csv").write_text("\n".join(rows))
    return tmp_path


def test_all_formats_are_scans_with_their_voxels(site, take, thorax):
    result = take("volumes", site)
    assert sorted(result.rows) == sorted(NAMES)
    for number, name in enumerate(NAMES):
        row = result.rows[name]
        voxels = store.read(result.volumes / f"{row['scan_id']}{store.SUFFIX}")
        np.testing.assert_array_equal(voxels, thorax(seed=number))
        assert (row["label"], row["age"], row["manufacturer"]) == (
            number % 2,
            50 + number,
            "GE MEDICAL SYSTEMS",
        )
        assert row["n_files"] == (2 if name.endswith(("mhd", "nhdr")) else 1)
        assert (row["spacing_z_mm"], row["value_scale"]) == (2.5, "HU")
    assert len({row["patient_id"] for row in result.rows.values()}) == 3
    assert set(result.reasons) == {"table"}


def test_volumes_may_have_findings(site, take):
    text = (site / "label.csv").read_text().replace("label", "Nodule")
    (site / "label.csv").write_text(text)
    rows = take("volumes", site, findings=["nodule"]).rows
    assert rows["a/2.nrrd"]["findings"] == "nodule=positive"
    assert {(row["label"], row["view"]) for row in rows.values()} == {(None, "none")}


def test_masks_beside_the_scans_are_left_out_where_the_site_says_so(site, take, thorax):
    write(site / "a/1_mask.nii.gz", thorax())
    assert take("volumes", site).rejected == {"no_label": ["a/1_mask.nii.gz"]}
    result = take("volumes", site, leave_out=["*_mask.nii.gz"])
    assert (result.rejected, result.reasons["left_out"]) == ({}, ["a/1_mask.nii.gz"])


def test_rows_and_files_are_compared_in_both_directions(site, take, thorax):
    with (site / "label.csv").open("a") as table:
        table.write("\nz/9.nii.gz,P9,1\nB\\3.MHA,P1,0,F,52,GE\na/2.nrrd,P0,0,F,51,GE\n")
    write(site / "unlisted.nrrd", thorax())
    result = take("volumes", site)
    assert result.rejected == {
        "label_conflict": ["a/2.nrrd"],
        "missing": ["label.csv/z/9.nii.gz"],
        "no_label": ["unlisted.nrrd"],
    }
    # the second row of 3.mha writes its path in another way and says the same
    assert "b/3.mha" in result.rows


def test_damaged_and_odd_volumes_are_rejected_one_by_one(site, take, thorax):
    """Every one of them is a file that a reader of this field has accepted."""
    cut = site / "a/1.nii.gz"
    cut.write_bytes(cut.read_bytes()[:-4])
    short = site / "c/6.nii"
    short.write_bytes(short.read_bytes()[:-1])
    data = site / "b/4.zraw"
    content = bytearray(data.read_bytes())
    content[len(content) // 2] ^= 0x20
    data.write_bytes(bytes(content))
    shutil.copy(site / "b/3.mha", site / "b/3.nrrd")
    values = thorax().astype(np.float32)
    values[2, 3, 4] = np.nan
    write(site / "nan.nrrd", values)
    sitk.WriteImage(sitk.JoinSeries([sitk.GetImageFromArray(thorax())] * 2), site / "time.nrrd")
    sitk.WriteImage(sitk.Image([4, 4, 4], sitk.sitkVectorUInt8, 3), site / "rgb.mha")
    leaning = np.diag([0.7, 0.8, 5.0, 1.0])
    leaning[1, 2] = 2
    nibabel.save(nibabel.Nifti1Image(thorax(), leaning), site / "leaning.nii.gz")
    (site / "text.nii").write_text("no volume")
    names = ["b/3.nrrd", "nan.nrrd", "time.nrrd", "rgb.mha", "leaning.nii.gz", "text.nii"]
    with (site / "label.csv").open("a") as table:
        table.write("".join(f"\n{name},P7,0" for name in names))
    result = take("volumes", site)
    assert result.rejected == {
        "colour": ["rgb.mha"],
        "not_3d": ["time.nrrd"],
        "not_orthogonal": ["leaning.nii.gz"],
        "truncated": ["a/1.nii.gz", "c/6.nii"],
        "unreadable": ["b/4.mhd", "text.nii"],
        "value_range": ["nan.nrrd"],
        "wrong_suffix": ["b/3.nrrd"],
    }
    assert sorted(result.rows) == ["a/2.nrrd", "b/3.mha", "c/5.nhdr"]


def test_a_data_file_has_one_end_whoever_names_it(site, take):
    shutil.copy(site / "b/4.mhd", site / "b/4 copy.mhd")
    with (site / "label.csv").open("a") as table:
        table.write("\nb/4 copy.mhd,P2,1\n")
    result = take("volumes", site)
    assert result.rejected == {"same_data": ["b/4.mhd"]}
    assert result.account.total == result.account.used + 2


def test_headers_whose_voxels_lie_elsewhere_are_rejected(site, take):
    (site / "b/4.zraw").unlink()
    outside = site.parent / "outside.raw.gz"
    shutil.move(site / "c/5.raw.gz", outside)
    header = site / "c/5.nhdr"
    header.write_text(header.read_text().replace("5.raw.gz", f"../../{outside.name}"))
    assert take("volumes", site).rejected == {"no_data_file": ["b/4.mhd", "c/5.nhdr"]}


def test_greys_have_no_unit(site, take):
    rows = take("volumes", site, values="grey").rows
    assert {(row["value_scale"], row["repairs"]) for row in rows.values()} == {
        ("grey", "stretched")
    }


def test_a_named_file_need_not_be_called_a_volume(site, take):
    """The reader then says what it is, where a file that no row names would be set aside."""
    shutil.move(site / "a/2.nrrd", site / "a/2")
    table = site / "label.csv"
    table.write_text(table.read_text().replace("a/2.nrrd", "a/2"))
    assert take("volumes", site).rejected == {"wrong_suffix": ["a/2"]}
