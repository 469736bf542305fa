"""workbook: write a table as .xlsx with reproducible bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from openpyxl import Workbook

LONG_AGO = (1980, 1, 1, 0, 0, 0)


def write(path: Path, rows: Iterable[Sequence[object]], *, sheet: str) -> None:
    """Write rows; the first row is the header.

    openpyxl writes the current time into the archive and its properties; here both are fixed.
    """
    book = Workbook()
    book.properties.creator = "synthetic"
    book.properties.created = datetime(*LONG_AGO)
    page = book.active
    page.title = sheet
    for row in rows:
        page.append(list(row))
    buffer = io.BytesIO()
    book.save(buffer)
    stamp = book.properties.modified.strftime("%Y-%m-%dT%H:%M:%SZ")
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(path, "w") as target:
        for item in source.infolist():
            content = source.read(item)
            if item.filename == "docProps/core.xml":
                content = content.replace(stamp.encode(), b"1980-01-01T00:00:00Z")
            entry = zipfile.ZipInfo(item.filename, LONG_AGO)
            target.writestr(entry, content, zipfile.ZIP_DEFLATED)
