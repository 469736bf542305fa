"""resumption: what a stopped intake has read of a scan, and whether it still is of these files.

What is kept holds no raw name: files and alternatives are numbers in the scan that the layout finds
again.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from elsewhere.sites.account import units
from elsewhere.sites.layout import Scan
from elsewhere.sites.rows import Rows, day


@dataclass(frozen=True)
class Kept:
    """What was read of a scan.

    Attributes
    ----------
    chosen
        Position of the alternative that was taken; 0 is the scan itself.
    rejected
        Reason and detail of each alternative before it.
    dropped
        Files of which nothing is in the volume, by position among the scan's, and the reason.
    row, profile
        Rows of the manifest and of profile.parquet.
    """

    chosen: int
    rejected: Sequence[tuple[str, str]]
    dropped: Sequence[tuple[int, str]]
    row: dict[str, Any]
    profile: dict[str, Any]


def key(first: Scan, rows: Rows, names: Mapping[str, int]) -> str:
    """Return what identifies all that a scan's rows and volume are made from, by a keyed hash.

    A file is identified by its size and the times of its last changes, in ns: reading its content
    to know whether it must be read would take as long.

    Parameters
    ----------
    first
        The scan, with its alternatives.
    rows
        What other scans of the patient have to say, and the keys.
    names
        How many scans have each name.
    """
    about = []
    for scan in (first, *first.instead):
        # headers of slices come from the files
        alone = replace(scan, instead=(), source=replace(scan.source, slices=()))
        patient = scan.patient or ""
        others = (
            names[scan.name] > 1,
            rows.first_days.get(patient) if day(scan.date) is not None else None,
            sorted(rows.doubts.get(patient, ())),
        )
        files = [(str(path), frame, *_state(path)) for path, frame in sorted(units(scan))]
        about.append((repr(alone), others, files, [_state(path) for path in scan.source.files]))
    return f"{rows.keys.scan(first.name)} {rows.keys.input(repr(about))}"


def files(scan: Scan) -> list[Path]:
    """Return the files of a scan in a fixed order."""
    return sorted({*scan.source.files, *(path for path, _ in units(scan))})


def _state(path: Path) -> tuple[int, ...]:
    try:
        status = os.stat(path)
    except OSError:  # reading it will say why
        return ()
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
