"""matrix: the page shows the numbers of matrix.csv, beside what was published."""

import csv
import re
import shutil
from html.parser import HTMLParser

import pytest
from starlette.testclient import TestClient

from elsewhere.pages.app import application
from elsewhere.pages.guard import Entrance

STUDY = "nguyen2021"
PAGE = f"/studies/{STUDY}"


class Cells(HTMLParser):
    """Text of the cell that each link in the matrix stands in, by its address."""

    def __init__(self, text):
        super().__init__()
        self.found, self._at = {}, ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        href = dict(attrs).get("href", "")
        if tag == "a":
            self._at = href if "/cells/" in href else ""

    def handle_endtag(self, tag):
        self._at = "" if tag == "a" else self._at

    def handle_data(self, data):
        if self._at:
            self.found[self._at] = " ".join(f"{self.found.get(self._at, '')} {data}".split())


@pytest.fixture(scope="module")
def rows(project):
    with (project / f"results/{STUDY}/matrix.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("measure", ["auc", "sensitivity", "brier", "calibration_intercept"])
def test_every_cell_shows_number_and_interval_of_matrix_csv(client, rows, measure):
    shown = Cells(client.get(PAGE, params={"measure": measure}).text).found
    cells = {f"/studies/{STUDY}/cells/{row['arm']}/{row['test_site']}": row for row in rows}
    assert len(shown) == 6
    for address, text in shown.items():
        row = cells[address]
        if not row[measure]:
            assert text.startswith("undefined")
            assert row["test_site"] == "mosmed-synthetic" or measure != "auc"
            continue
        number, low, high = (float(row[f"{measure}{end}"]) for end in ("", "_low", "_high"))
        assert text.startswith(f"{number:.2f}")
        assert text.endswith(f"{low:.2f} to {high:.2f}")
        own = row["test_site"] in row["train_sites"].split("+")
        assert ("trained on this site" in text) == own


def test_sums_over_sites_are_those_of_matrix_csv(client, rows):
    text = client.get(PAGE).text
    for row in rows:
        if row["test_site"] in ("combined", "average") and row["auc"]:
            assert f"<b>{float(row['auc']):.2f}</b>" in text
    assert "all scans together" in text


def test_the_answer_of_the_report_and_the_paper_stand_on_the_page(client):
    text = client.get(PAGE).text
    assert "mean AUC where they were trained" in text
    assert "What needs attention" in text
    assert "Published numbers beside ours" in text
    assert "0.826 ± 0.024" in text  # UTSW on UTSW
    assert "[AMB]" not in text  # a mark of docs/requirements.md, which a reader of pages lacks


@pytest.mark.parametrize("query", ["measure=none", "measure=", "measure=%00", "measure=__class__"])
def test_a_measure_that_is_none_is_the_first(client, query):
    answer = client.get(f"{PAGE}?{query}")
    assert answer.status_code == 200
    assert re.search(r'<option value="auc" selected>', answer.text)


def test_a_finding_that_the_study_lacks_is_not_there(client):
    assert client.get(PAGE, params={"finding": "edema"}).status_code == 404


def _opened(top, scratch):
    app = application(top, entrance=Entrance(), scratch=scratch)
    client = TestClient(app, base_url="http://127.0.0.1:8321")
    client.get("/enter", params={"token": app.entrance.token()}, follow_redirects=False)
    return client


def test_without_results_the_page_says_what_to_type(project, tmp_path):
    top = tmp_path / "project"
    shutil.copytree(project / "config", top / "config")
    shutil.copy(project / "params.yaml", top)
    answer = _opened(top, tmp_path).get("/")
    assert answer.status_code == 200
    assert "snakemake -j8" in answer.text


def test_a_study_that_is_half_made_shows_what_is_there(project, tmp_path):
    top = tmp_path / "project"
    shutil.copytree(project, top, symlinks=True, ignore=shutil.ignore_patterns("raw", "models"))
    home = top / f"results/{STUDY}"
    for gone in ("matrix.csv", "report.html"):
        (home / gone).unlink()
    shutil.rmtree(home / "figures")
    shutil.rmtree(home / "cells/utsw")
    answer = _opened(top, tmp_path).get(PAGE)
    assert answer.status_code == 200
    assert "utsw (3 cells to be scored)" in answer.text
    assert len(Cells(answer.text).found) == 3
    shutil.rmtree(home / "audit")
    for page in ("audit", "figures/", "sites/utsw-synthetic"):
        assert _opened(top, tmp_path).get(f"{PAGE}/{page}").status_code == 200
    assert _opened(top, tmp_path).get(f"{PAGE}/cells/utsw/utsw-synthetic").status_code == 404


def test_an_answer_older_than_its_cells_is_marked(project, tmp_path):
    top = tmp_path / "project"
    shutil.copytree(project, top, symlinks=True, ignore=shutil.ignore_patterns("raw", "models"))
    client = _opened(top, tmp_path)
    said = "scored again after the report"
    assert said not in client.get(PAGE).text
    cell = top / f"results/{STUDY}/cells/utsw/utsw-synthetic/metrics.json"
    cell.write_text(cell.read_text() + "\n")
    assert said in client.get(PAGE).text
