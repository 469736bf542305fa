"""pull: complete studies are stored with their label; incomplete ones have no label."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom
import pytest

from elsewhere.archives.archive import Archive, Unavailable
from elsewhere.archives.credentials import Credentials
from elsewhere.archives.labels import LabelsError
from elsewhere.archives.pull import Places, Report, pull
from elsewhere.archives.quiet import quiet
from elsewhere.archives.worklist import beside
from elsewhere.design import params
from elsewhere.design.job import Job
from elsewhere.design.phantoms.dicom_series import DicomSite
from elsewhere.design.site import Site
from elsewhere.phantom.write import write
from elsewhere.sites import manifest
from elsewhere.steps import ingest

LUNGS = ("1.2.826.10.1", "1.2.826.20.1", "1.2.826.30.1", "1.2.826.31.1")
LIST = "accession,label,sex\nACC100,1,F\nACC200,0,\nACC300,1,\n"
OF = {
    "1.2.826.10": {f"1.2.826.10.1.{number}" for number in range(1, 5)},
    "1.2.826.20": {f"1.2.826.20.1.{number}" for number in range(1, 5)},
    "1.2.826.30": {f"1.2.826.30.1.{number}" for number in range(1, 5)},
    "1.2.826.31": {f"1.2.826.31.1.{number}" for number in range(1, 5)},
}
SCANNER = {"manufacturer": "SIEMENS", "kernel": "B30f", "thickness_mm": 40.0, "blur_mm": [1, 2]}
SCANNER |= {"noise_hu": [10, 20], "grain_mm": 2.0}
SHOT = {"reconstructions": [SCANNER], "field_of_view_mm": [370, 400], "contrast": 0.5}
SHOT |= {"enhancement_hu": [200, 300], "inspiration": [0.4, 0.8], "masked": 0.0}
PHANTOM = {
    "kind": "dicom_series",
    "seed": 5,
    "confounding": 0.8,
    "age_years": [20, 90],
    "categories": {"ill": {"label": 1, "patients": 1}, "other": {"label": 0, "patients": 2}},
    "acquisition_positive": SHOT,
    "acquisition_negative": SHOT,
    "matrix": 32,
    "reduced_matrix": 24,
    "reduced": 0.0,
    "spacing_factor": 1.0,
}
LABELS = {"1.2.826.10": "1", "1.2.826.20": "0", "1.2.826.30": "1", "1.2.826.31": "1"}


def instances(places: Places) -> list[Path]:
    """Return the files under the names of instances; a half-written one is hidden, its name too."""
    return [path for path in places.raw.rglob("*.dcm") if not path.name.startswith(".")]


def stored(places: Places) -> dict[str, pydicom.Dataset]:
    found = [pydicom.dcmread(path) for path in instances(places)]
    return {str(one.SOPInstanceUID): one for one in found}


def labels(places: Places) -> dict[str, str]:
    path = places.raw / "label.csv"
    if not path.exists():
        return {}
    with path.open(newline="") as file:
        return {row["study"]: row["label"] for row in csv.DictReader(file)}


def missing(places: Places) -> dict[int, str]:
    path = beside(places.worklist)
    if not path.exists():
        return {}
    with path.open(newline="") as file:
        return {int(row["line"]): row["reason"] for row in csv.DictReader(file)}


def run(archive: Any, places: Places, row: Any, text: str = LIST) -> Report:
    places.worklist.write_text(text)
    with quiet():
        return pull(row, archive, places, pace=archive._pace, connections=2)


def state_of(places: Places) -> dict[str, tuple[int, int]]:
    files = [path for path in places.raw.rglob("*") if path.is_file()]
    return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns) for path in files}


@pytest.fixture
def lungs(held: Any) -> dict[str, pydicom.Dataset]:
    sent = held.bytes_of(*LUNGS).items()
    return {uid: pydicom.dcmread(io.BytesIO(encoded)) for uid, encoded in sent}


@pytest.mark.orthanc
@pytest.mark.parametrize("protocol", ["dicomweb", "get", "move"])
def test_all_that_orthanc_holds_is_here(
    protocol: str,
    orthanc: Any,
    dicomweb_row: Any,
    dimse_row: Any,
    opened: Any,
    reader: Credentials,
    places: Places,
    pull_row: Any,
    lungs: dict[str, pydicom.Dataset],
) -> None:
    if protocol == "dicomweb":
        archive = opened(dicomweb_row(orthanc.url + "/dicom-web"), reader)
    else:
        archive = opened(dimse_row(orthanc, retrieve=protocol))
    report = run(archive, places, pull_row())
    assert (report.studies, report.series, report.instances, report.missing) == (4, 4, 16, ())
    assert stored(places) == lungs
    assert labels(places) == LABELS
    assert missing(places) == {}
    before = state_of(places)
    assert run(archive, places, pull_row()) == report
    assert state_of(places) == before, "a second pull leaves all as it is"


@pytest.fixture
def scp_archive(start_scp: Any, dimse_row: Any, opened: Any) -> Any:
    def made(**scp: Any) -> tuple[Any, Archive]:
        server = start_scp(**scp)
        return server, opened(dimse_row(server))

    return made


def test_the_same_by_real_associations(
    scp_archive: Any, places: Places, pull_row: Any, lungs: dict[str, pydicom.Dataset]
) -> None:
    server, archive = scp_archive()
    report = run(archive, places, pull_row())
    assert (report.studies, report.series, report.instances, report.missing) == (4, 4, 16, ())
    assert stored(places) == lungs
    assert labels(places) == LABELS
    before = state_of(places)
    server.requests.clear()
    assert run(archive, places, pull_row()) == report
    assert state_of(places) == before
    assert {text.split()[0] for text in server.requests} == {"FIND"}


def test_names_tell_nobody(
    scp_archive: Any, places: Places, pull_row: Any, orthanc_canaries: list[str]
) -> None:
    run(scp_archive()[1], places, pull_row())
    for path in [*places.raw.rglob("*"), *places.state.rglob("*")]:
        assert not [text for text in orthanc_canaries if text in path.as_posix()]
    ledger = (places.state / "ledger.csv").read_text()
    assert not [text for text in orthanc_canaries if text in ledger]


def test_filters_choose_series(scp_archive: Any, places: Places, pull_row: Any) -> None:
    _, archive = scp_archive()
    every = pull_row(modalities=("CT", "SR"), least_instances=1)
    assert run(archive, places, every, "accession,label\nACC100,1\n").series == 3
    scouts = pull_row(least_instances=1, description="^SCOUT")
    other = Places(places.raw.with_name("b"), places.state, places.worklist)
    report = run(archive, other, scouts, LIST)
    assert list(stored(other)) == ["1.2.826.10.2.1"]
    assert {one.reason for one in report.missing} == {"no_series"}
    assert missing(other) == {3: "no_series", 4: "no_series"}


def test_a_study_that_is_half_here_has_no_label(
    scp_archive: Any, places: Places, pull_row: Any
) -> None:
    server, archive = scp_archive()
    run(archive, places, pull_row(), "accession,label\nACC100,1\nACC200,0\n")
    assert set(labels(places)) == {"1.2.826.10", "1.2.826.20"}
    new = next(one for one in server.items if one.SeriesInstanceUID == "1.2.826.20.1")
    more = pydicom.dcmread(io.BytesIO(_encoded(new)))
    more.SOPInstanceUID = more.file_meta.MediaStorageSOPInstanceUID = "1.2.826.20.1.9"
    server.items.append(more)
    server.lacks = {"1.2.826.20.1.9"}
    report = run(archive, places, pull_row(), "accession,label\nACC100,1\nACC200,0\n")
    assert [(one.row.line, one.reason) for one in report.missing] == [(3, "incomplete")]
    assert labels(places) == {"1.2.826.10": "1"}
    server.lacks = set()
    assert run(archive, places, pull_row(), "accession,label\nACC200,0\n").missing == ()
    assert labels(places) == {"1.2.826.10": "1", "1.2.826.20": "0"}, "an older row stays"


def _encoded(dataset: pydicom.Dataset) -> bytes:
    with io.BytesIO() as buffer:
        dataset.save_as(buffer)
        return buffer.getvalue()


def test_a_count_that_does_not_fit_is_listed(
    scp_archive: Any, places: Places, pull_row: Any
) -> None:
    _, archive = scp_archive(counts={"1.2.826.20.1": 7})
    report = run(archive, places, pull_row())
    assert [one.detail for one in report.missing] == [
        "the archive counts 7 instances in a series and lists 4; run again"
    ]
    assert "1.2.826.20" not in labels(places)


def test_unknown_rows_are_listed_and_the_list_can_be_pulled(
    scp_archive: Any, places: Places, pull_row: Any
) -> None:
    server, archive = scp_archive()
    text = "accession,patient,label\nACC100,,1\nUNKNOWN,,0\nACC900,,1\n"
    run(archive, places, pull_row(), text)
    assert missing(places) == {3: "not_found", 4: "several_patients"}
    assert set(labels(places)) == {"1.2.826.10"}
    for one in server.items:
        if one.PatientID == "PAT-FIVE":
            one.AccessionNumber = "UNKNOWN"
    run(archive, places, pull_row(), beside(places.worklist).read_text())
    assert set(labels(places)) == {"1.2.826.10", "1.2.826.50", "1.2.826.40"}
    assert missing(places) == {}


def test_a_corrected_label_replaces_the_old_one(
    scp_archive: Any, places: Places, pull_row: Any, caplog: pytest.LogCaptureFixture
) -> None:
    _, archive = scp_archive()
    run(archive, places, pull_row(), "accession,label\nACC200,0\n")
    run(archive, places, pull_row(), "accession,label,patient\nACC200,1,pseudonym\n")
    assert "line 2: its study had another label before" in caplog.text
    with (places.raw / "label.csv").open(newline="") as file:
        assert list(csv.DictReader(file)) == [
            {"study": "1.2.826.20", "patient": "pseudonym", "label": "1"}
        ]


def test_a_label_table_of_ones_own_is_not_overwritten(
    scp_archive: Any, places: Places, pull_row: Any
) -> None:
    places.raw.mkdir(parents=True)
    (places.raw / "label.csv").write_text("accession,label\nACC100,1\n")
    with pytest.raises(LabelsError):
        run(scp_archive()[1], places, pull_row())
    assert (places.raw / "label.csv").read_text() == "accession,label\nACC100,1\n"


def test_a_server_that_loses_connections_is_asked_on(
    scp_archive: Any, places: Places, pull_row: Any, lungs: dict[str, pydicom.Dataset]
) -> None:
    _, archive = scp_archive(aborts=2)
    assert run(archive, places, pull_row()).missing == ()
    assert stored(places) == lungs


@pytest.mark.orthanc
def test_a_server_that_ends_in_the_middle_is_gone_on_with(
    start_orthanc: Any,
    orthanc: Any,
    proxy: Any,
    dicomweb_row: Any,
    opened: Any,
    held: Any,
    places: Places,
    pull_row: Any,
    lungs: dict[str, pydicom.Dataset],
) -> None:
    own = start_orthanc()
    own.fill(held)
    proxy.behind = own

    def dies(path: str) -> None:
        if path.endswith("30.1.2"):
            own.stop()

    proxy.refuse = dies
    row = dicomweb_row(proxy.url)
    with pytest.raises(Unavailable):
        run(opened(row), places, pull_row())
    here = set(stored(places))
    assert set() < here < set(lungs)
    complete = {study for study, of in OF.items() if of <= here}
    assert set(labels(places)) == complete
    proxy.behind, proxy.refuse = orthanc, lambda _: None
    proxy.seen.clear()
    assert run(opened(row), places, pull_row()).missing == ()
    assert stored(places) == lungs
    fetched = {path.rpartition("/")[2] for _, path, _ in proxy.seen if "/instances/" in path}
    assert fetched == set(lungs) - here, "only what lacked"


@pytest.mark.orthanc
@pytest.mark.parametrize("count", [3, 5])
def test_a_dicomweb_count_that_does_not_fit_is_listed(
    count: int, proxy: Any, dicomweb_row: Any, opened: Any, places: Places, pull_row: Any
) -> None:
    def change(path: str, body: bytes) -> bytes:
        if not path.split("?", maxsplit=1)[0].endswith("1.2.826.20/series"):
            return body
        rows = json.loads(body)
        for one in rows:
            one["00201209"] = {"vr": "IS", "Value": [count]}
        return json.dumps(rows).encode()

    proxy.change = change
    report = run(opened(dicomweb_row(proxy.url)), places, pull_row())
    assert [one.reason for one in report.missing] == ["incomplete"]
    assert "1.2.826.20" not in labels(places)
    assert len(stored(places)) == 16


def test_half_written_files_of_a_killed_run_go(
    scp_archive: Any, places: Places, pull_row: Any
) -> None:
    _, archive = scp_archive()
    run(archive, places, pull_row())
    left = instances(places)[0]
    part = left.with_name(f".part-1-{left.name}")
    left.rename(part)
    assert run(archive, places, pull_row()).instances == 16
    assert left.is_file()
    assert not part.exists()


# --- the process: what `elsewhere pull` runs ------------------------------------------------------

PROGRAM = """
import json, logging, sys
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated
from pydantic import TypeAdapter
from elsewhere.design.kinds import Of
from elsewhere.design.archive_rows import ArchiveRow
from elsewhere.design.pulls import PullRow
from elsewhere.commands.pull import pull_site

logging.basicConfig(level=logging.DEBUG)
given = json.loads(Path("tables.json").read_text())
read_archive = TypeAdapter(Annotated[ArchiveRow, Of("archives")]).validate_python
tables = SimpleNamespace(
    archives={"pacs": read_archive(given["archive"])},
    pulls={"site": PullRow.model_validate(given["pull"])},
)
pull_site(tables, "site")
"""


@pytest.fixture
def process(tmp_path: Path, pull_row: Any) -> Callable[..., subprocess.Popen[str]]:
    """Start a pull in a process of its own, which logs all that any library says."""

    def start(row: Any, text: str = LIST, **secrets: str) -> subprocess.Popen[str]:
        (tmp_path / "list.csv").write_text(text)
        tables = {"archive": row.model_dump(), "pull": pull_row(archive="pacs").model_dump()}
        (tmp_path / "tables.json").write_text(json.dumps(tables))
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            cwd=tmp_path,
            env={**os.environ, **secrets},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    return start


@pytest.fixture
def project(tmp_path: Path) -> Places:
    """Where that process reads and writes."""
    state = tmp_path / ".elsewhere/pulls/site"
    return Places(tmp_path / "data/raw/site", state, tmp_path / "list.csv")


def at_least(places: Places, count: int) -> Callable[[], bool]:
    return lambda: len(instances(places)) >= count


@pytest.mark.slow
def test_a_killed_pull_loses_one_instance_at_most(
    start_scp: Any,
    dimse_row: Any,
    process: Any,
    project: Places,
    lungs: dict[str, pydicom.Dataset],
    wait_for: Any,
) -> None:
    sent: list[str] = []

    def on_send(one: pydicom.Dataset) -> pydicom.Dataset:
        sent.append(one.SOPInstanceUID)
        return one

    row = dimse_row(start_scp(on_send=on_send), instances_per_second=12)
    for reached in (3, 9):
        killed = process(row)
        wait_for(at_least(project, reached))
        killed.kill()
        killed.communicate()
        assert all(one == lungs[uid] for uid, one in stored(project).items())
        assert labels(project) == {}
    done = process(row)
    assert done.wait(60) == 0, done.communicate()
    assert stored(project) == lungs
    assert labels(project) == LABELS
    # the archive may have begun with one more before it noticed
    assert len(sent) <= len(lungs) + 2 * 2
    assert list(project.raw.rglob(".part-*")) == []


def test_sigterm_ends_a_pull_in_good_order(
    start_scp: Any, dimse_row: Any, process: Any, project: Places, wait_for: Any
) -> None:
    row = dimse_row(start_scp(), instances_per_second=10)
    running = process(row)
    wait_for(at_least(project, 6))
    running.terminate()
    said, _ = running.communicate(timeout=20)
    assert running.returncode == 143, said
    assert "`elsewhere pull site` goes on" in said
    assert "Traceback" not in said
    here = set(stored(project))
    assert 6 <= len(here) < 16
    complete = {study for study, of in OF.items() if of <= here}
    assert set(labels(project)) == complete != set()


@pytest.mark.slow
@pytest.mark.orthanc
def test_nothing_secret_or_identifying_is_said(
    orthanc: Any,
    proxy: Any,
    dicomweb_row: Any,
    dimse_row: Any,
    process: Any,
    project: Places,
    orthanc_canaries: list[str],
    reader: Credentials,
) -> None:
    """At the lowest level, with libraries that log queries and addresses, when things go wrong."""
    text = LIST + "UNKNOWN-CANARY,1,\nACC900,1,\n"
    secrets = {
        "ELSEWHERE_ARCHIVE_PACS_USER": reader.user,
        "ELSEWHERE_ARCHIVE_PACS_PASSWORD": reader.password,
    }
    proxy.refuse = lambda path: (500, {}) if path.endswith("30.1.2") else None
    rows = [
        (dimse_row(orthanc, calling_aet="STRANGER"), {}),
        (dicomweb_row(proxy.url), secrets),
        (dimse_row(orthanc), {}),
    ]
    expected = {5: "not_found", 6: "several_patients"}
    for (row, given), found in zip(
        rows, ({}, {4: "incomplete", **expected}, expected), strict=True
    ):
        done = process(row, text, **given)
        said, _ = done.communicate(timeout=60)
        assert done.returncode == 1
        told = [*orthanc_canaries, "UNKNOWN-CANARY", "NAME^CANARY", reader.password, "1.2.826"]
        assert [canary for canary in told if canary in said] == []
        assert missing(project) == found


# --- and then ingest -----------------------------------------------------------------------------


@pytest.mark.slow
def test_what_was_pulled_is_ingested(
    tmp_path: Path, start_scp: Any, dimse_row: Any, opened: Any, places: Places, pull_row: Any
) -> None:
    """A synthetic site goes into an archive, is pulled, and gives the same scans and labels."""
    site = tmp_path / "written"
    write("tiny", site, DicomSite.model_validate(PHANTOM))
    server = start_scp()
    server.items = [pydicom.dcmread(path) for path in sorted(site.rglob("*.dcm"))]
    for one in server.items:
        one.AccessionNumber = f"X{one.StudyInstanceUID[-6:]}"
        if one.file_meta.TransferSyntaxUID.is_compressed:
            one.decompress()
    with (site / "label.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    listed = ["accession,label,category"]
    listed += [f"X{row['study'][-6:]},{row['label']},{row['category']}" for row in rows]
    report = run(opened(dimse_row(server)), places, pull_row(), "\n".join(listed) + "\n")
    assert (report.studies, report.missing) == (len(rows), ())
    manifests = [ingested(root, tmp_path / name) for name, root in (("a", site), ("b", places.raw))]
    columns = ["label", "volume_sha256", "n_slices"]
    first, second = (frame.sort_values("volume_sha256")[columns] for frame in manifests)
    assert len(first) == len(rows)
    assert first.to_numpy().tolist() == second.to_numpy().tolist()


def ingested(root: Path, out: Path) -> Any:
    policy = params.load(Path(__file__).parents[1] / "params").intakes["strict"]
    row = {"title": "T", "layout": "dicom_series", "privacy": "public", "synthetic": True}
    names = ("manifest.parquet", "volumes", "rejected.csv", "account.json", "profile.parquet")
    outputs = {name.partition(".")[0]: out / name for name in names}
    job = Job("ingest@tiny", {"site": "tiny"}, {"raw": root}, outputs)
    ingest.run(job, ingest.Settings(site=Site.model_validate(row), intake=policy))
    return manifest.read(out / "manifest.parquet")
