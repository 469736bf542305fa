import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from elsewhere.design import params
from elsewhere.imaging import formats
from elsewhere.sites.chestxray14 import ChestXray14
from elsewhere.sites.intake import Intake
from elsewhere.sites.keys import Keys
from elsewhere.sites.layout import LayoutError, LeftOut, Scan

POLICY = params.load(Path(__file__).parents[1] / "params").intakes["strict"]
TABLE = "Data_Entry_2017.csv"


def found(root):
    return list(ChestXray14().scans(root, POLICY))


def scans(root):
    return [one for one in found(root) if isinstance(one, Scan)]


def reasons(root):
    return {one.path: one.reason for one in found(root) if isinstance(one, LeftOut)}


def replace(root, before, after, name=TABLE):
    text = (root / name).read_text()
    assert before in text
    (root / name).write_text(text.replace(before, after, 1))


def test_a_row_is_a_radiograph(published):
    """B-03; files in `images` and in `images_002/images`."""
    read = scans(published("chestxray14"))
    assert [(one.path, one.patient, one.sex, one.view) for one in read] == [
        ("images/00000001_000.png", "1", "M", "PA"),
        ("images/00000001_001.png", "1", "M", "AP"),
        ("images_002/images/00000013_000.png", "13", "F", "PA"),
        ("images_002/images/00000013_001.png", "13", "F", "PA"),
    ]
    assert [one.publisher_part for one in read] == ["train"] * 2 + ["test"] * 2
    assert {one.label for one in read} == {None}


def test_what_is_not_listed_is_negative_and_nothing_is_blank(published):
    first, second, third, _ = (one.findings for one in scans(published("chestxray14")))
    positive = [
        {name for name, state in one.items() if state == "positive"} for one in (first, third)
    ]
    assert positive == [{"cardiomegaly", "pleural_effusion"}, {"pleural_thickening", "mass"}]
    assert {name for name, state in second.items() if state == "positive"} == {"no_finding"}
    assert {*first.values(), *second.values(), *third.values()} == {"positive", "negative"}
    assert len(first) == 15
    assert "lung_opacity" not in first


def test_ages_are_read_as_published(published):
    """The row of the manifest makes 414 years unknown and flags it."""
    assert [one.age for one in scans(published("chestxray14"))][:3] == [58, 59, 414]


@pytest.mark.parametrize(("written", "years"), [("058Y", 58.0), ("006M", 0.5), ("58", 58.0)])
def test_ages_of_old_versions(published, written, years):
    root = published("chestxray14")
    replace(root, ",58,M", f",{written},M")
    assert scans(root)[0].age == years


def test_the_table_of_2020_is_read_alike(published):
    """Its header ends without a comma, its patients have no zeros in front."""
    root = published("chestxray14")
    before = repr(found(root))
    text = (root / TABLE).read_text().replace("y],\n", "y]\n").replace("0.143,\n", "0.143\n")
    text = text.replace(",0,1,", ",0,00000001,").replace("Patient Gender", "Patient Sex")
    (root / "Data_Entry_2017_v2020.csv").write_text(text)
    (root / TABLE).unlink()
    assert repr(found(root)) == before


def test_an_image_in_rgba_is_read_as_grey(published):
    second = scans(published("chestxray14"))[1]
    volume = formats.read(second.source, POLICY)
    assert (volume.voxels.shape, volume.value_scale, volume.colour_mode) == (
        (1, 30, 40),
        "0-255",
        "rgb",
    )


def test_table_and_disk_must_agree(published):
    root = published("chestxray14")
    (root / "images/00000001_000.png").rename(root / "images/00000099_000.png")
    assert reasons(root) == {
        "images/00000001_000.png": "missing",
        "images/00000099_000.png": "not_listed",
    }


def test_an_image_in_two_folders_is_refused(published):
    root = published("chestxray14")
    shutil.copy(root / "images/00000001_000.png", root / "images_002/images")
    assert reasons(root) == {
        "images/00000001_000.png": "same_name",
        "images_002/images/00000001_000.png": "same_name",
    }
    assert len(scans(root)) == 3


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ("No Finding|Mass", "label_conflict"),
        ("Cardiomegally", "unknown_finding"),
        ("", "no_findings"),
    ],
)
def test_labels_that_cannot_be(published, labels, reason):
    root = published("chestxray14")
    replace(root, "Cardiomegaly|Effusion", labels)
    assert reasons(root) == {"images/00000001_000.png": reason}


def test_without_a_patient_there_is_no_scan(published):
    root = published("chestxray14")
    replace(root, ",0,1,58", ",0,,58")
    assert reasons(root) == {"images/00000001_000.png": "no_patient"}


def test_the_lists_may_be_absent_and_may_not_overlap(published):
    root = published("chestxray14")
    (root / "test_list.txt").write_text("00000001_000.png\n")
    with pytest.raises(LayoutError, match=r"test_list\.txt: 1 of its images"):
        found(root)
    for name in ("test_list.txt", "train_val_list.txt"):
        (root / name).unlink()
    assert {one.publisher_part for one in scans(root)} == {""}


def test_the_table_is_needed(published):
    root = published("chestxray14")
    (root / TABLE).unlink()
    with pytest.raises(LayoutError, match=r"Data_Entry_2017\.csv: no such table"):
        found(root)


def test_the_order_of_rows_does_not_show(published):
    root = published("chestxray14")
    before = repr(found(root))
    header, *rows = (root / TABLE).read_text().splitlines()
    (root / TABLE).write_text("\n".join([header, *rows[::-1]]))
    assert repr(found(root)) == before


def test_an_image_of_16_bits_costs_itself_and_not_its_site(published, strict):
    root = published("chestxray14")
    path = next(root.rglob("*_000.png"))
    Image.fromarray(np.arange(4096, dtype=np.uint16).reshape(64, 64)).save(path)
    taken = Intake(Keys("a-site", False, b"key"), False, None, strict).take(ChestXray14(), root)
    assert {row["value_scale"] for row in taken.rows} == {"0-255"}
    assert [one.path for one in taken.account.rows if one.reason == "sixteen_bit"] == [
        path.relative_to(root).as_posix()
    ]
