"""What is given away holds no picture of a scan and no key of a scan or patient."""

import contextlib
import re

import pytest

from elsewhere.evidence import shareable


@pytest.fixture(scope="module")
def collected(finished, top):
    with contextlib.chdir(top):
        return shareable.collect(finished)


@pytest.fixture
def shared(collected, project):
    return collected


@pytest.fixture
def keys(study):
    tables = study.given.manifests.values()
    return {key for table in tables for name in ("scan_id", "patient_id") for key in table[name]}


def test_rows_and_keys_of_patients_are_not_given_away(shared, keys):
    assert keys
    assert not {"parquet", "safetensors"} & {path.rpartition(".")[2] for path in shared.paths}
    assert not any("splits" in path and path.endswith(".csv") for path in shared.paths)
    for dest, path in shared.files.items():
        content = path.read_bytes().decode("utf-8", errors="ignore")
        assert not any(key in content for key in keys), dest
    for dest, text in shared.texts.items():
        assert not any(key in text for key in keys), dest


def test_pictures_of_scans_are_left_out_also_inside_the_report(shared, study):
    report = shared.texts[study.report.as_posix()]
    assert "data:image/png" in study.report.read_text(encoding="utf-8")
    assert "data:image/png" not in report
    assert shareable.ABSENT in report
    assert "data:image/svg" in report
    pictures = [path for path in shared.left_out if "example_slices" in path]
    assert pictures
    assert not {*pictures} & shared.paths


def test_links_of_pages_stay_inside(shared, study):
    report = shared.texts[study.report.as_posix()]
    links = re.findall(r'href="(?!#)([^"]+)"', report)
    assert "matrix.csv" in links
    assert all(f"{study.home.as_posix()}/{link}" in shared.paths for link in links)
    assert "manifest.parquet" not in links


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.csv", "site,scan_id\nx,y\n", "it has a row for each scan or patient"),
        ("a.json", '{"pair": "KEY"}', "it names the key of a scan or patient"),
        ("a.json", '{"pairs": 3}', ""),
        ("gradcam_utsw.png", "", "it shows scans"),
    ],
)
def test_a_file_is_refused_with_a_reason(tmp_path, keys, name, text, reason):
    path = tmp_path / name
    path.write_text(text.replace("KEY", min(keys)))
    assert shareable._refused(path, keys) == reason


def test_settings_hold_the_study_and_no_archive(study):
    tables = shareable.settings(study)
    assert not {"archives", "pulls", "masks", "phantoms"} & {*tables}
    assert [*tables["studies"]] == ["nguyen2021"]
    assert [*tables["networks"]] == ["nguyen-cnn-demo"]
