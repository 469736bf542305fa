from __future__ import annotations

import base64
import csv
import dataclasses
import html
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from elsewhere.design.job import Job
from elsewhere.figures import style
from elsewhere.steps.figure import Settings, run

VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """Tags, links and text of a page; refuses tags that do not match."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []
        self.ids: set[str] = set()
        self.tags: list[str] = []
        self.words: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "img":
            assert found["alt"]
        self.links += [found["href"]] if tag == "a" else []
        self.sources += [found[name] for name in ("src", "srcset", "data") if name in found]
        self.ids.add(found.get("id", ""))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())

    @property
    def text(self) -> str:
        return " ".join(word for word in self.words if word)


@pytest.fixture(scope="module")
def page(drawn: Job) -> Page:
    return Page(drawn.outputs["report"])


@pytest.fixture(scope="module")
def page_absent(drawn_absent: Job) -> Page:
    return Page(drawn_absent.outputs["report"])


def test_nothing_is_loaded_from_elsewhere(page: Page, drawn: Job) -> None:
    assert not {"script", "link", "iframe", "object"} & set(page.tags)
    assert page.sources
    assert all(source.startswith("data:image/") for source in page.sources)
    text = drawn.outputs["report"].read_text()
    assert "http://" not in text
    assert "https://" not in text
    assert "@import" not in text
    assert "url(" not in text


def test_every_link_leads_to_a_file_or_a_place_on_the_page(
    page: Page, page_absent: Page, drawn: Job, drawn_absent: Job
) -> None:
    for found, job in ((page, drawn), (page_absent, drawn_absent)):
        home = job.outputs["report"].parent
        for link in found.links:
            if link.startswith("#"):
                assert link[1:] in found.ids
            else:
                assert not link.startswith("/")
                assert (home / link).is_file(), link


def test_the_banner_is_there_if_and_only_if_a_site_is_synthetic(
    page: Page, page_absent: Page
) -> None:
    assert style.SYNTHETIC in page.text
    assert "synthetic" not in page_absent.text.lower()


def test_every_figure_is_inside(page: Page, drawn: Job) -> None:
    drawings = {
        path.read_bytes()
        for path in drawn.outputs["figures"].iterdir()
        if path.suffix in (".svg", ".png")
    }
    inside = {base64.b64decode(source.partition(",")[2]) for source in page.sources}
    assert inside <= drawings
    assert len(inside) == len(list(drawn.outputs["figures"].glob("*.png")))


def test_the_table_repeats_the_heat_map(page: Page, drawn: Job) -> None:
    for path in map(drawn.paths("metrics").get, drawn.paths("predictions")):
        pooled = json.loads(path.read_text())["pooled"]
        if pooled["auc"] is not None:
            low, high = pooled["auc_low"], pooled["auc_high"]
            assert f"{pooled['auc']:.2f} ({low:.2f}–{high:.2f})" in page.text
    assert page.text.count("undefined: one class") == 3
    assert "AUC undefined: all 171 test scans are positive" in page.text
    assert "<b>0.00</b>" not in drawn.outputs["report"].read_text()
    assert " nan" not in page.text.lower()
    assert "None" not in page.text


def test_image_level_split_is_flagged(page_absent: Page) -> None:
    assert "image-level split: no patient keys published" in page_absent.text
    assert "image-level: this site publishes no patient key" in page_absent.text


def test_what_was_not_used_is_counted_by_reason(page: Page) -> None:
    assert "UTSW rejected gap 2" in page.text
    assert "UTSW rejected no_label 1" in page.text
    assert "UTSW set aside table 1" in page.text


def test_the_audit_is_told_with_its_flags_and_its_files(page: Page) -> None:
    assert "audit" in page.ids
    assert "one class: the site alone gives the label" in page.text
    assert "3 identical and 17 nearly identical pairs" in page.text
    assert "one class: 1 is the label of all" in page.text
    for name in ("audit/audit.json", "audit/pairs.csv", "figures/confounding.csv"):
        assert any(link.endswith(name) for link in page.links), name


def test_the_headline_has_its_interval_and_what_it_rests_on(page: Page, drawn: Job) -> None:
    text = drawn.outputs["report"].read_text()
    shown = re.findall(r"<li><strong>(\d\.\d\d)</strong><b>(\d\.\d\d) to (\d\.\d\d)</b>", text)
    assert len(shown) >= 3
    assert all(low <= number <= high for number, low, high in shown)
    assert "These numbers rest on UTSW: 34 patients, 68 scans, 29% positive" in page.text
    assert "Worst shortcut of the audit" in page.text


def test_titles_of_any_letters_are_shown_as_text(
    study_of: Callable[..., tuple[Job, Settings]], tmp_path: Path
) -> None:
    """They are a user's: no formula of a spreadsheet or of mathematics, no tag of a page."""
    titles = ('=HYPERLINK("x","y")', "$A_{", "<script>alert(1)</script>", "@x $b$ 50 % {}")
    job, settings = study_of(tmp_path, arms=("utsw", "covid-ctset"))
    sites = {
        row: site.model_copy(update={"title": title})
        for (row, site), title in zip(settings.sites.items(), titles, strict=True)
    }
    run(job, dataclasses.replace(settings, title="<b>$A_{ study", sites=sites))
    text = job.outputs["report"].read_text(encoding="utf-8")
    for title in (*titles, "<b>$A_{ study"):
        assert title in html.unescape(text)
    assert "<script>alert" not in text
    assert "<b>$A_{" not in text
    tables = [job.outputs["matrix"], *job.outputs["figures"].glob("*.csv")]
    cells = {
        cell
        for table in tables
        for row in csv.reader(table.open(encoding="utf-8", newline=""))
        for cell in row
    }
    assert "'" + titles[0] in cells
    assert not [cell for cell in cells if cell.startswith(("=", "@"))]
    drawn = "".join(path.read_text("utf-8") for path in job.outputs["figures"].glob("*.svg"))
    assert "$A_{" in drawn
