"""registry: the protocols by name; only the one that is used is imported."""

from __future__ import annotations

import importlib
from typing import cast

from elsewhere.archives.archive import Archive
from elsewhere.archives.credentials import Credentials
from elsewhere.archives.pace import Pace
from elsewhere.design.pulls import ArchiveRow

ARCHIVES = {
    "dicomweb": "elsewhere.archives.dicomweb:Dicomweb",
    "dimse": "elsewhere.archives.dimse:Dimse",
}


def archive(row: ArchiveRow, credentials: Credentials, *, pace: Pace) -> Archive:
    """Return the archive of a row of `archives`; nothing is asked yet."""
    module, _, name = ARCHIVES[row.kind].partition(":")
    made = getattr(importlib.import_module(module), name)
    return cast(Archive, made(row, credentials, pace=pace))


def pace(row: ArchiveRow) -> Pace:
    """Return the clock of a row."""
    rate = row.requests_per_second if row.kind == "dicomweb" else row.instances_per_second
    return Pace(rate, row.backoff_seconds, row.backoff_most_seconds, row.attempts)
