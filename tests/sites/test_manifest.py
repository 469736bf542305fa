import pandas as pd
import pytest

from elsewhere.sites import manifest


def row(**changes):
    values = {
        "scan_id": "0123456789abcdef",
        "patient_id": "0123456789abcdef",
        "patient_key": "published",
        "site": "a-site",
        "sub_site": "unknown",
        "label": 1,
        "category": "NCP",
        "findings": "",
        "view": "none",
        "publisher_part": "",
        "sex": "F",
        "age": 41.0,
        "study_day": 0,
        "manufacturer": "unknown",
        "kernel": "unknown",
        "contrast": "unknown",
        "spacing_z_mm": float("nan"),
        "spacing_y_mm": 0.7,
        "spacing_x_mm": 0.7,
        "affine": "",
        "n_slices": 40,
        "rows": 512,
        "columns": 512,
        "n_files": 40,
        "value_scale": "HU",
        "colour_mode": "grey",
        "bits_stored": 12,
        "value_min": -1024,
        "value_max": 3071,
        "source_path": "a/b",
        "source_format": "DICOM",
        "repairs": "",
        "flags": "face_slices;burned_in",
        "synthetic": False,
        "volume_sha256": "0" * 64,
    }
    return values | changes


def frame(*rows):
    return pd.DataFrame(list(rows))


def test_rows_come_back_sorted(tmp_path):
    path = tmp_path / "manifest.parquet"
    manifest.write(frame(row(scan_id="f" * 16), row(scan_id="0" * 16)), path)
    found = manifest.read(path)
    assert found["scan_id"].tolist() == ["0" * 16, "f" * 16]
    assert tuple(found.columns) == manifest.COLUMNS
    assert found["label"].dtype == "Int64"


def test_the_order_of_rows_and_columns_does_not_show_in_the_bytes(tmp_path):
    one, two = row(scan_id="0" * 16), row(scan_id="f" * 16)
    manifest.write(frame(one, two), tmp_path / "a")
    manifest.write(frame(two, one)[[*reversed(manifest.COLUMNS)]], tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_no_row_is_a_manifest_with_the_same_types(tmp_path):
    manifest.write(pd.DataFrame(), tmp_path / "empty")
    manifest.write(frame(row()), tmp_path / "one")
    empty, one = manifest.read(tmp_path / "empty"), manifest.read(tmp_path / "one")
    assert len(empty) == 0
    assert empty.dtypes.to_dict() == one.dtypes.to_dict()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("scan_id", "PATIENT-1"),
        ("patient_id", "0123"),
        ("patient_key", "guessed"),
        ("label", 100),
        ("findings", "edema=perhaps"),
        ("view", "oblique"),
        ("publisher_part", "validate"),
        ("sex", "f"),
        ("age", -1.0),
        ("n_slices", 0),
        ("study_day", -1),
        ("affine", "[SMITH]"),
        ("flags", "Free text."),
        ("value_scale", "kelvin"),
        ("spacing_y_mm", 0.0),
        ("source_format", "GIF"),
        ("volume_sha256", ""),
    ],
)
def test_a_wrong_value_is_refused_and_named(tmp_path, column, value):
    with pytest.raises(manifest.ManifestError, match=column):
        manifest.write(frame(row(**{column: value})), tmp_path / "m")
    assert not list(tmp_path.iterdir())


def test_a_row_of_findings_has_no_label(tmp_path):
    """B-05."""
    known = {"label": None, "findings": "edema=uncertain;mass=blank", "view": "frontal"}
    path = tmp_path / "manifest.parquet"
    manifest.write(frame(row(), row(scan_id="f" * 16, publisher_part="test", **known)), path)
    found = manifest.read(path)
    assert found["label"].dtype == "Int64"
    assert found["label"].isna().tolist() == [False, True]
    assert found["findings"].tolist() == ["", "edema=uncertain;mass=blank"]


@pytest.mark.parametrize("changes", [{"label": None}, {"findings": "edema=positive"}])
def test_a_row_has_a_label_or_findings(tmp_path, changes):
    with pytest.raises(manifest.ManifestError, match="a label or findings") as error:
        manifest.write(frame(row(**changes)), tmp_path / "m")
    assert str(error.value).count("a label or findings") == 1


def test_a_scan_stands_once(tmp_path):
    with pytest.raises(manifest.ManifestError, match="scan_id"):
        manifest.write(frame(row(), row()), tmp_path / "m")


def test_columns_must_be_those_of_the_schema(tmp_path):
    with pytest.raises(manifest.ManifestError, match=r"unknown \['birth_date'\]"):
        manifest.write(frame(row(birth_date="19670407")), tmp_path / "m")
    with pytest.raises(manifest.ManifestError, match=r"missing \['age'\]"):
        manifest.write(frame(row()).drop(columns="age"), tmp_path / "m")
