from dataclasses import replace

import pytest

from elsewhere.answers.answer import Answer, Number, ScanAnswer, Similar, Wanted, Worth
from elsewhere.answers.files import READ
from elsewhere.design.serving import ServeRow
from elsewhere.pages import shown_answer
from elsewhere.pages.questions import Question

NONE = Number(None, None, None, "all scans are positive")


def worth(**changed):
    numbers = dict.fromkeys(("auc", "sensitivity", "specificity"), NONE)
    counted = {"n_patients": 1200, "n_positive_patients": 30, "n_scans": 1500, "n_positive": 40}
    about = {"site": "a", "title": "A", "trained_on": False, "output": "", "confidence": 0.95}
    return Worth(**{**about, **counted, **numbers, **changed})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("the form is damaged; send it again", "The form is damaged; send it again."),
        ("Already one.", "Already one."),
        ("", "."),
    ],
)
def test_what_is_said_to_a_person_is_a_sentence(text, said):
    assert shown_answer.sentence(text) == said


def test_no_number_stands_without_its_interval():
    assert shown_answer.of_number(Number(0.8, 0.7, 0.9)).split() == ["0.80", "(0.70", "to", "0.90)"]
    assert shown_answer.of_number(NONE) == "none (all scans are positive)"
    assert "0.8" not in shown_answer.of_number(Number(0.8, None, None, "one patient"))
    assert "one patient" in shown_answer.of_number(Number(0.8, None, None, "one patient"))


def test_patients_are_counted_before_scans():
    assert shown_answer.tested(worth()) == "1,200 patients, 30 positive; 1,500 scans, 40 positive"
    unknown = worth(n_patients=None, n_positive_patients=None)
    assert shown_answer.tested(unknown) == "1,500 scans, 40 positive; patients unknown"


@pytest.mark.parametrize(
    ("shape", "spacing", "said"),
    [
        ((40, 512, 256), (5.0, 0.75, 0.5), "40 slices of 512 × 256, 5.00 × 0.75 × 0.50 mm"),
        ((1, 64, 64), (None, None, None), "one image of 64 × 64, unknown spacing"),
    ],
)
def test_the_size_of_a_scan_is_said(shape, spacing, said):
    scan = ScanAnswer(1, "HU", shape, spacing, False, "", ())
    assert shown_answer.geometry(scan) == said


def test_progress_says_who_is_first_and_what_is_done(tmp_path):
    question = Question(Wanted("s", "a"), tmp_path, ServeRow())
    question.work.mkdir()
    assert "2 questions are" in shown_answer.progress(question, 2)
    assert "1 question is" in shown_answer.progress(question, 1)
    question.state = "running"
    before = shown_answer.progress(question, 0)
    (question.work / READ).write_text("{}")
    assert shown_answer.progress(question, 0) != before


def an_answer(**sites):
    numbers = {site: Number(auc, auc - 0.1, auc + 0.1) for site, auc in sites.items()}
    return Answer(
        **dict.fromkeys(("study", "study_title", "arm", "arm_title", "scale"), ""),
        trained_on=(),
        classes=(),
        exclusive=False,
        synthetic=True,
        site=None,
        worth=tuple(worth(site=site, auc=auc) for site, auc in numbers.items()),
        scans=(),
        unused=(),
        files=1,
        files_used=1,
        seconds=1.0,
    )


@pytest.mark.parametrize(
    ("sites", "said"),
    [
        ({"a": 0.9, "b": 0.7}, {"most similar": "a", "lowest AUC": "b"}),
        ({"a": 0.6, "b": 0.7}, {"most similar, and lowest AUC": "a"}),
    ],
)
def test_the_most_similar_site_stands_beside_the_worst(sites, said):
    scan = ScanAnswer(1, "HU", (1, 2, 2), (1, 1, 1), False, "", ())
    scan = replace(scan, similar=(Similar("a", "A", 3, 5), Similar("b", "B", 2, 5)))
    held = shown_answer.held_to(an_answer(**sites), scan, "")
    assert {place: found.site for place, found in held.items()} == said
    alone = shown_answer.held_to(an_answer(**sites), replace(scan, similar=()), "")
    assert [found.site for found in alone.values()] == [min(sites, key=sites.get)]
