"""build: create the archive that a row of `archives` describes."""

from __future__ import annotations

from elsewhere.archives.archive import Archive
from elsewhere.archives.credentials import Credentials
from elsewhere.archives.pace import Pace
from elsewhere.design import kinds
from elsewhere.design.archive_rows import ArchiveRow


def archive(row: ArchiveRow, credentials: Credentials, *, pace: Pace) -> Archive:
    """Return the archive of a row of `archives`; no request is sent yet.

    Raises
    ------
    KindError
        If there is no archive of this kind.
    """
    archive_class = kinds.implementation("archives", row.kind, Archive)  # type: ignore[type-abstract]
    return archive_class(row, credentials, pace=pace)


def pace(row: ArchiveRow) -> Pace:
    """Return the request rate and the retries of a row of `archives`."""
    return Pace(row.rate, row.backoff_seconds, row.backoff_most_seconds, row.attempts)
