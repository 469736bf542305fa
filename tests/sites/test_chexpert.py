import math
import shutil
from pathlib import Path

import pandas as pd
import pytest

from elsewhere.design import params
from elsewhere.sites.chexpert import CheXpert
from elsewhere.sites.layout import LayoutError, LeftOut, Scan

POLICY = params.load(Path(__file__).parents[1] / "params").intakes["strict"]
TOP = "CheXpert-v1.0-small"
FIRST = "train/patient00001/study1/view1_frontal.jpg"


def found(root, **options):
    return list(CheXpert(**options).scans(root, POLICY))


def scans(root, **options):
    return [one for one in found(root, **options) if isinstance(one, Scan)]


def reasons(root, **options):
    return {one.path: one.reason for one in found(root, **options) if isinstance(one, LeftOut)}


def change(root, row, name="train", **cells):
    path = root / f"{name}.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    for column, value in cells.items():
        frame.loc[row, column.replace("_", " ").replace(" or ", "/")] = value
    frame.to_csv(path, index=False)


def test_a_row_is_a_radiograph(published):
    """B-01, B-02: patient from the path, sex, age, view, the table as the publisher's part."""
    read = scans(published("chexpert"))
    assert [(one.name, one.patient, one.sex, one.age) for one in read] == [
        (FIRST, "patient00001", "F", 68),
        ("train/patient00001/study1/view2_lateral.jpg", "patient00001", "F", 68),
        ("train/patient00002/study3/view1_frontal.jpg", "patient00002", "M", 90),
        ("valid/patient64541/study1/view1_frontal.jpg", "patient64541", "M", 73),
    ]
    assert [one.view for one in read] == ["AP", "lateral", "PA", "AP"]
    assert [one.publisher_part for one in read] == ["train"] * 3 + ["validation"]
    assert {one.label for one in read} == {None}


def test_uncertain_blank_and_negative_stay_apart(published):
    """B-18, B-23; what the publisher does not annotate is absent."""
    findings = scans(published("chexpert"))[0].findings
    assert len(findings) == 14
    assert findings["cardiomegaly"] == "positive"
    assert findings["edema"] == "uncertain"
    assert findings["consolidation"] == "negative"
    assert findings["atelectasis"] == "blank"
    assert "hernia" not in findings


@pytest.mark.parametrize(
    ("side", "projection", "view"),
    [
        ("Frontal", "", "frontal"),
        ("Frontal", "LL", "frontal"),
        ("Frontal", "RL", "frontal"),
        ("Lateral", "", "lateral"),
        ("", "AP", "unknown"),
    ],
)
def test_views(published, side, projection, view):
    root = published("chexpert")
    change(root, 0, **{"Frontal_or_Lateral": side, "AP_or_PA": projection})
    assert scans(root)[0].view == view


def test_states_may_be_written_as_integers(published):
    root = published("chexpert")
    change(root, 0, Cardiomegaly="-1", Edema="1", Consolidation="0")
    findings = scans(root)[0].findings
    assert [findings[name] for name in ("cardiomegaly", "edema", "consolidation")] == [
        "uncertain",
        "positive",
        "negative",
    ]


def test_a_cell_that_is_no_state_costs_one_image(published):
    root = published("chexpert")
    change(root, 0, Edema="7")
    assert reasons(root) == {f"{TOP}/{FIRST}": "bad_number"}
    assert len(scans(root)) == 3


def test_files_may_lie_without_the_archives_folder(published):
    root = published("chexpert")
    before = [(one.name, one.findings) for one in scans(root)]
    for part in ("train", "valid"):
        (root / TOP / part).rename(root / part)
    (root / TOP).rmdir()
    after = scans(root)
    assert [(one.name, one.findings) for one in after] == before
    assert after[0].path == FIRST


def test_tables_may_lie_in_the_archives_folder(published):
    root = published("chexpert")
    before = repr(scans(root))
    for part in ("train", "valid"):
        (root / f"{part}.csv").rename(root / TOP / f"{part}.csv")
    assert repr(scans(root)) == before


def test_of_two_sizes_side_by_side_the_one_that_the_table_names_is_read(published):
    root = published("chexpert")
    shutil.copytree(root / TOP, root / "CheXpert-v1.0")
    assert {one.path.split("/")[0] for one in scans(root)} == {TOP}
    assert reasons(root)[f"CheXpert-v1.0/{FIRST}"] == "not_listed"


def test_table_and_disk_must_agree(published):
    root = published("chexpert")
    (root / TOP / FIRST).rename(root / TOP / "train/patient00001/study1/view9_frontal.jpg")
    assert reasons(root) == {
        FIRST: "missing",
        f"{TOP}/train/patient00001/study1/view9_frontal.jpg": "not_listed",
    }


def test_valid_csv_may_be_absent_and_may_be_left_out(published):
    """B-02: the paper counts train.csv alone."""
    root = published("chexpert")
    at = f"{TOP}/valid/patient64541/study1/view1_frontal.jpg"
    assert reasons(root, parts=["train"]) == {at: "other_part"}
    assert len(scans(root, parts=["train"])) == 3
    (root / "valid.csv").unlink()
    assert reasons(root) == {at: "not_listed"}
    (root / "train.csv").unlink()
    with pytest.raises(LayoutError, match=r"train\.csv: no such table"):
        found(root)


def test_a_path_without_a_patient_is_refused(published):
    root = published("chexpert")
    change(root, 0, Path="a.jpg")
    shutil.copy(root / TOP / FIRST, root / "a.jpg")
    assert reasons(root)["a.jpg"] == "no_patient"


def test_rows_that_contradict_each_other_are_refused(published):
    root = published("chexpert")
    rows = (root / "train.csv").read_text().splitlines()
    (root / "train.csv").write_text("\n".join([*rows, rows[1], rows[2].replace(",1.0,", ",0.0,")]))
    assert reasons(root) == {f"{TOP}/train/patient00001/study1/view2_lateral.jpg": "label_conflict"}
    assert len(scans(root)) == 3


def test_unknown_sex_and_age(published):
    root = published("chexpert")
    change(root, 0, Sex="Unknown", Age="")
    read = scans(root)[0]
    assert read.sex == "unknown"
    assert math.isnan(read.age)


def test_the_order_of_rows_does_not_show(published):
    root = published("chexpert")
    before = repr(found(root))
    frame = pd.read_csv(root / "train.csv", dtype=str, keep_default_na=False)
    frame[::-1].to_csv(root / "train.csv", index=False)
    assert repr(found(root)) == before


PREFIXES = [
    *("CheXpert-v1.0-small/", "CheXpert-v1.0/", "", "./", "chexpert/", "../data/"),
    *("/data/CheXpert-v1.0-small/", "C:\\data\\CheXpert-v1.0\\", "CheXpert-v1.0-small\\"),
]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_only_the_end_of_a_path_names_an_image(published, prefix):
    root = published("chexpert")
    before = scans(root)
    for table in ("train.csv", "valid.csv"):
        frame = pd.read_csv(root / table, dtype=str, keep_default_na=False)
        paths = frame["Path"].str.removeprefix(f"{TOP}/")
        frame["Path"] = prefix + (paths.str.replace("/", "\\") if "\\" in prefix else paths)
        frame.to_csv(root / table, index=False)
    assert scans(root) == before
    assert reasons(root) == {}


def test_the_archive_in_four_parts_is_read_as_it_is_unpacked(published):
    """As the publisher distributes the data set today."""
    root = published("chexpert")
    before = [(one.name, one.patient, one.findings) for one in scans(root)]
    first = root / "CheXpert-v1.0 batch 1 (validate & csv)"
    first.mkdir()
    for path in (root / "train.csv", root / "valid.csv", root / TOP / "valid"):
        path.rename(first / path.name)
    for number, patient in enumerate(sorted((root / TOP / "train").iterdir()), 1):
        batch = root / f"CheXpert-v1.0 batch {number + 1} (train {number})"
        batch.mkdir()
        patient.rename(batch / patient.name)
    after = scans(root)
    assert [(one.name, one.patient, one.findings) for one in after] == before
    assert after[0].path.startswith("CheXpert-v1.0 batch 2 (train 1)/patient")
    assert reasons(root) == {}
