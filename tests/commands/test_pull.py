"""pull: one pull of a site at a time, its problems in words; tests/archives pulls for real."""

import fcntl
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from elsewhere.archives.archive import ArchiveError, Unavailable
from elsewhere.archives.credentials import CredentialsError
from elsewhere.archives.worklist import WorklistError
from elsewhere.commands.pull import STATE, pull_site
from elsewhere.design.archive_rows import ArchiveRow
from elsewhere.design.archives.dicomweb import DicomwebArchive
from elsewhere.design.params import ParamsError
from elsewhere.design.pulls import PullRow

NOBODY = DicomwebArchive(
    kind="dicomweb",
    url="http://127.0.0.1:9/dicom-web",
    tls="none",
    connections=1,
    connect_seconds=1,
    answer_seconds=1,
    attempts=2,
    backoff_seconds=0.01,
    backoff_most_seconds=0.01,
    requests_per_second=1000,
)
ROW = PullRow(archive="pacs", worklist="list.csv", modalities=("CT",), least_instances=1)


@dataclass
class Tables:
    archives: Mapping[str, ArchiveRow] = field(default_factory=lambda: {"pacs": NOBODY})
    pulls: Mapping[str, PullRow] = field(default_factory=lambda: {"site": ROW})


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_site_without_a_row_is_named() -> None:
    with pytest.raises(ParamsError, match="no row 'other'; there are site"):
        pull_site(Tables(), "other")


def test_the_work_list_is_looked_for_first() -> None:
    with pytest.raises(WorklistError, match=r"list\.csv: no such work list"):
        pull_site(Tables(), "site")


def test_nobody_there(caplog: pytest.LogCaptureFixture) -> None:
    Path("list.csv").write_text("accession,label\nCANARY,1\n")
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Unavailable, match="no answer"):
        pull_site(Tables(), "site")
    assert signal.getsignal(signal.SIGTERM) is before
    assert "identity is not verified" in caplog.text
    assert "CANARY" not in caplog.text
    assert not Path("data/raw/site/label.csv").exists()


def test_a_second_pull_of_the_site_is_refused() -> None:
    (STATE / "site").mkdir(parents=True)
    with (STATE / "site/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ArchiveError, match="another `elsewhere pull`"):
            pull_site(Tables(), "site")


def test_half_of_the_credentials_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELSEWHERE_ARCHIVE_PACS_USER", "me")
    with pytest.raises(CredentialsError, match="ELSEWHERE_ARCHIVE_PACS_PASSWORD"):
        pull_site(Tables(), "site")
