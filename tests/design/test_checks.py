"""checks: sites, pulls and phantoms that do not fit are reported before anything runs."""

from typing import Any

import pytest

from elsewhere.design import params as tables
from elsewhere.design.checks import problems
from elsewhere.design.params import Params, Settings

SITE = {"title": "New", "layout": "mosmed", "privacy": "public"}


def complaint(values: Any) -> str:
    with pytest.raises(tables.ParamsError) as raised:
        tables.parse(values)
    return str(raised.value)


def with_site(values: Settings, **changes: Any) -> Settings:
    values["sites"]["new"] = {**SITE, **changes}
    return values


def test_the_settings_of_the_tests_have_no_problem(params: Params) -> None:
    assert list(problems(params)) == []


@pytest.mark.parametrize("name", ["code", "settings"])
def test_a_study_has_no_name_of_what_dvc_reads(name: str, values: Settings) -> None:
    values["studies"][name] = values["studies"]["nguyen2021"]
    assert f"studies.{name}: results/{name} is for files that DVC reads" in complaint(values)


def test_an_unknown_layout_is_named_with_those_there_are(values: Settings) -> None:
    line = complaint(with_site(values, layout="dicom"))
    assert "sites.new.layout: 'dicom' is not one of cc_ccii, chestxray14, chexpert" in line
    assert "dicom_series" in line


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"leave_out": ["CT-9"]}, "options.leave_out.0: 'CT-9' is not one of CT-0, CT-1"),
        ({"leaveout": []}, "options.leaveout: there is no such setting, perhaps leave_out is"),
        ({"leave_out": "CT-0"}, "options.leave_out: must be a list, is 'CT-0'"),
    ],
)
def test_options_are_those_of_the_layout(
    options: dict[str, Any], sentence: str, values: Settings
) -> None:
    tables.parse(with_site(values, options={"leave_out": ["CT-0"]}))
    assert f"sites.new.{sentence}" in complaint(with_site(values, options=options))


def test_a_synthetic_site_is_written_in_its_layout(values: Settings) -> None:
    values["sites"]["mosmed-synthetic"]["layout"] = "dicom_series"
    values["sites"]["mosmed-synthetic"]["options"] = {}
    line = complaint(values)
    assert "phantoms.mosmed-synthetic.kind: is mosmed, but" in line
    assert "sites.mosmed-synthetic.layout is dicom_series" in line


def test_a_pull_names_an_archive_and_a_site(values: Settings) -> None:
    row = values["pulls"]["utsw"]
    values["pulls"] = {"nowhere": {**row, "archive": "x"}}
    line = complaint(values)
    assert "pulls.nowhere.archive: 'x' is not in archives; there are hospital" in line
    assert "pulls.nowhere: 'nowhere' is not in sites" in line


def test_all_problems_are_told_at_once(values: Settings) -> None:
    values["run"] = ["nowhere"]
    values["sites"]["new"] = {**SITE, "layout": "x", "intake": "y"}
    line = complaint(values)
    assert line.startswith("3 settings cannot be used:")


def test_masks_are_of_volumes_of_a_known_site(values: Settings) -> None:
    row: dict[str, Any] = {}
    values["masks"] = {"nowhere": row}
    assert "masks.nowhere: 'nowhere' is not in sites" in complaint(values)
    values["masks"] = {"sars-cov-2-ct": row}
    assert "masks.sars-cov-2-ct: its scans are slices; lesions are outlined" in complaint(values)
    values["masks"] = {"mosmed": row}
    values["sites"]["mosmed-masks"] = SITE
    assert "masks.mosmed: its masks and the site 'mosmed-masks' would" in complaint(values)
