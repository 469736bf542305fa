"""page: filled checklists as a page for a browser and as a table for a spreadsheet."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from elsewhere.evidence import checklist
from elsewhere.evidence.checklist import SUBJECTS, Checklist, Filled
from elsewhere.evidence.fact import Fact
from elsewhere.evidence.finished import Finished
from elsewhere.figures import style
from elsewhere.files import whole, write_rows

TEMPLATE = "checklist.html.j2"
SHORT, LINKS = 180, 3
COLUMNS = (
    *("checklist", "item", "applies", "section", "topic", "asks", "status", "evidence", "files"),
    *("ask_the_authors", "wording", "numbering"),
)
Sheet = tuple[Checklist, list[Filled]]


def write_page(
    study: Finished, sheets: Sequence[Sheet], known: Mapping[str, Fact | None], *, path: Path
) -> None:
    """Write one page without network access, whose links lead to the artefacts.

    Parameters
    ----------
    sheets
        Checklists with their filled items.
    known
        As from `checklist.facts`.
    path
        Of the page: links are relative to it.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    text = environment.get_template(TEMPLATE).render(
        study=study,
        synthetic=style.SYNTHETIC if study.results.synthetic else "",
        report=href(study.report, path),
        paraphrase=checklist.PARAPHRASE,
        statuses=checklist.STATUSES,
        sheets=[_sheet(sheet, path) for sheet in sheets],
        facts=[_fact(name, fact, path) for name, fact in known.items()],
    )
    with whole(path) as part:
        part.write_text(text, encoding="utf-8")


def write_table(sheets: Sequence[Sheet], path: Path) -> None:
    """Write a row for each item, with the whole text; files are relative to the project."""
    rows = [_row(of, one) for of, filled in sheets for one in filled]
    write_rows(rows, path, columns=COLUMNS)


def href(target: Path, page: Path) -> str:
    """Return the link from a page to a file, relative and with forward slashes."""
    return Path(os.path.relpath(target, page.parent)).as_posix()


def short(text: str) -> str:
    """Return the beginning of a statement, as much as fits into a table."""
    return textwrap.shorten(text, SHORT, placeholder=" …")


def _row(of: Checklist, one: Filled) -> dict[str, str]:
    facts = one.facts.values()
    return {
        **{"checklist": f"{of.name} {of.year}", "item": one.item.id},
        **{"applies": one.item.applies or "", "section": one.item.section},
        **{"topic": one.item.topic, "asks": one.item.asks, "status": one.status},
        "evidence": " ".join(fact.text for fact in facts),
        "files": " ".join(dict.fromkeys(f.as_posix() for fact in facts for f in fact.files)),
        "ask_the_authors": checklist.said(one),
        "wording": "paraphrased",
        "numbering": "read in a copy" if of.certain else "not certain: check the publication",
    }


def _sheet(sheet: Sheet, page: Path) -> dict[str, Any]:
    of, filled = sheet
    items = [
        {
            "of": one.item,
            "status": one.status,
            "ask": checklist.said(one),
            "facts": [_brief(name, fact, page) for name, fact in one.facts.items()],
        }
        for one in filled
    ]
    return {"of": of, "items": items, "counts": checklist.counts(filled)}


def _brief(name: str, fact: Fact, page: Path) -> dict[str, str]:
    """Return the beginning of a statement, with a link to the first file that says it."""
    first = fact.files[0]
    about = {"name": name, "title": SUBJECTS[name].title, "text": short(fact.text)}
    return {**about, "href": href(first, page), "file": first.name}


def _fact(name: str, fact: Fact | None, page: Path) -> dict[str, Any]:
    files = () if fact is None else fact.files
    links = [{"href": href(path, page), "name": path.as_posix()} for path in files]
    return {
        **{"name": name, "title": SUBJECTS[name].title, "text": fact.text if fact else ""},
        **{"links": links[:LINKS], "more": links[LINKS:]},
    }
