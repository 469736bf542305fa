"""Tests that use the small finished project stay on one worker, which makes it once."""

import pytest
from small_project import GROUP


def pytest_itemcollected(item):
    """Keep what shares the project together."""
    if {"finished", "asked"} & set(getattr(item, "fixturenames", ())):
        item.add_marker(pytest.mark.xdist_group(GROUP))


@pytest.fixture
def question(finished, monkeypatch):
    """The arm of the small project, in its folder."""
    from small_project import ASKED_ARM, STUDY

    from elsewhere.answers.answer import Wanted
    from elsewhere.answers.question import Question
    from elsewhere.design.params import load

    monkeypatch.chdir(finished)
    return Question(load(), Wanted(STUDY, ASKED_ARM))
