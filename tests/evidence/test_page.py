"""The page and the table show every item; links lead to files."""

import contextlib
import csv
import re
from html.parser import HTMLParser

import pytest

from elsewhere.evidence import page
from elsewhere.evidence.checklist import PARAPHRASE
from elsewhere.files import unescaped


class Read(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.links, self.ids, self.words = [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.links += [found["href"]] if tag == "a" else []
        self.ids.add(found.get("id"))

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def written(finished, sheets, told, top):
    made = finished.home / "checklist/checklist.html"
    with contextlib.chdir(top):
        page.write_page(finished, sheets, told, path=made)
    return made


@pytest.fixture
def path(written, project):
    return written


def test_links_lead_to_files_or_places(path):
    read = Read(path.read_text(encoding="utf-8"))
    for link in read.links:
        if link.startswith("#"):
            assert link[1:] in read.ids
        else:
            assert (path.parent / link).exists(), link


def test_every_item_is_there_and_what_is_open_says_so(path, sheets):
    text = " ".join("".join(Read(path.read_text(encoding="utf-8")).words).split())
    assert PARAPHRASE in text
    assert "SYNTHETIC DATA" in text
    assert text.count("not certain.") == sum(not of.certain for of, _ in sheets)
    for _, filled in sheets:
        for one in filled:
            assert f"{one.item.topic}. {one.item.asks}" in text
    items = sum(one.status == "not evidenced" for _, filled in sheets for one in filled)
    assert text.count("not evidenced: ask the authors") == items


def test_nothing_is_loaded_from_a_network(path):
    assert not re.search(r'(src|href)="https?:', path.read_text(encoding="utf-8"))


def test_the_table_has_a_row_for_each_item_with_the_whole_text(sheets, tmp_path):
    page.write_table(sheets, tmp_path / "checklist.csv")
    with (tmp_path / "checklist.csv").open(encoding="utf-8", newline="") as stream:
        rows = [{k: unescaped(v) for k, v in row.items()} for row in csv.DictReader(stream)]
    every = [(of, one) for of, filled in sheets for one in filled]
    assert len(rows) == len(every)
    for row, (of, one) in zip(rows, every, strict=True):
        assert row["item"] == one.item.id
        assert row["evidence"] == " ".join(fact.text for fact in one.facts.values())
        assert row["wording"] == "paraphrased"
        assert row["numbering"].startswith("not certain") != of.certain
        assert bool(row["files"]) == bool(one.facts)


def test_a_long_text_is_cut_between_words():
    cut = page.short("word " * 100)
    assert len(cut) <= page.SHORT
    assert cut.endswith("word …")
