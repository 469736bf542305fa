import numpy as np
import pytest
from PIL import Image

from elsewhere.sites.layout import LayoutError


def noise(seed):
    return np.random.default_rng(seed).integers(0, 256, (20, 16)).astype(np.uint8)


def write(path, seed=0, mode="L", **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(noise(seed)).convert(mode).save(path, **options)


@pytest.fixture
def folders(tmp_path):
    """Two class folders, images of two patients in each."""
    for number, name in enumerate(["COVID/p1_a.png", "COVID/p2_a.jpg", "normal/p3_a.bmp"]):
        write(tmp_path / name, number)
    write(tmp_path / "normal/deeper/p4_a.webp", 9, lossless=True)
    return tmp_path


CLASSES = {"COVID": 1, "normal": 0}


def test_class_folders_give_labels_and_categories(folders, take):
    result = take("images", folders, classes=CLASSES, patient_key="none")
    assert {path: (row["label"], row["category"]) for path, row in result.rows.items()} == {
        "COVID/p1_a.png": (1, "COVID"),
        "COVID/p2_a.jpg": (1, "COVID"),
        "normal/p3_a.bmp": (0, "normal"),
        "normal/deeper/p4_a.webp": (0, "normal"),
    }
    assert {row["patient_key"] for row in result.rows.values()} == {"none"}
    assert {row["source_format"] for row in result.rows.values()} == {"PNG", "JPEG", "BMP", "WebP"}
    assert result.rejected == {}


def test_a_pattern_finds_the_patient_in_the_path(folders, take):
    write(folders / "COVID/p1_b.png", 5)
    write(folders / "COVID/scan.png", 6)
    result = take("images", folders, classes=CLASSES, patient_pattern=r"/(p\d+)_")
    patients = {path: row["patient_id"] for path, row in result.rows.items()}
    assert patients["COVID/p1_a.png"] == patients["COVID/p1_b.png"] != patients["COVID/p2_a.jpg"]
    assert result.rejected == {"no_patient": ["COVID/scan.png"]}


def test_nobody_is_a_patient_by_accident(folders, take):
    """Images of one patient in training and test would go unnoticed."""
    with pytest.raises(LayoutError, match=r"whose scan .* options.patient_key: none"):
        take("images", folders, classes=CLASSES)


def test_names_of_class_folders_count_in_any_case(folders, take):
    result = take("images", folders, classes={"covid": 1, "NORMAL": 0}, patient_key="none")
    assert len(result.rows) == 4


def test_a_class_folder_that_is_not_there_is_named(folders, take):
    with pytest.raises(LayoutError, match="no folder pneumonia"):
        take("images", folders, classes={"pneumonia": 1}, patient_key="none")


def test_images_beside_the_class_folders_are_unexpected(folders, take):
    write(folders / "other/x.png")
    write(folders / "top.dat", format="PNG")
    (folders / "COVID/notes.txt").write_text("x")
    result = take("images", folders, classes=CLASSES, patient_key="none")
    assert result.rejected == {"unexpected_file": ["other/x.png", "top.dat"]}
    assert len(result.rows) == 4


def test_a_table_gives_what_folders_do_not(folders, take):
    (folders / "label.csv").write_text(
        "path;patient;sex;age;date;scanner\n"
        "COVID/p1_a.png;A;F;51,5;2020-03-01;Siemens Healthineers\n"
        "COVID/p2_a.jpg;A;F;51,5;2020-03-08;Siemens Healthineers\n"
        "normal/p3_a.bmp;B;m;070Y;;my own\n"
    )
    result = take("images", folders, classes=CLASSES)
    rows = result.rows
    assert {path: row["study_day"] for path, row in rows.items()} == {
        "COVID/p1_a.png": 0,
        "COVID/p2_a.jpg": 7,
        "normal/p3_a.bmp": None,
    }
    assert [rows["COVID/p1_a.png"][name] for name in ("sex", "age")] == ["F", 51.5]
    assert [rows["normal/p3_a.bmp"][name] for name in ("sex", "age")] == ["M", 70]
    assert [row["manufacturer"] for row in rows.values()] == ["SIEMENS", "SIEMENS", "other"]
    # the patient of the fourth is not known
    assert result.rejected == {"no_label": ["normal/deeper/p4_a.webp"]}


def test_folder_and_table_must_agree(folders, take):
    (folders / "label.csv").write_text("path,label\np1_a.png,1\np2_a.jpg,0\np3_a.bmp,0\n")
    result = take("images", folders, classes=CLASSES, patient_key="none")
    assert result.rejected == {"label_conflict": ["COVID/p2_a.jpg"]}
    assert len(result.rows) == 3


def test_findings_make_a_radiograph_of_several_labels(folders, take):
    (folders / "label.csv").write_text(
        "path,patient,Pleural Effusion,my_finding,view\n"
        "p1_a.png,A,1,-1,PA\np2_a.jpg,A,,0,\np3_a.bmp,B,0,7,AP\n"
    )
    options = {"findings": ["pleural_effusion", "my_finding"], "shows": "radiograph"}
    result = take("images", folders, **options)
    assert {path: (row["findings"], row["view"]) for path, row in result.rows.items()} == {
        "COVID/p1_a.png": ("my_finding=uncertain;pleural_effusion=positive", "PA"),
        "COVID/p2_a.jpg": ("my_finding=negative;pleural_effusion=blank", "unknown"),
    }
    assert result.rejected == {
        "bad_label": ["normal/p3_a.bmp"],
        "no_label": ["normal/deeper/p4_a.webp"],
    }
    with pytest.raises(LayoutError, match="none of its 5 columns is edema"):
        take("images", folders, findings=["edema"])


def test_hostile_images_are_rejected_one_by_one(folders, take):
    """One of them must never stop a site, and none may pass as something else."""
    bad = folders / "COVID"
    Image.fromarray(noise(1).astype(np.uint16) * 16).save(bad / "deep.png")
    pages = [Image.fromarray(noise(seed)) for seed in (2, 3)]
    pages[0].save(bad / "pages.tif", save_all=True, append_images=pages[1:])
    pages[0].save(bad / "moving.webp", save_all=True, append_images=pages[1:])
    Image.fromarray(np.random.default_rng(4).integers(0, 256, (9, 9, 3)).astype(np.uint8)).save(
        bad / "colour.png"
    )
    write(bad / "cut.jpg", 5)
    (bad / "cut.jpg").write_bytes((bad / "cut.jpg").read_bytes()[:-200])
    (bad / "text.png").write_text("no image")
    (bad / "zero.png").touch()
    write(bad / "wrong.jpg", 6, format="PNG")
    write(bad / "no suffix", 7, format="PNG")
    write(bad / "naïve 胸.png", 8)
    result = take("images", folders, classes=CLASSES, patient_key="none")
    assert result.rejected == {
        "colour": ["COVID/colour.png"],
        "several_images": ["COVID/moving.webp", "COVID/pages.tif"],
        "sixteen_bit": ["COVID/deep.png"],
        "unreadable": ["COVID/cut.jpg", "COVID/text.png"],
    }
    assert result.reasons["empty_file"] == ["COVID/zero.png"]
    assert result.rows["COVID/wrong.jpg"]["source_format"] == "PNG"
    assert {"COVID/no suffix", "COVID/naïve 胸.png"} < set(result.rows)
    options = {"colour": "luma", "sixteen_bit": "stretch"}
    more = take("images", folders, classes=CLASSES, patient_key="none", **options)
    assert set(more.rows) - set(result.rows) == {"COVID/colour.png", "COVID/deep.png"}
