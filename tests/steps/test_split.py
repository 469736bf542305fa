from __future__ import annotations

import dataclasses
import json
import subprocess
import sys

import pandas as pd
import pytest

from elsewhere.cohorts import groups
from elsewhere.cohorts.adequacy import AdequacyError
from elsewhere.cohorts.labels import LabelsError
from elsewhere.design.findings import Findings
from elsewhere.design.job import Job
from elsewhere.design.split import Split
from elsewhere.sites import manifest
from elsewhere.steps.split import Settings, run

HOLDOUT = Settings(split=Split(kind="holdout", folds=1, test=0.2, validation=0.08, seed=2021))
FOLDS = Settings(split=Split(kind="folds", folds=4, test=0.25, validation=0.1, seed=643))


def scans(n_patients: int, *, patient_key: str = "published") -> pd.DataFrame:
    """Two scans a patient, every third patient positive."""
    rows = []
    for number in range(2 * n_patients):
        scan, patient = f"{number:016x}", f"{number // 2:015x}f"
        rows.append(
            {
                "scan_id": scan,
                "patient_id": patient if patient_key == "published" else scan,
                "patient_key": patient_key,
                "site": "here",
                "sub_site": "unknown",
                "label": int(number // 2 % 3 == 0),
                "category": "NCP" if number // 2 % 3 == 0 else "Normal",
                "findings": "",
                "view": "none",
                "publisher_part": "",
                "sex": "unknown",
                "age": float("nan"),
                "manufacturer": "unknown",
                "kernel": "unknown",
                "contrast": "unknown",
                "spacing_z_mm": 1.0,
                "spacing_y_mm": 1.0,
                "spacing_x_mm": 1.0,
                "n_files": 30,
                "colour_mode": "grey",
                "affine": "",
                "repairs": "",
                "flags": "",
                "n_slices": 30,
                "rows": 64,
                "columns": 64,
                "value_scale": "HU",
                "bits_stored": 16,
                "value_min": -1000,
                "value_max": 900,
                "source_path": f"{number}",
                "source_format": "DICOM",
                "synthetic": True,
                "volume_sha256": f"{number:064x}",
            }
        )
    return pd.DataFrame(rows, columns=[*manifest.COLUMNS])


def job(folder, frame: pd.DataFrame, connected: tuple[tuple[str, str, bool], ...] = ()) -> Job:
    manifest.write(frame, folder / "manifest.parquet")
    groups.write(pd.DataFrame(connected, columns=[*groups.COLUMNS]), folder / "here.groups.csv")
    outputs = {"split": folder / "here.csv", "gate": folder / "here.gate.json"}
    inputs = {"manifest": folder / "manifest.parquet", "groups": folder / "here.groups.csv"}
    return Job("split", {"study": "s", "site": "here"}, inputs, outputs)


@pytest.mark.parametrize("settings", [HOLDOUT, FOLDS], ids=["holdout", "folds"])
def test_the_files_agree_with_each_other(tmp_path, settings):
    run(job(tmp_path, scans(30)), settings)
    rows = pd.read_csv(tmp_path / "here.csv")
    gate = json.loads((tmp_path / "here.gate.json").read_text())
    assert list(rows.columns) == ["scan_id", "patient_id", "label", "fold", "part"]
    assert len(rows) == 60 * settings.split.folds
    assert (gate["patients_in_two_parts"], gate["patient_key"]) == (0, "published")
    for count in gate["counts"]:
        same = rows
        for column in ("fold", "part", "label"):
            same = same[same[column] == count[column]]
        assert (same["patient_id"].nunique(), len(same)) == (count["patients"], count["scans"])
    assert sum(count["scans"] for count in gate["counts"]) == len(rows)


def test_equal_manifests_give_equal_bytes(tmp_path):
    found = []
    for name, frame in (("a", scans(30)), ("b", scans(30).sample(frac=1, random_state=1))):
        (tmp_path / name).mkdir()
        run(job(tmp_path / name, frame), FOLDS)
        found.append(
            [(tmp_path / name / file).read_bytes() for file in ("here.csv", "here.gate.json")]
        )
    assert found[0] == found[1]


def test_a_site_without_patient_keys_is_flagged(tmp_path):
    run(job(tmp_path, scans(30, patient_key="none")), HOLDOUT)
    gate = json.loads((tmp_path / "here.gate.json").read_text())
    assert gate["split"] == "image-level: this site publishes no patient key"


def test_a_site_without_data_gives_an_empty_split_that_says_so(tmp_path):
    run(job(tmp_path, scans(0)), FOLDS)
    assert len(pd.read_csv(tmp_path / "here.csv")) == 0
    gate = json.loads((tmp_path / "here.gate.json").read_text())
    assert gate["status"] == "not run"
    assert gate["reason"]


def test_the_step_imports_neither_torch_nor_matplotlib():
    code = "import sys, elsewhere.steps.split; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "matplotlib", "SimpleITK"} & set(found.stdout.split())


def test_patients_whom_duplicates_connect_stay_together(tmp_path):
    people = [f"{number:015x}f" for number in (0, 7, 11)]
    connected = tuple((patient, "a" * 16, False) for patient in people)
    run(job(tmp_path, scans(30), connected), FOLDS)
    rows = pd.read_csv(tmp_path / "here.csv", dtype={"patient_id": str})
    together = rows[rows["patient_id"].isin(people)]
    assert (together.groupby("fold")["part"].nunique() == 1).all()
    gate = json.loads((tmp_path / "here.gate.json").read_text())
    assert gate["patients_in_groups"] == 3


FIVE = Findings.model_validate(
    {
        "labels": {
            "cardiomegaly": {"title": "Cardiomegaly", "uncertain": "negative"},
            "edema": {"title": "Edema", "uncertain": "positive"},
        },
        "blank": "negative",
        "views": ["PA", "AP"],
    }
)


def radiographs(n_patients: int) -> pd.DataFrame:
    """Two scans a patient, the second lateral; every third patient has uncertain findings."""
    frame = scans(n_patients)
    uncertain = frame["label"] == 1
    states = {True: "cardiomegaly=uncertain;edema=uncertain", False: "cardiomegaly=positive"}
    frame["findings"] = [states[bool(one)] for one in uncertain]
    frame["view"] = ["PA", "lateral"] * n_patients
    return frame.assign(label=pd.array([pd.NA] * len(frame), dtype="Int64"))


def test_findings_become_labels_by_the_policy_of_the_study(tmp_path):
    run(job(tmp_path, radiographs(30)), dataclasses.replace(HOLDOUT, findings=FIVE))
    rows = pd.read_csv(tmp_path / "here.csv")
    assert list(rows.columns) == ["scan_id", "patient_id", "cardiomegaly", "edema", "fold", "part"]
    assert len(rows) == 30, "lateral views are left out"
    assert rows["cardiomegaly"].sum() == 20, "U-Zeroes: uncertain is negative"
    assert rows["edema"].sum() == 10, "U-Ones: uncertain is positive"
    assert rows["edema"].isna().sum() == 20, "not annotated is neither"
    gate = json.loads((tmp_path / "here.gate.json").read_text())
    assert gate["left_out_by_view"] == {"lateral": 30}
    counted = [one for one in gate["counts"] if one["finding"] == "edema"]
    assert sum(one["scans"] for one in counted) == 10


def test_all_scans_of_an_external_site_are_tested(tmp_path):
    rows = {"mimic": "here", "chexpert": "there"}
    settings = dataclasses.replace(HOLDOUT, findings=FIVE, external=("mimic",), site_rows=rows)
    run(job(tmp_path, radiographs(30)), settings)
    assert set(pd.read_csv(tmp_path / "here.csv")["part"]) == {"test"}
    gate = json.loads((tmp_path / "here.gate.json").read_text())
    assert "the site is external: every scan is tested" in gate["checked"]


def test_nothing_is_written_where_labels_and_study_do_not_fit(tmp_path):
    with pytest.raises(LabelsError, match="findings instead of a label"):
        run(job(tmp_path, radiographs(9)), HOLDOUT)
    assert not (tmp_path / "here.csv").exists()


def test_nothing_is_written_where_a_part_cannot_be_used(tmp_path):
    """Eight patients in ten folds: some fold tests nobody."""
    ten = Split(kind="folds", folds=10, test=0.1, validation=0.1, seed=0)
    settings = Settings(split=ten, site_rows={"hospital": "here"})
    with pytest.raises(AdequacyError, match="site 'hospital': the split has parts that cannot"):
        run(job(tmp_path, scans(8)), settings)
    assert not (tmp_path / "here.csv").exists()
    assert not (tmp_path / "here.gate.json").exists()


def test_what_a_study_allows_at_a_site_is_recorded(tmp_path):
    frame = scans(30).assign(label=1, category="NCP")
    with pytest.raises(AdequacyError, match=r"allow: \{hospital: \[one_class\]\}"):
        run(job(tmp_path, frame), dataclasses.replace(HOLDOUT, site_rows={"hospital": "here"}))
    split = HOLDOUT.split.model_copy(update={"allow": {"hospital": ["one_class"]}})
    run(job(tmp_path, frame), Settings(split=split, site_rows={"hospital": "here"}))
    gate = json.loads((tmp_path / "here.gate.json").read_text())
    assert {fault["part"] for fault in gate["allowed"]} == {"train", "validation", "test"}
    assert all("no negative" in fault["text"] for fault in gate["allowed"])
    assert gate["warned"] == []


STATED = Settings(
    split=Split(
        kind="fixed_test",
        folds=5,
        test=0.2,
        validation=0.0,
        test_patients={"main": {"COVID-19": 4}},
        seed=0,
    ),
    classes=("healthy", "COVID-19"),
    site_rows={"main": "here", "union": "there"},
)


def test_a_second_stage_keeps_parts_whatever_numbers_its_first_study_states(tmp_path):
    """C-08, C-16: the numbers are of classes that the second stage does not have."""
    first = tmp_path / "first"
    first.mkdir()
    run(job(first, scans(30)), STATED)
    made = job(tmp_path, scans(30))
    inputs = {**made.inputs, "first": first / "here.csv"}
    severities = dataclasses.replace(STATED, classes=("mild", "severe"))
    run(dataclasses.replace(made, inputs=inputs), severities)
    parts = [pd.read_csv(at / "here.csv")[["fold", "scan_id", "part"]] for at in (first, tmp_path)]
    pd.testing.assert_frame_equal(*parts)


@pytest.mark.parametrize("site", ["here", "there"])
def test_stated_numbers_are_those_of_the_sites_row_c08(tmp_path, site):
    made = job(tmp_path, scans(30))
    run(dataclasses.replace(made, wildcards={"study": "s", "site": site}), STATED)
    rows = pd.read_csv(tmp_path / "here.csv")
    tested = rows[(rows["part"] == "test") & (rows["fold"] == 0)]
    counts = tested.groupby("label")["patient_id"].nunique().to_dict()
    assert counts == ({0: 4, 1: 4} if site == "here" else {0: 4, 1: 2})  # 20 % of 20 and of 10


def test_a_site_without_data_has_no_stated_patients(tmp_path):
    run(job(tmp_path, scans(0)), STATED)
    assert len(pd.read_csv(tmp_path / "here.csv")) == 0
