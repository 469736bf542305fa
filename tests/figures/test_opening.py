import dataclasses
import json

import pytest

from elsewhere.figures import opening, report
from elsewhere.figures.given import Given
from elsewhere.scores.attention import FEW


@pytest.fixture(scope="module")
def given(study_of, tmp_path_factory):
    """Three arms at four synthetic sites, not drawn."""
    return Given(*study_of(tmp_path_factory.mktemp("opening"), arms=("utsw", "covid-ctset")))


def notice(text, place):
    return {"text": text, "href": place}


def test_of_each_place_one_notice_comes_before_a_second_and_order_stays():
    given = [notice("a", "#x"), notice("b", "#x"), notice("c", "#y"), notice("d", "#x")]
    assert [one["text"] for one in opening.distrusted(given)] == ["a", "b", "c"]
    given.append(notice("e", "#z"))
    assert [one["text"] for one in opening.distrusted(given)] == ["a", "c", "e"]
    assert opening.distrusted([]) == []


def test_what_stands_in_brackets_is_left_to_the_whole_notice():
    said = "The label can be predicted (fields: AUC 0.95, p 0.030), and more (b: 1); beware."
    [short] = opening.distrusted([notice(said, "#x")])
    assert short["text"] == "The label can be predicted, and more; beware."
    assert short["href"] == "#x"


def test_every_site_has_its_patients_before_its_scans(given):
    page = opening.page(given, report.answer([given.results]), [])
    by_title = {site["title"]: site for site in page["sites"]}
    for column in given.results.columns:
        pooled = given.results.column(column)["pooled"]
        patients, scans = pooled["n_patients"], pooled["n_scans"]
        assert by_title[column.title]["tested"] == f"{patients} patients, {scans} scans"
        assert f"{pooled['n_positive']} of {scans} scans" in by_title[column.title]["positive"]
    assert by_title["MosMedData"]["notes"] == "synthetic, no model was trained here"


def test_synthetic_and_post_hoc_are_marked(given):
    marks = opening.marks(given)
    assert marks[0].startswith("Synthetic: UTSW, CC-CCII, COVID-CTset, MosMedData.")
    assert marks[-1].startswith("Post hoc: ")
    assert "no test between models was declared" in marks[-1]
    assert not [mark for mark in marks if mark.startswith("Optimistic")]


def test_choices_on_test_scans_are_marked(given):
    settings = given.settings
    arms = dict(settings.arms)
    arms["utsw"] = arms["utsw"].model_copy(update={"selection": "test"})
    scoring = settings.scoring.model_copy(update={"threshold_from": "test_site"})
    changed = dataclasses.replace(settings, arms=arms, scoring=scoring)
    [mark] = [m for m in opening.marks(Given(given.job, changed)) if m.startswith("Optimistic")]
    assert "weights of 1 arm were" in mark
    assert "thresholds were chosen at the test site" in mark


def test_few_patients_are_marked_with_their_number(given):
    gate = json.loads(given.job.paths("gate")["utsw-synthetic"].read_text())
    assert opening._least(gate) >= FEW
    for row in gate["counts"]:
        if row["part"] == "test" and row["label"] == 1:
            row["patients"] = 3
        if row["part"] == "test" and row["label"] == 0:
            row["patients"] = 0  # a site of one class has no smaller one
    assert opening._least(gate) == 3
    few = dict(given.gates) | {"utsw-synthetic": gate}
    changed = Given(given.job, given.settings)
    changed.__dict__["gates"] = few
    [mark] = [mark for mark in opening.marks(changed) if mark.startswith("Few")]
    assert "UTSW (3);" in mark


def test_the_question_names_what_is_looked_for(given):
    asked = opening.question(given)
    assert "tells COVID-19 positive from COVID-19 negative" in asked
    assert "2 ways of training, each tested on the same patients of 4 sites" in asked


def test_the_report_opens_with_it(drawn):
    text = drawn.outputs["report"].read_text(encoding="utf-8")
    places = [text.index(f'id="{name}"') for name in ("summary", "attention", "matrix")]
    assert places == sorted(places)
    assert text.count('<ul class="answer">') == 1
