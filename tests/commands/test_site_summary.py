import pandas as pd
import pytest

from elsewhere.commands import site_summary


@pytest.fixture
def scans(published, take):
    """Rows of a manifest of the images, with patients of 2, 2 and 1 images."""
    return pd.DataFrame(take("images", published("images")).rows.values())


def shown(scans):
    return dict(site_summary.lines(scans))


def test_scans_patients_and_labels_are_counted(scans):
    found = shown(scans)
    assert found["scans"] == "5 of 3 patients, 1 to 2 each"
    assert found["label 0"] == "3 scans of 3 patients"
    assert found["label 1"] == "2 scans of 2 patients"
    assert found["sex"] == "F (5)"
    assert found["age"] == "50 to 54, median 52 years"
    assert found["matrix"] == "30 x 40 (5)"
    assert found["format"] == "BMP (1), JPEG (1), PNG (1), TIFF (1), WebP (1)"
    assert "slices" not in found
    assert "slice distance" not in found


def test_of_volumes_the_geometry_is_told(published, take):
    scans = pd.DataFrame(take("volumes", published("volumes")).rows.values())
    found = shown(scans)
    assert found["slices"] == "5"
    assert found["slice distance"] == "2.50 mm"
    assert found["pixel spacing"] == "0.70 to 0.80, median 0.75 mm"
    assert found["scanner"] == "SIEMENS (4)"
    scans.loc[0, ["spacing_z_mm", "age"]] = float("nan")
    assert shown(scans)["slice distance"] == "2.50 mm; unknown for 25%"
    assert shown(scans)["age"] == "unknown"


def test_of_findings_each_state_is_counted(published, take):
    scans = pd.DataFrame(take("chexpert", published("chexpert")).rows.values())
    found = shown(scans)
    assert found["edema"] == "positive 0, negative 1, uncertain 2, blank 1"
    assert found["view"] == "AP (2), PA (1), lateral (1)"
    assert "label 0" not in found


def test_what_a_user_should_know_is_noted(scans):
    assert [note.split(":")[0] for note in site_summary.notes(scans)] == ["only 3 patients"]
    many = pd.concat([scans] * 20, ignore_index=True)
    many["patient_id"] = many.index.astype(str)
    assert list(site_summary.notes(many)) == []
    many["label"] = 1
    many["patient_key"] = "none"
    many["flags"] = "lossy;orientation_assumed"
    heads = [note.split(":")[0] for note in site_summary.notes(many)]
    assert heads == [
        "nothing says whose scan each is",
        "all scans have one label",
        "some files do not give the patient's orientation",
    ]


def test_reasons_come_with_remedy_and_first_paths_rejected_ones_first(published, take):
    root = published("images")
    for number in range(5):
        (root / f"bad{number}.png").write_text("x")
    (root / "readme.md").write_text("x")
    heads = dict(site_summary.reasons(take("images", root).account))
    first, *others = heads
    assert first.startswith("5 files rejected, no_label: label.csv has no row for it")
    assert "Complete label.csv" in first
    assert [path.split(":")[0] for path in heads[first]] == [
        "bad0.png",
        "bad1.png",
        "bad2.png",
        "... and 2 more",
    ]
    assert all("set aside" in head for head in others)
    assert not any("Nothing." in head for head in heads)
