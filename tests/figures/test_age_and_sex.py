from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import chestxray_study as study
import pandas as pd
import pytest

from elsewhere.figures import age_and_sex, paper
from elsewhere.figures.divided import Divided

Texts = Callable[[Path], list[str]]
SIZES = {"chexpert": 600, "chestxray14": 400, "mimic-cxr-jpg": 60}
ROW = "chexpert-synthetic"


@pytest.fixture(scope="module")
def divided() -> Divided:
    return study.cohorts(SIZES)


@pytest.fixture(scope="module")
def drawn(divided: Divided, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("age_and_sex")
    known = paper.counts("chestxray")
    assert age_and_sex.draw(divided, folder, known=known) == ["age_and_sex"]
    return folder


def test_each_patient_is_in_one_bar_at_the_youngest_age(divided: Divided, drawn: Path) -> None:
    """B-29: lateral scans are not in the split and give no age."""
    bars = pd.read_csv(drawn / age_and_sex.CSV_NAME)
    assert tuple(bars) == age_and_sex.COLUMNS
    scans = divided.manifests[ROW]
    scans = scans[scans["view"] != "lateral"]
    ages = scans.groupby("patient_id")["age"].min()
    sexes = scans.groupby("patient_id")["sex"].first()
    of_site = bars[bars["site"] == "chexpert"]
    assert of_site["patients"].sum() == len(ages)
    for _, bar in of_site.iterrows():
        older = bar["age_to"] if pd.notna(bar["age_to"]) else 200
        inside = (ages >= bar["age_from"]) & (ages < older) & (sexes == bar["sex"])
        assert bar["patients"] == inside.sum()
    assert of_site["site_mean_age"].unique() == pytest.approx([ages.mean()], rel=1e-4)
    assert of_site["site_sd_age"].unique() == pytest.approx([ages.std()], rel=1e-4)


def test_the_published_age_stands_beside_ours(drawn: Path, svg_texts: Texts) -> None:
    """B-06, B-02, B-03."""
    shown = svg_texts(drawn / "age_and_sex.svg")
    assert "published: 60.31 ± 18.56 years, 56% male" in shown
    assert "published: 46.13 ± 17.01 years, 54% male" in shown
    bars = pd.read_csv(drawn / age_and_sex.CSV_NAME, dtype=str)
    known = bars.drop_duplicates("site").set_index("site")["published_mean_age"]
    assert known.to_dict() == {"chexpert": "60.31", "chestxray14": "46.13"}
    assert set(bars["synthetic"]) == {"yes"}
    assert any("SYNTHETIC DATA" in text for text in shown)


def test_a_site_without_ages_is_named(divided: Divided, drawn: Path, svg_texts: Texts) -> None:
    shown = " ".join(svg_texts(drawn / "age_and_sex.svg"))
    patients = divided.manifests["mimic-cxr-jpg-synthetic"]["patient_id"].nunique()
    assert f"No age known: MIMIC-CXR-JPG: {patients} patients" in shown


def test_a_label_a_scan_will_do_as_well(divided: Divided, tmp_path: Path) -> None:
    single = dataclasses.replace(
        divided,
        labels={"label": "COVID-19 positive"},
        splits={
            row: split[["scan_id", "patient_id", "fold", "part"]].assign(label=1)
            for row, split in divided.splits.items()
        },
    )
    assert age_and_sex.draw(single, tmp_path, known=[]) == ["age_and_sex"]


def test_unknown_sex_is_a_bar_of_its_own(
    divided: Divided, tmp_path: Path, svg_texts: Texts
) -> None:
    manifests = {**divided.manifests, ROW: divided.manifests[ROW].assign(sex="unknown")}
    age_and_sex.draw(dataclasses.replace(divided, manifests=manifests), tmp_path, known=[])
    bars = pd.read_csv(tmp_path / age_and_sex.CSV_NAME)
    assert set(bars.loc[bars["site"] == "chexpert", "sex"]) == {"unknown"}
    assert "?" in svg_texts(tmp_path / "age_and_sex.svg")


def test_nothing_is_drawn_where_no_site_knows_ages(divided: Divided, tmp_path: Path) -> None:
    ageless = {row: one.assign(age=float("nan")) for row, one in divided.manifests.items()}
    lost = dataclasses.replace(divided, manifests=ageless)
    assert age_and_sex.draw(lost, tmp_path, known=[]) == []
    assert list(tmp_path.iterdir()) == []
