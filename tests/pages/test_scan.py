"""scan: the page of one scan against the artefacts that it shows."""

import html
import re

import pandas as pd
import pytest

from elsewhere.pages.scan import window

STUDY, SITE = "nguyen2021", "utsw-synthetic"
ARMS = ("utsw", "utsw_cc-ccii")


def text_of(answer):
    assert answer.status_code == 200, answer.text
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def rows_of(project, arm, part="test"):
    rows = pd.read_parquet(project / f"results/{STUDY}/cells/{arm}/{SITE}/predictions.parquet")
    return rows[rows["part"] == part].set_index("scan_id")


@pytest.fixture(scope="session")
def scans(project):
    return pd.read_parquet(project / f"data/scans/{SITE}/manifest.parquet").set_index("scan_id")


def test_every_arm_stands_with_its_probability_threshold_and_call(client, project):
    results = client.app.app.state.shell.results
    for scan in rows_of(project, "utsw").index[:4]:
        page = client.get(f"/studies/{STUDY}/scans/{SITE}/{scan}")
        lines = re.findall(r"<tr.*?</tr>", page.text, re.S)[1:]
        assert len(lines) == len(ARMS)
        for arm, line in zip(ARMS, lines, strict=True):
            row = rows_of(project, arm).loc[scan]
            cell = results.json(f"results/{STUDY}/cells/{arm}/{SITE}/metrics.json")
            threshold = cell["runs"][0]["threshold"]
            words = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", line)).split())
            assert f"{row['probability_1']:.3f}" in words
            assert f"{threshold:.3f}" in words
            positive = row["probability_1"] >= threshold
            assert f"COVID-19 {'positive' if positive else 'negative'}" in words
            assert ("wrong" in words) == (positive != (row["label"] == 1))
            assert "other patients of this site" in words  # both arms were trained here
            assert f"/studies/{STUDY}/cells/{arm}/{SITE}" in line


def test_a_scan_that_no_model_was_tested_on_says_so_and_has_no_map(client, project):
    split = pd.read_csv(project / f"results/{STUDY}/splits/{SITE}.csv")
    scan = split[split["part"] == "train"]["scan_id"].iloc[0]
    page = client.get(f"/studies/{STUDY}/scans/{SITE}/{scan}")
    assert "The scan is in the training part; only test scans are called." in text_of(page)
    assert "/volumes/" in page.text
    assert "/maps/" not in page.text


def test_what_is_known_of_it_is_that_of_its_manifest(client, scans):
    for scan, row in scans.head(3).iterrows():
        words = text_of(client.get(f"/studies/{STUDY}/scans/{SITE}/{scan}"))
        assert f"Sex {row['sex'] if row['sex'] != 'unknown' else 'not stated'}" in words
        assert f"Voxels {row['n_slices']} × {row['rows']} × {row['columns']}" in words
        assert f"Slice distance {row['spacing_z_mm']:.3g} mm" in words


def test_no_key_of_a_patient_and_no_path_is_on_it(client, scans, project):
    for scan in rows_of(project, "utsw").index[:3]:
        page = client.get(f"/studies/{STUDY}/scans/{SITE}/{scan}").text
        assert scans.loc[scan, "patient_id"] not in page
        assert scans.loc[scan, "source_path"] not in page
        assert str(project) not in page


@pytest.mark.parametrize(
    "place",
    [
        f"/studies/{STUDY}/scans/{SITE}/0123456789abcdef",
        f"/studies/{STUDY}/scans/nowhere/0123456789abcdef",
        f"/studies/none/scans/{SITE}/0123456789abcdef",
    ],
)
def test_a_scan_that_is_not_there_is_said_to_be_not_there(client, place):
    assert client.get(place).status_code == 404


def test_an_arm_or_finding_that_is_not_there_is_refused(client, scans):
    place = f"/studies/{STUDY}/scans/{SITE}/{scans.index[0]}"
    assert client.get(place, params={"arm": "nobody"}).status_code == 404
    assert client.get(place, params={"finding": "edema"}).status_code == 404


def test_the_chosen_arm_is_the_one_whose_map_is_fetched(client, project):
    scan = rows_of(project, "utsw").index[0]
    for arm in ARMS:
        page = client.get(f"/studies/{STUDY}/scans/{SITE}/{scan}", params={"arm": arm}).text
        assert f'map="/maps/{STUDY}/{arm}/{SITE}/{scan}"' in page


@pytest.mark.parametrize(
    ("scale", "ends"),
    [("HU", (-1350, 150)), ("CT number", (-326, 1174)), ("0-255", (0, 255)), ("grey", (-3, 700))],
)
def test_the_first_window_shows_lungs_or_everything(scale, ends):
    """A CT number is 1024 above the same value in HU."""
    assert window({"value_scale": scale, "value_min": -3, "value_max": 700}) == ends
