"""scan_stages: stages from raw files to splits get the inputs that they need, and no more."""

from typing import Any

import pytest

from elsewhere.design import params as tables
from elsewhere.design import scan_stages


@pytest.fixture
def at(params: tables.Params) -> tables.Params:
    return params


def test_a_split_of_labels_is_handed_neither_findings_nor_external_sites(at: Any) -> None:
    """So that a study of labels is not split again when this is changed in others."""
    assert set(scan_stages.split(at, "nguyen2021", "utsw-synthetic").settings) == {
        *("split", "site_rows")
    }
    assert set(scan_stages.audit(at, "nguyen2021").settings) == {"audit"}


def test_a_split_of_findings_is_handed_the_policy_and_which_sites_are_external(at: Any) -> None:
    found = scan_stages.split(at, "chestxray", "mimic-cxr-jpg-synthetic").settings
    assert set(found) == {"split", "findings", "external", "site_rows"}
    assert set(scan_stages.audit(at, "chestxray").settings) == {"audit", "findings"}


def test_a_site_that_is_not_here_has_no_raw_files_to_depend_on(
    values: dict[str, Any],
) -> None:
    values["sites"]["utsw"]["available"] = False
    found = tables.parse(values)
    assert scan_stages.ingest(found, "utsw").inputs == {}
    assert scan_stages.ingest(found, "mosmed").inputs == {"raw": "data/raw/mosmed"}


def test_an_input_is_prepared_once_for_all_studies_that_share_it(at: Any) -> None:
    stage = scan_stages.prepare(at, "nguyen-demo", "utsw-synthetic")
    assert stage.name == "prepare--nguyen-demo--utsw-synthetic"
    assert not any("nguyen2021" in path for path in stage.outputs.values())


def test_a_split_with_stated_test_patients_is_handed_what_names_them(
    values: dict[str, Any],
) -> None:
    study = values["studies"]["nguyen2021"]
    stated = {"utsw": {"COVID-19 positive": 5}}
    study["scales"]["demo"]["split"] = study["split"] | {"test_patients": stated}
    found = scan_stages.split(tables.parse(values), "nguyen2021", "utsw-synthetic").settings
    assert found == {
        "split": "studies.nguyen2021.scales.demo.split",
        "classes": "studies.nguyen2021.classes",
        "site_rows": {"utsw": "studies.nguyen2021.scales.demo.sites.utsw"},
    }
