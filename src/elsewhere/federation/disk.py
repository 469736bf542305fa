"""disk: write the files of a federation whole, and readable by their user alone if secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from elsewhere.files import whole

SECRET = 0o600


def write(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write bytes, whole or not at all.

    Parameters
    ----------
    path
        The file.
    data
        Its content.
    mode
        Its permissions; `SECRET`: its user alone.

    Raises
    ------
    OSError
        If it cannot be written, for instance on a full disk; the error names the file.
    """
    with whole(path) as part:
        part.touch(mode=mode)
        try:
            part.write_bytes(data)
        except OSError as error:  # a full disk names none
            raise OSError(error.errno, error.strerror, str(path)) from error


def readable(values: Any) -> bytes:
    """Return values as JSON that a person can read; equal values give equal bytes.

    Raises
    ------
    ValueError
        If a number is not finite.
    """
    text = json.dumps(values, indent=1, sort_keys=True, allow_nan=False)
    return f"{text}\n".encode()


def keep_out_of_git(folder: Path) -> None:
    """Hide a folder with keys from git: it may lie in the project, where `git add` would take it.

    Parameters
    ----------
    folder
        The folder of a federation; receives ``.gitignore``.
    """
    write(folder / ".gitignore", b"*\n")
