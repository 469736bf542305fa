"""table_size: refuse tables of an absurd size before they are read into memory."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from pathlib import Path

from elsewhere.sites.layout import LayoutError

# the largest that is published, of 377,110 radiographs, has 60 MB; rows of text take ten times more
MOST_MB = 256
_MB = 10**6
_CHUNK = 1 << 20


def check(path: Path, *, most_mb: int = MOST_MB) -> None:
    """Refuse a table that has more than `most_mb` MB of text, packed or not.

    Parameters
    ----------
    path
        A file of text, the same with gzip (``.gz``), or an Excel workbook (``.xlsx``).
    most_mb
        10^6 bytes.

    Raises
    ------
    LayoutError
        Naming the file and its size. A damaged file is left to its reader.
    """
    most = most_mb * _MB
    try:
        size = _size(path, most)
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile):
        return
    if size > most:
        raise LayoutError(
            f"{path}: holds {size // _MB} MB of text or more, a table has at most {most_mb}; "
            "is it the right file?"
        )


def _size(path: Path, most: int) -> int:
    """Return the bytes of a table, unpacked; of a gzipped one no more than it takes to refuse."""
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as archive:
            # zipfile reads no more of a member than its entry claims
            return sum(member.file_size for member in archive.infolist())
    if path.suffix != ".gz":
        return path.stat().st_size
    found = 0
    with gzip.open(path) as content:
        while found <= most and (piece := content.read(_CHUNK)):
            found += len(piece)
    return found
