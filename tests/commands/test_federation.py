"""The commands of a federation, as a coordinator and a hospital type them."""

import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from elsewhere.cli import app

sys.path.insert(0, str(Path(__file__).parents[1] / "carriers"))

from hospitals import ROOT, SITES, tables, write_project


def typed(*words, **options):
    result = CliRunner().invoke(app, ["federation", *map(str, words)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


@pytest.fixture
def project(tmp_path, monkeypatch):
    write_project(tmp_path / "project", tables())
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path


def test_from_the_agreement_to_the_roster(project):
    server = project / "server"
    said = typed("init", server, "--study", "three", "--arm", "together", "--host", "10.0.0.1")
    assert "of north, south, west" in said
    for site in SITES:
        options = ("--site", site, "--agreement", server / "agreement.json")
        said = typed("key", project / site, *options)
        assert "the settings here are the same" in said
        fingerprint = said.rsplit("telephone: ", 1)[1].strip()
        shutil.copy(project / site / f"cards/{site}.json", server / "cards")
        assert f"{site}: {fingerprint}" in typed("status", server)
    with pytest.raises(ValueError, match="has no card of south, west"):
        typed("join", project / "north")
    assert "0 of 2 rounds are finished" in typed("status", server)


def test_both_sides_say_the_same_of_the_server_unless_the_file_was_changed_on_its_way(project):
    """Its digest leaves the server out, which may move: the telephone compares it."""
    server, file = project / "server", project / "server/agreement.json"
    words = typed("init", server, "--study", "three", "--arm", "together").splitlines()
    (told,) = [line for line in words if line.startswith("by telephone: ")]
    fingerprint = told.removeprefix("by telephone: ")
    options = ("--site", "west", "--agreement", file)
    assert fingerprint in typed("key", project / "west", *options).splitlines()
    changed = file.read_text().replace('"host": "127.0.0.1"', '"host": "10.6.6.6"')
    assert changed != file.read_text()
    file.write_text(changed)
    options = ("--site", "north", "--agreement", file)
    assert fingerprint not in typed("key", project / "north", *options).splitlines()


def test_the_study_of_the_documentation_can_be_agreed_on(tmp_path, monkeypatch):
    """Three hospitals that are nowhere here, a new study, and the arm that its page adds."""
    page = (ROOT / "docs/between_hospitals.md").read_text()
    (words,) = re.findall(r"^ +elsewhere (new study .*)$", page, re.M)
    (arm,) = re.findall(r"^ +(federated: .*)$", page, re.M)
    shutil.copytree(ROOT / "tests/params", tmp_path, dirs_exist_ok=True)
    settings = tmp_path / "params.yaml"
    row = "{title: x, layout: dicom_series, privacy: private, intake: strict, available: false, "
    rows = [f"  {site}: {row}options: {{categories: [a, b]}}}}\n" for site in SITES]
    settings.write_text(settings.read_text() + "\nsites:\n" + "".join(rows))
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, shlex.split(words)).exit_code == 0
    study = tmp_path / "config/studies/together.yaml"
    lines = [line + f"\n      {arm}" * line.startswith("    arms:") for line in
             study.read_text().splitlines()]  # fmt: skip
    study.write_text("\n".join(lines) + "\n")
    said = typed("init", tmp_path / "server", "--study", "together", "--arm", "federated")
    assert "of north, south, west" in said


def test_leaving(project):
    server = project / "server"
    typed("init", server, "--study", "three", "--arm", "together")
    typed("key", project / "west", "--site", "west", "--agreement", server / "agreement.json")
    assert f"remove {project / 'west/left'}" in typed("leave", project / "west").replace("\n", " ")
    assert "this is west, which has left" in typed("status", project / "west")
    typed("leave", server, "--site", "west")
    assert "left: west" in typed("status", server)


def test_the_folder_of_the_other_side_is_refused(project):
    server, west = project / "server", project / "west"
    typed("init", server, "--study", "three", "--arm", "together")
    typed("key", west, "--site", "west", "--agreement", server / "agreement.json")
    before = sorted(project.rglob("*"))
    for words in (("leave", west, "--site", "west"), ("serve", west)):
        with pytest.raises((ValueError, RuntimeError), match=r"coordinator's|not installed"):
            typed(*words)
    for words in (("leave", server), ("join", server)):
        with pytest.raises(ValueError, match="this is no hospital's folder"):
            typed(*words)
    assert sorted(project.rglob("*")) == before


def test_a_hospital_sees_what_it_agrees_to(project):
    typed("init", project / "server", "--study", "three", "--arm", "together")
    agreement = project / "server/agreement.json"
    said = typed("key", project / "west", "--site", "west", "--agreement", agreement)
    assert "encryption bfv" in said
    assert "fewer than 5 patients" in said


def test_what_cannot_be_imported_is_said(project):
    with pytest.raises(ValueError, match="no folder that a federation wrote"):
        typed("import", project, "--study", "three", "--arm", "together")


def test_without_flower_it_says_how_to_install_it(project, monkeypatch):
    server = project / "server"
    typed("init", server, "--study", "three", "--arm", "together")
    monkeypatch.setitem(sys.modules, "flwr", None)
    for name in [name for name in sys.modules if name.startswith("elsewhere.carriers.flower")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(RuntimeError, match=r"pip install elsewhere\[federation\]"):
        typed("serve", server)
