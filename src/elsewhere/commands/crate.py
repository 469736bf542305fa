"""crate: exports a finished study as an RO-Crate, without images and without keys of patients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from elsewhere.design.params import Settings
from elsewhere.evidence import crate, finished


def write(values: Settings, study: str, out: Path) -> Iterator[str]:
    """Write the crate; yield what is in it, and what is not and why.

    Raises
    ------
    ParamsError
        If there is no such study.
    UnfinishedError
        If it has not been run.
    FileExistsError
        If there is something at `out`.
    """
    shared = crate.write(finished.read(values, study), out)
    yield f"{out}: {len(shared.paths)} files"
    yield from (f"left out: {file}, {reason}" for file, reason in shared.left_out.items())
