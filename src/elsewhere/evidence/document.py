"""document: filled checklists as a Word document, for a submission that asks for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from docx import Document
from docx.document import Document as Pages
from docx.enum.section import WD_ORIENT
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.text.paragraph import Paragraph

from elsewhere.evidence import checklist
from elsewhere.evidence.checklist import SUBJECTS
from elsewhere.evidence.fact import Fact
from elsewhere.evidence.finished import Finished
from elsewhere.evidence.page import LINKS, Sheet, href, short
from elsewhere.figures import style
from elsewhere.files import whole

HEADINGS = ("Item", "Asks (paraphrased)", "Status", "What the artefacts say", "Open")
WIDTHS = (Cm(1.6), Cm(5.5), Cm(2.4), Cm(9.0), Cm(5.5))  # on pages on their side
BLUE = RGBColor(0x1F, 0x5F, 0x9E)


def write(
    study: Finished, sheets: Sequence[Sheet], known: Mapping[str, Fact | None], *, path: Path
) -> None:
    """Write the checklists as tables, and after them every statement with links to its files.

    Parameters
    ----------
    sheets, known, path
        As for `page.write_page`.
    """
    pages = _blank()
    pages.add_heading(f"Reporting checklists: {study.results.named.title}", 0)
    if study.results.synthetic:
        pages.add_paragraph().add_run(style.SYNTHETIC).bold = True
    pages.add_paragraph(f"Study {study.name}, after {study.study.citation}.")
    pages.add_paragraph(checklist.PARAPHRASE)
    for sheet in sheets:
        _add_sheet(pages, sheet)
    pages.add_heading("What the artefacts say", 1)
    for name, fact in known.items():
        _add_fact(pages, SUBJECTS[name].title, fact, path)
    with whole(path) as part:
        pages.save(str(part))


def _blank() -> Pages:
    """Return an empty document, its pages on their side."""
    pages = Document()
    section = pages.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = section.page_height, section.page_width
    section.left_margin = section.right_margin = Cm(1.5)
    pages.styles["Normal"].font.size = Pt(9)
    return pages


def _add_sheet(pages: Pages, sheet: Sheet) -> None:
    of, filled = sheet
    pages.add_heading(f"{of.name} {of.year}: {of.about}", 1)
    certain = "" if of.certain else "Not certain. "
    for text in (of.citation, f"Numbering: {certain}{of.numbering}", of.note):
        if text:
            pages.add_paragraph(text)
    counts = checklist.counts(filled)
    pages.add_paragraph("; ".join(f"{status}: {count}" for status, count in counts.items()))
    rows = [
        (
            f"{one.item.id} {one.item.applies or ''}".strip(),
            f"{one.item.topic}. {one.item.asks}",
            one.status,
            "\n".join(f"{SUBJECTS[n].title}: {short(f.text)}" for n, f in one.facts.items()),
            checklist.said(one),
        )
        for one in filled
    ]
    table = pages.add_table(rows=1 + len(rows), cols=len(HEADINGS), style="Table Grid")
    table.autofit = False
    for line, texts in zip(table.rows, (HEADINGS, *rows), strict=True):
        for cell, text, width in zip(line.cells, texts, WIDTHS, strict=True):
            cell.text, cell.width = text, width


def _add_fact(pages: Pages, title: str, fact: Fact | None, path: Path) -> None:
    paragraph = pages.add_paragraph()
    paragraph.add_run(f"{title}. ").bold = True
    paragraph.add_run(fact.text if fact else "No artefact of this study shows it.")
    for file in fact.files[:LINKS] if fact else ():
        _add_link(pages.add_paragraph(style="List Bullet"), file.as_posix(), href(file, path))
    more = len(fact.files) - LINKS if fact else 0
    if more > 0:
        pages.add_paragraph(f"{more} more files, listed in checklist.csv", style="List Bullet")


def _add_link(paragraph: Paragraph, text: str, target: str) -> None:
    """Add a link to a file; the library writes none itself (ECMA-376, w:hyperlink)."""
    related = paragraph.part.relate_to(target, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    link: Any = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), related)
    run = paragraph.add_run(text)
    run.font.color.rgb = BLUE
    run.font.underline = True
    link.append(run._r)
    paragraph._p.append(link)
