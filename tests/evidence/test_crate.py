"""The crate describes every file that it holds, and its own validator accepts it."""

import hashlib
import json
import subprocess
import zipfile
from importlib.resources import files

import pytest
from typer.testing import CliRunner

from elsewhere.cli import app
from elsewhere.evidence import crate
from elsewhere.evidence.finished import UnfinishedError

PROFILES = ("ro-crate-1.1", "workflow-run-crate-0.5")
# The validator fetches the JSON-LD context, which the library brings: that of a later version, in
# which the words of Bioschemas have other addresses.
VALIDATE = """
import email.message, io, json, sys, urllib.request, urllib.response
from types import SimpleNamespace
from rocrate_validator import models, services
from rocrate_validator.utils.http import HttpRequester

context, crate, *profiles = sys.argv[1:]
text = open(context, encoding="utf-8").read().replace("bioschemas.org/terms/", "bioschemas.org/")
kind = "application/ld+json"

class Local(urllib.request.HTTPSHandler):
    def https_open(self, request):
        headers = email.message.Message()
        headers["Content-Type"] = kind
        content = io.BytesIO(text.encode())
        answer = urllib.response.addinfourl(content, headers, request.full_url, 200)
        answer.msg = "OK"
        return answer

urllib.request.install_opener(urllib.request.build_opener(Local))
HttpRequester.get = lambda self, url, **options: SimpleNamespace(
    status_code=200, headers={"Content-Type": kind}, text=text, content=text.encode(),
    json=lambda: json.loads(text))
for profile in profiles:
    result = services.validate(services.ValidationSettings(
        rocrate_uri=crate, profile_identifier=profile,
        requirement_severity=models.Severity.REQUIRED))
    print(profile, result.passed(), [str(issue.message) for issue in result.get_issues()])
"""


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("crate") / "crate"


@pytest.fixture
def written(study, out):
    """The crate, written once."""
    if not out.exists():
        crate.write(study, out)
    return out


@pytest.fixture
def graph(written):
    metadata = json.loads((written / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    return {entity["@id"]: entity for entity in metadata["@graph"]}


def test_every_file_is_described_and_every_description_has_its_file(written, graph):
    on_disk = {p.relative_to(written).as_posix() for p in written.rglob("*") if p.is_file()}
    described = {name for name, of in graph.items() if "File" in of["@type"]}
    assert described == on_disk - {"ro-crate-metadata.json"}


def test_the_run_leads_from_settings_to_results(graph, study):
    run = graph["#run"]
    assert run["@type"] == "CreateAction"
    assert run["instrument"] == {"@id": "Snakefile"}
    assert run["object"] == {"@id": "settings.json"}
    results = {one["@id"] for one in run["result"]}
    assert {study.matrix.as_posix(), study.report.as_posix()} <= results


def test_authors_licence_and_synthetic_data_are_said(graph):
    root = graph["./"]
    author = graph[root["author"]["@id"]]
    assert author["name"] == "The authors of elsewhere"
    assert "ask their owners" in graph[root["license"]["@id"]]["description"]
    assert "SYNTHETIC DATA" in root["description"]


def test_provenance_names_hash_and_command(written, study):
    lines = (written / "provenance.csv").read_text(encoding="utf-8").splitlines()
    [row] = [line.split(",") for line in lines if line.startswith(f"{study.matrix.as_posix()},")]
    assert row[1] == hashlib.md5(study.matrix.read_bytes(), usedforsecurity=False).hexdigest()
    assert row[2] == "python -m elsewhere figure nguyen2021"


def test_what_is_left_out_is_listed(written):
    assert "example_slices.png,it shows scans" in (written / "left_out.csv").read_text()


def test_a_zip_holds_the_same_files(study, written, tmp_path):
    crate.write(study, tmp_path / "crate.zip")
    with zipfile.ZipFile(tmp_path / "crate.zip") as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    assert names == {p.relative_to(written).as_posix() for p in written.rglob("*") if p.is_file()}


def test_the_command_says_what_is_left_out(project, tmp_path):
    command = ["crate", "nguyen2021", "--out", str(tmp_path / "crate")]
    done = CliRunner().invoke(app, command, catch_exceptions=False)
    assert (tmp_path / "crate/ro-crate-metadata.json").is_file()
    assert "example_slices.png, it shows scans" in done.output


def test_nothing_is_overwritten(study, tmp_path):
    with pytest.raises(FileExistsError, match="is there already"):
        crate.write(study, tmp_path)


def test_outside_a_project_there_is_no_crate(study, tmp_path, monkeypatch):
    monkeypatch.setattr("elsewhere.evidence.shareable.WORKFLOW", ())
    with pytest.raises(UnfinishedError, match="Snakefile: not there"):
        crate.write(study, tmp_path / "crate")


def test_a_person_is_a_person():
    from rocrate.rocrate import ROCrate

    row = {"family-names": "Curie", "given-names": "Marie"}
    author = crate._author(ROCrate(), row, "https://example.org")
    assert (author.type, author["name"]) == ("Person", "Marie Curie")


def test_its_own_validator_accepts_it(written, validator):
    context = files("rocrate") / "data/ro-crate.jsonld"
    command = [validator, "-c", VALIDATE, str(context), str(written), *PROFILES]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = [line for line in done.stdout.splitlines() if line.startswith(PROFILES)]
    assert found == [f"{profile} True []" for profile in PROFILES], done.stdout + done.stderr
