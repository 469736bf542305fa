"""build: makes the archive that a row of `archives` describes."""

from __future__ import annotations

from elsewhere.archives.archive import Archive
from elsewhere.archives.credentials import Credentials
from elsewhere.archives.pace import Pace
from elsewhere.design import kinds
from elsewhere.design.archive_rows import ArchiveRow


def archive(row: ArchiveRow, credentials: Credentials, *, pace: Pace) -> Archive:
    """Return the archive of a row of `archives`; nothing is asked yet.

    Raises
    ------
    KindError
        If there is no protocol of this kind.
    """
    chosen = kinds.implementation("archives", row.kind, Archive)  # type: ignore[type-abstract]
    return chosen(row, credentials, pace=pace)


def pace(row: ArchiveRow) -> Pace:
    """Return the clock of a row."""
    return Pace(row.rate, row.backoff_seconds, row.backoff_most_seconds, row.attempts)
