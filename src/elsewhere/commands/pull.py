"""pull: fetches a site's studies from its archive into data/raw, one pull of a site at a time."""

from __future__ import annotations

import fcntl
import logging
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

from elsewhere.archives import build, worklist
from elsewhere.archives.archive import ArchiveError
from elsewhere.archives.credentials import credentials
from elsewhere.archives.pace import Stopped
from elsewhere.archives.pull import Places, Report, pull
from elsewhere.archives.quiet import quiet
from elsewhere.design.archive_rows import ArchiveRow
from elsewhere.design.params import ParamsError
from elsewhere.design.pulls import PullRow

log = logging.getLogger(__name__)
RAW = Path("data/raw")
STATE = Path(".elsewhere/pulls")
TERMINATED = 128 + signal.SIGTERM


class Tables(Protocol):
    """The two tables of the settings that a pull uses."""

    @property
    def archives(self) -> Mapping[str, ArchiveRow]:
        """Rows of `archives`."""

    @property
    def pulls(self) -> Mapping[str, PullRow]:
        """Rows of `pulls`."""


class IncompleteError(RuntimeError):
    """Rows of the work list have no complete study; the message says where they are listed."""


def pull_site(params: Tables, site: str) -> None:
    """Fetch the studies of a site's work list.

    SIGTERM ends it in good order with exit status 143; what has arrived stays.

    Raises
    ------
    ParamsError
        If the site has no row in `pulls`.
    ArchiveError, WorklistError, LabelsError, CredentialsError
        If the archive, the work list, label.csv or the environment cannot be used.
    IncompleteError
        If rows have no complete study.
    """
    if site not in params.pulls:
        known = ", ".join(sorted(params.pulls)) or "none"
        raise ParamsError(f"pulls: no row '{site}'; there are {known}")
    row = params.pulls[site]
    archive_row = params.archives[row.archive]
    places = Places(RAW / site, STATE / site, Path(row.worklist))
    given = credentials(row.archive)
    pace = build.pace(archive_row)
    if archive_row.tls != "verified":
        log.warning(
            "archives.%s: tls is '%s': the server's identity is not verified",
            row.archive,
            archive_row.tls,
        )
    with (
        _alone(places.state),
        quiet(),
        _stopping(pace.stop),
        closing(build.archive(archive_row, given, pace=pace)) as archive,
    ):
        try:
            report = pull(row, archive, places, pace=pace, connections=archive_row.connections)
        except Stopped:
            log.info("stopped; `elsewhere pull %s` goes on", site)
            sys.exit(TERMINATED)
        finally:
            pace.stop.set()
    _say(site, report, worklist.beside(places.worklist))


def _say(site: str, report: Report, listed: Path) -> None:
    log.info(
        "%s: %d studies complete, %d series, %d instances verified",
        site,
        report.studies,
        report.series,
        report.instances,
    )
    if report.missing:
        reasons = dict(sorted(Counter(row.reason for row in report.missing).items()))
        raise IncompleteError(f"{len(report.missing)} rows lack a study {reasons}; see {listed}")


@contextmanager
def _stopping(stop: threading.Event) -> Iterator[None]:
    """SIGTERM sets the event; only the main thread can listen."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    """Hold the site's lock; the kernel frees it when the process ends, also after `kill -9`."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ArchiveError(f"{state}: another `elsewhere pull` of this site runs") from None
        yield
