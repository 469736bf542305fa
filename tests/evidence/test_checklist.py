"""Checklists are data with sources; items are filled from facts or left open."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from elsewhere.cli import app
from elsewhere.evidence import checklist
from elsewhere.evidence.checklist import SUBJECTS, Item
from elsewhere.evidence.fact import Fact

# main items; of TRIPOD+AI, STARD-AI and PROBAST+AI (16 and 18 questions) their abstracts say it
MAIN = {"tripod_ai": 27, "claim_2024": 44, "stard_ai": 40}


@pytest.fixture(params=checklist.NAMES)
def listed(request):
    return checklist.read(request.param)


@pytest.mark.parametrize(("name", "count"), MAIN.items())
def test_main_items_are_numbered_from_one_without_a_gap(name, count):
    numbers = [int(re.match(r"\d+", item.id)[0]) for item in checklist.read(name).items]
    assert [*dict.fromkeys(numbers)] == [*range(1, count + 1)]


def test_probast_has_its_questions_on_development_and_evaluation():
    applies = [item.applies for item in checklist.read("probast_ai").items]
    assert (applies.count("D"), applies.count("E")) == (16, 18)


def test_ids_are_unique_and_subjects_exist(listed):
    ids = [item.id for item in listed.items]
    assert len(ids) == len({*ids})
    assert {name for item in listed.items for name in item.evidence} <= {*SUBJECTS}


def test_sources_are_cited_and_doubt_is_said(listed):
    assert re.search(r"doi:10\.\d{4}", listed.citation)
    assert "could not open" in listed.numbering
    assert listed.certain or "check them before" in listed.numbering


def test_an_item_without_evidence_says_what_to_ask_for(listed):
    assert all(item.lacks for item in listed.items if not item.evidence)


def test_every_subject_is_asked_for_by_some_item():
    asked = {n for name in checklist.NAMES for i in checklist.read(name).items for n in i.evidence}
    assert {*SUBJECTS} - asked == {"cost"}


def item(evidence, lacks):
    return Item(id=1, section="s", topic="t", asks="a", evidence=evidence, lacks=lacks)


@pytest.mark.parametrize(
    ("evidence", "lacks", "status", "said"),
    [
        (("code",), "", "evidenced", ""),
        (("code",), "terms", "in part", "ask the authors: terms"),
        (("code", "roc"), "", "in part", "ask the authors: ROC curves"),
        (("code", "roc"), "terms", "in part", "ask the authors: terms; ROC curves"),
        (("keyless",), "", "in part", "ask the authors: whose images these are"),
        (("roc",), "", "not evidenced", "not evidenced: ask the authors (ROC curves)"),
        ((), "funding", "not evidenced", "not evidenced: ask the authors (funding)"),
    ],
)
def test_the_status_follows_from_what_is_known(evidence, lacks, status, said, tmp_path):
    keyless = Fact("here", (tmp_path,), lacks="whose images these are")
    known = {"code": Fact("here", (tmp_path,)), "keyless": keyless, "roc": None}
    filled = checklist._fill(item(evidence, lacks), known)
    assert filled.status == status
    assert checklist.said(filled) == said
    assert [*filled.facts.values()] == [known[n] for n in evidence if known[n]]


def test_no_item_is_lost_and_counts_add_up(sheets):
    for of, filled in sheets:
        assert [one.item for one in filled] == [*of.items]
        assert sum(checklist.counts(filled).values()) == len(of.items)


def test_what_no_file_can_show_stays_open(sheets):
    by_id = {(of.name, one.item.id): one for of, filled in sheets for one in filled}
    for key in (("TRIPOD+AI", "18a"), ("TRIPOD+AI", "17"), ("CLAIM", "44"), ("STARD-AI", "6")):
        assert by_id[key].status == "not evidenced"
        assert not by_id[key].facts


def test_the_command_writes_three_files(project):
    done = CliRunner().invoke(app, ["checklist", "nguyen2021"], catch_exceptions=False)
    assert done.exit_code == 0
    written = {path.name for path in Path("results/nguyen2021/checklist").iterdir()}
    assert written == {"checklist.html", "checklist.csv", "checklist.docx"}
    assert done.output.count(" not evidenced") == len(checklist.NAMES)
