"""results: artefacts are read by names of the settings alone, and read again where they change."""

import json
import shutil

import pytest
import yaml

from elsewhere.pages.results import NotThere, Results
from elsewhere.sites import manifest

STUDY, SITE = "nguyen2021", "utsw-synthetic"


@pytest.fixture(scope="module")
def results(project):
    return Results(project)


@pytest.fixture
def copied(project, tmp_path):
    """A copy that a test may change."""
    top = tmp_path / "project"
    shutil.copytree(project, top, symlinks=True, ignore=shutil.ignore_patterns("raw", "models"))
    return top


def test_only_studies_that_run_names_and_that_have_results(results, project):
    assert results.studies() == (STUDY,)
    for name in ("chestxray", "..", "", "nguyen2021/../nguyen2021"):
        with pytest.raises(NotThere):
            results.study(name)
    with pytest.raises(NotThere):
        results.study(STUDY, arm="..")
    with pytest.raises(NotThere):
        results.study(STUDY, site="utsw")  # the study's name of a site, and no row of `sites`


@pytest.mark.parametrize("site", ["..", "", "utsw", "../scans/utsw-synthetic", "utsw-synthetic\0"])
def test_no_name_becomes_a_path_that_is_no_site(results, site):
    for ask in (results.manifest, results.hidden, lambda s: results.volume(s, "0" * 16)):
        with pytest.raises(NotThere):
            ask(site)


@pytest.mark.parametrize("scan", ["..", "", "0" * 16, "../manifest", "*", "0" * 15 + "G"])
def test_a_scan_is_found_by_its_key_alone(results, scan):
    with pytest.raises(NotThere):
        results.scan(SITE, scan)
    with pytest.raises(NotThere):
        results.volume(SITE, scan)


def test_every_scan_of_the_manifest_has_a_row_and_voxels(results, project):
    table = manifest.read(project / f"data/scans/{SITE}/manifest.parquet")
    for scan in table["scan_id"]:
        assert results.scan(SITE, scan)["scan_id"] == scan
        assert results.volume(SITE, scan).is_file()


def test_scans_with_text_in_their_pixels_are_hidden(copied):
    path = copied / f"data/scans/{SITE}/manifest.parquet"
    results = Results(copied)
    assert results.hidden(SITE) == set()
    table = manifest.read(path)
    table.loc[0, "flags"] = "burned_in"
    manifest.write(table, path)
    assert results.hidden(SITE) == {table.loc[0, "scan_id"]}


def test_results_that_are_written_again_are_read_again(copied):
    results = Results(copied)
    first = results.given(STUDY)
    assert results.given(STUDY) is first
    path = copied / f"results/{STUDY}/cells/utsw/{SITE}/metrics.json"
    content = json.loads(path.read_text())
    content["pooled"]["auc"] = 0.125
    path.write_text(json.dumps(content))
    assert results.given(STUDY).results.cells["utsw", SITE]["pooled"]["auc"] == 0.125


def test_an_arm_whose_cells_are_not_all_scored_waits(copied):
    results = Results(copied)
    (copied / f"results/{STUDY}/cells/utsw/{SITE}/metrics.json").unlink()
    assert [row.name for row in results.given(STUDY).results.rows] == ["utsw_cc-ccii"]
    assert results.waiting(STUDY) == {"utsw": 1}


@pytest.mark.parametrize("wrong", [b"scale: nothing\n", b"scale: [", b"\xff\xfe", None])
def test_settings_that_become_wrong_are_told_and_the_last_ones_used(copied, wrong):
    results = Results(copied)
    file = copied / "params.yaml"
    good = file.read_text()
    file.unlink()
    if wrong is not None:
        file.write_bytes(wrong)
    assert results.studies() == (STUDY,)
    assert "cannot be used" in results.trouble
    file.write_text(good)
    assert results.studies() == (STUDY,)
    assert results.trouble == ""


def test_changed_settings_give_what_they_now_say(copied):
    results = Results(copied)
    assert len(results.given(STUDY).results.rows) == 2
    file = copied / f"config/studies/{STUDY}.yaml"
    content = yaml.safe_load(file.read_text())
    del content["studies"][STUDY]["arms"]["utsw"]
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    assert [row.name for row in results.given(STUDY).results.rows] == ["utsw_cc-ccii"]
    with pytest.raises(NotThere):
        results.study(STUDY, arm="utsw")


def test_a_half_written_json_is_not_there(copied):
    results = Results(copied)
    path = copied / f"results/{STUDY}/audit/audit.json"
    path.write_text(path.read_text()[:100])
    with pytest.raises(NotThere, match="being written"):
        results.json(f"results/{STUDY}/audit/audit.json")
