"""The document is read back with the library's reader: items, statements, links."""

import contextlib

import docx
import pytest
from docx.opc.constants import RELATIONSHIP_TYPE

from elsewhere.evidence import checklist, document
from elsewhere.evidence.page import LINKS
from elsewhere.figures import style


@pytest.fixture(scope="module")
def written(finished, sheets, told, top):
    made = finished.home / "checklist/checklist.docx"
    with contextlib.chdir(top):
        document.write(finished, sheets, told, path=made)
    return made


@pytest.fixture
def path(written, project):
    return written


def test_every_item_has_its_row(path, sheets):
    tables = docx.Document(str(path)).tables
    assert len(tables) == len(sheets)
    for table, (_, filled) in zip(tables, sheets, strict=True):
        cells = [cell.text for cell in table._cells]
        rows = [cells[at : at + 5] for at in range(0, len(cells), 5)][1:]
        assert [row[2] for row in rows] == [one.status for one in filled]
        assert [row[4] for row in rows] == [checklist.said(one) for one in filled]


def test_synthetic_data_paraphrase_and_doubt_are_said(path):
    text = "\n".join(paragraph.text for paragraph in docx.Document(str(path)).paragraphs)
    assert style.SYNTHETIC in text
    assert checklist.PARAPHRASE in text
    assert text.count("Numbering: Not certain.") == 2


def test_links_are_relative_and_lead_to_files(path, known):
    related = docx.Document(str(path)).part.rels.values()
    links = [one.target_ref for one in related if one.reltype == RELATIONSHIP_TYPE.HYPERLINK]
    assert all((path.parent / link).exists() for link in links)
    stated = [fact for fact in known.values() if fact]
    shown = {file for fact in stated for file in fact.files[:LINKS]}
    assert len({*links}) == len(shown)
