"""cell: the page of a cell shows its numbers, and the scans that its filters leave."""

import json
import re

import pandas as pd
import pytest

STUDY, ARM, SITE = "nguyen2021", "utsw", "cc-ccii-synthetic"
PAGE = f"/studies/{STUDY}/cells/{ARM}/{SITE}"
SCAN = re.compile(r'href="/studies/nguyen2021/scans/([\w-]+)/([0-9a-f]{16})\?arm=([\w-]+)"')


def scans(answer):
    assert answer.status_code == 200
    found = SCAN.findall(answer.text)
    assert {(site, arm) for site, _, arm in found} <= {(SITE, ARM)}
    return [scan for _, scan, _ in found]


@pytest.fixture(scope="module")
def pooled(project):
    path = project / f"results/{STUDY}/cells/{ARM}/{SITE}/metrics.json"
    return json.loads(path.read_text())["pooled"]


@pytest.fixture(scope="module")
def tested(project):
    folder = project / f"results/{STUDY}/cells/{ARM}/{SITE}"
    rows = pd.read_parquet(folder / "predictions.parquet").query("part == 'test'")
    return rows.set_index("scan_id")


def test_every_test_scan_is_listed_once(client, tested):
    assert sorted(scans(client.get(PAGE))) == sorted(tested.index)


def test_numbers_stand_with_their_intervals(client, pooled):
    text = client.get(PAGE).text
    for name in ("auc", "accuracy", "sensitivity", "specificity", "brier"):
        number, low, high = (f"{pooled[f'{name}{end}']:.2f}" for end in ("", "_low", "_high"))
        assert re.search(rf"<b>{number}</b></td>\s*<td class=\"n\">{low} to {high}</td>", text)
    assert f"{pooled['n_patients']} patients, " in text
    assert f"{pooled['threshold']:.3f}" in text
    for count in pooled["confusion"].values():
        assert re.search(rf'<td class="n( right)?">{count}</td>', text)


def test_wrong_and_right_are_all(client, tested, pooled):
    wrong = scans(client.get(PAGE, params={"call": "wrong"}))
    right = scans(client.get(PAGE, params={"call": "right"}))
    assert len(wrong) == pooled["confusion"]["fp"] + pooled["confusion"]["fn"]
    assert sorted([*wrong, *right]) == sorted(tested.index)
    called = tested["probability_1"] >= pooled["threshold"]
    assert sorted(wrong) == sorted(tested.index[called != (tested["label"] == 1)])


def test_scans_far_from_the_threshold(client, tested, pooled):
    found = scans(client.get(PAGE, params={"sure": "0.1"}))
    far = (tested["probability_1"] - pooled["threshold"]).abs() >= 0.1
    assert sorted(found) == sorted(tested.index[far])


def test_scans_of_a_label_and_of_a_category(client, tested, project):
    found = scans(client.get(PAGE, params={"label": "COVID-19 positive"}))
    assert sorted(found) == sorted(tested.index[tested["label"] == 1])
    table = pd.read_parquet(project / f"data/scans/{SITE}/manifest.parquet").set_index("scan_id")
    for category in ("NCP", "CP"):
        found = scans(client.get(PAGE, params={"category": category}))
        of_category = table.loc[tested.index, "category"] == category
        assert sorted(found) == sorted(tested.index[of_category])


@pytest.mark.parametrize(("sort", "key"), [("high", -1), ("low", 1)])
def test_scans_in_another_order(client, tested, sort, key):
    found = scans(client.get(PAGE, params={"sort": sort}))
    probabilities = (key * tested.loc[found, "probability_1"]).tolist()
    assert probabilities == sorted(probabilities)


@pytest.mark.parametrize(
    "query",
    ["call=%00", "sure=nan", "sure=1e999", "page=-1", "page=99999999999", "page=%D9%A2", "sort=x",
     "label=%3Cscript%3E", "category=%27%20or%201=1", "sub_site=x&scanner=y&view=z"],
)  # fmt: skip
def test_what_no_form_of_ours_sends_is_ignored_or_finds_nothing(client, query):
    answer = client.get(f"{PAGE}?{query}")
    assert answer.status_code == 200
    assert "<script" not in answer.text


def test_pages_follow_one_another(client, monkeypatch, tested):
    from elsewhere.pages import cell

    monkeypatch.setattr(cell, "PAGE", 3)
    found, query = [], "?call="
    while query:
        answer = client.get(PAGE + query)
        found += scans(answer)
        following = re.search(r'rel="next" href="([^"#]+)', answer.text)
        query = following and following[1].replace("&amp;", "&")
    assert sorted(found) == sorted(tested.index)


def test_an_own_site_is_marked_and_has_not_fallen(client):
    text = client.get(f"/studies/{STUDY}/cells/{ARM}/utsw-synthetic").text
    assert "this is no test elsewhere" in text
    assert "Did it fall" not in text
    assert "Did it fall" in client.get(PAGE).text


def test_a_cell_of_one_class_says_so(client):
    text = client.get(f"/studies/{STUDY}/cells/{ARM}/mosmed-synthetic").text
    assert "One class: " in text
    assert "No AUC can be computed" in text


def test_a_reason_why_no_loss_is_computed_is_given_once(client):
    text = client.get("/studies/nguyen2021/cells/utsw/mosmed-synthetic").text
    below = text.partition('id="fell"')[2].partition('id="scans"')[0]
    assert below.count("AUC undefined") == 1
    assert "accuracy" in below


def test_why_it_fell_is_what_the_figure_wrote(client, project):
    table = pd.read_csv(project / f"results/{STUDY}/figures/why_fell.csv")
    here = table[(table["arm"] == ARM) & (table["site"] == "cc-ccii")]
    text = client.get(PAGE).text.replace("&#39;", "'")
    assert len(here) >= 1
    for said in here["words"].fillna(here["reason"]):
        assert said in text
