"""An answer survives its JSON, which names no file."""

import json
from dataclasses import replace

import pytest

from elsewhere.answers.answer import Answer, Number, Unused, Worth

UNUSED = Unused(1, 1, True, "unreadable", "d", "s", "r", path="John Doe/ct.nii")


def place(site, area, output=""):
    number = Number(area, area, area) if area is not None else Number(None, None, None, "why")
    return Worth(site, site, False, output, 9, 4, 9, 4, number, number, number, 0.95)


def test_json_gives_the_answer_back(asked):
    assert Answer.from_json(asked.answer.to_json()) == replace(
        asked.answer, unused=tuple(replace(one, path="") for one in asked.answer.unused)
    )


def test_paths_stay_in_memory(asked):
    text = replace(asked.answer, unused=(UNUSED,)).to_json()
    assert "Doe" not in text
    assert json.loads(text)["unused"][0]["reason"] == "unreadable"


def test_what_is_no_answer_is_refused():
    with pytest.raises(ValueError, match="study"):
        Answer.from_json("{}")


def test_the_worst_site_has_the_lowest_area_that_is_known(asked):
    worth = (place("a", 0.9), place("b", 0.4), place("c", None), place("d", 0.1, "other"))
    answer = replace(asked.answer, worth=worth)
    assert answer.worst("").site == "b"
    assert answer.worst("other").site == "d"
    assert answer.worst("none") is None
    assert answer.at("c", "").auc.reason == "why"
    assert answer.at("z", "") is None


def test_a_scan_with_a_failed_check_says_why(asked):
    scan = asked.answer.scans[0]
    failed = replace(scan.checks[0], passed=False, sentence="because")
    refused = replace(scan, checks=(failed, *scan.checks[1:]), outputs=())
    assert (refused.answered, refused.refusals) == (False, ("because",))
    assert (scan.answered, scan.refusals) == (True, ())
