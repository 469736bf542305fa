"""checklist: writes reporting checklists of a finished study, filled from its artefacts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from elsewhere.design.params import Settings
from elsewhere.evidence import checklist, document, finished, page

FOLDER = "checklist"


def write(values: Settings, study: str) -> Iterator[str]:
    """Write checklist.html, .csv and .docx; yield a line for each checklist and each file.

    Raises
    ------
    ParamsError
        If there is no such study.
    UnfinishedError
        If it has not been run.
    """
    read = finished.read(values, study)
    known = checklist.facts(read)
    lists = [checklist.read(name) for name in checklist.NAMES]
    sheets = [(one, checklist.fill(one, known)) for one in lists]
    folder = read.home / FOLDER
    page.write_page(read, sheets, known, path=folder / "checklist.html")
    page.write_table(sheets, folder / "checklist.csv")
    document.write(read, sheets, known, path=folder / "checklist.docx")
    for one, filled in sheets:
        counts = ", ".join(f"{n} {status}" for status, n in checklist.counts(filled).items())
        yield f"{one.name} {one.year}: {counts}"
    yield from (str(Path(folder / f"checklist{end}")) for end in (".html", ".csv", ".docx"))
