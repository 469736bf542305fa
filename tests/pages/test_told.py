"""told: what is taken from a report is what the report was given."""

import contextlib

import pytest

from elsewhere.design import params as tables
from elsewhere.design.graph import stages
from elsewhere.evidence.figure_job import given_of
from elsewhere.figures import opening, report
from elsewhere.pages import told


@pytest.fixture(scope="module")
def expected(project):
    """The first page of the report, computed as the step `figure` does."""
    with contextlib.chdir(project):
        params = tables.load()
        given = given_of(stages(params)["figure--nguyen2021"], params)
        notices = report.noticed(given, [("matrix", "matrix")])
        return opening.page(given, notices), notices


def test_a_report_is_read_as_it_was_written(project, expected):
    found = told.read(project / "results/nguyen2021/report.html")
    page, notices = expected
    assert found.question == page["question"]
    assert found.answer == [(i["number"], i["interval"], i["words"]) for i in page["answer"]]
    assert [f"{kind}: {said}" for kind, said in found.marks] == page["marks"]
    assert found.attention == [notice["text"] for notice in notices]
    assert page["basis"].tested in found.basis
    assert len(found.answer) >= 3


@pytest.mark.parametrize("text", [None, "", "<p>no report</p>", "<section id='summary'><p>"])
def test_what_is_no_report_says_nothing(tmp_path, text):
    path = tmp_path / "report.html"
    if text is not None:
        path.write_text(text)
    assert told.read(path) is None


def test_texts_are_never_markup(tmp_path):
    path = tmp_path / "report.html"
    path.write_text(
        '<section id="summary"><p class="question">a &lt;script&gt; &amp; b</p></section>'
    )
    assert told.read(path).question == "a <script> & b"
