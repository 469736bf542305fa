"""disk: write the files of a federation whole, and readable by their user alone if secret."""

from __future__ import annotations

from pathlib import Path

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
    """
    with whole(path) as part:
        part.touch(mode=mode)
        part.write_bytes(data)
