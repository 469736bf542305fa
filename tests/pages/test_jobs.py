"""jobs: the page says what the survey found, in words that are safe, and refreshes itself."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from elsewhere.design.graph import stages
from elsewhere.design.params import load
from elsewhere.drivers import logs
from elsewhere.pages.app import application
from elsewhere.pages.guard import Entrance

HOST = "http://127.0.0.1:8321"
FAILED = "train--nguyen2021--utsw--0-0"
SENTENCE = "ValueError: <b>site utsw</b>: there is one class only"


@pytest.fixture
def unfinished(checkout: Path, tmp_path: Path) -> Iterator[TestClient]:
    """A client of a project in which one job failed and none was ever done."""
    graph = stages(load())
    log = logs.path(graph[FAILED])
    log.parent.mkdir(parents=True)
    log.write_text(f"elsewhere: {SENTENCE}\n")
    entrance = Entrance()
    with TestClient(application(checkout, entrance=entrance, scratch=tmp_path), HOST) as opened:
        opened.get("/enter", params={"token": entrance.token()})
        yield opened


def test_a_failed_job_is_shown_with_its_sentence_and_its_log(unfinished: TestClient) -> None:
    page = unfinished.get("/jobs").text
    assert '<th scope="row">train nguyen2021 utsw 0-0</th>' in page
    assert SENTENCE.replace("<", "&lt;").replace(">", "&gt;") in page
    assert "<code>logs/train/nguyen2021/utsw/0-0.log</code>" in page
    total = len(stages(load()))
    assert f"0 of {total} done, 1 failed, {total - 1} waiting" in " ".join(page.split())
    assert "Neither <code>snakemake</code> nor <code>dvc repro</code> runs" in page


def test_the_counts_of_all_steps_and_studies_are_of_all_stages(unfinished: TestClient) -> None:
    table = unfinished.get("/jobs").text.partition("<h2>By step</h2>")[2]
    of_all = [int(one) for one in re.findall(r"\b\d+ of (\d+)", table)]
    assert sum(of_all) == len(stages(load()))
    assert sum(map(int, re.findall(r"(\d+) waiting", table))) == len(stages(load())) - 1


def test_it_comes_again_by_itself_unless_it_is_held_still(unfinished: TestClient) -> None:
    answer = unfinished.get("/jobs")
    assert int(answer.headers["refresh"]) <= 30
    assert "<script" not in answer.text
    held = unfinished.get("/jobs?still=1")
    assert "refresh" not in held.headers
    assert 'href="/jobs"' in held.text


def test_settings_that_cannot_be_used_are_said(unfinished: TestClient) -> None:
    Path("params.yaml").write_text("scale: [")
    page = unfinished.get("/jobs").text
    assert "The settings cannot be used" in page
    assert "By step" not in page
