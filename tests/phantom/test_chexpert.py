import re

import pandas as pd
import pytest
from PIL import Image

from elsewhere.phantom.mark import MARK

HEADER = (
    "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Enlarged Cardiomediastinum,Cardiomegaly,"
    "Lung Opacity,Lung Lesion,Edema,Consolidation,Pneumonia,Atelectasis,Pneumothorax,"
    "Pleural Effusion,Pleural Other,Fracture,Support Devices"
)


@pytest.fixture(scope="module")
def site(written):
    return written("chexpert", patients=12)


@pytest.fixture(scope="module")
def tables(site):
    folder = site[0] / "CheXpert-v1.0-small"
    return {part: pd.read_csv(folder / f"{part}.csv", dtype=str) for part in ("train", "valid")}


def test_columns_are_the_publishers(site):
    for part in ("train", "valid"):
        text = (site[0] / "CheXpert-v1.0-small" / f"{part}.csv").read_text()
        assert text.splitlines()[0] == HEADER


def test_every_path_is_a_grey_jpeg_that_says_it_is_synthetic(site, tables):
    folder, count = site
    paths = pd.concat(tables.values())["Path"]
    assert set(paths) == {path.relative_to(folder).as_posix() for path in folder.rglob("*.jpg")}
    assert len(paths) == count
    for path in paths:
        with Image.open(folder / path) as image:
            assert (image.format, image.mode) == ("JPEG", "L")
            assert MARK in image.info["comment"].decode()


def test_a_path_names_part_patient_study_and_view(tables):
    for part, table in tables.items():
        view = r"patient(\d{5})/study(\d)/view(\d)_(frontal|lateral)\.jpg"
        form = rf"CheXpert-v1\.0-small/{part}/{view}"
        found = table["Path"].map(lambda path, form=form: re.fullmatch(form, path))
        assert found.notna().all()
        assert (found.map(lambda one: one[4].title()) == table["Frontal/Lateral"]).all()
    people = [set(table["Path"].str.extract(r"(patient\d+)")[0]) for table in tables.values()]
    assert [len(one) for one in people] == [10, 2]
    assert not people[0] & people[1]


def test_only_frontal_views_have_a_projection_and_both_are_there(tables):
    table = pd.concat(tables.values())
    lateral = table["Frontal/Lateral"] == "Lateral"
    assert 0 < lateral.sum() < len(table) / 2
    assert table.loc[lateral, "AP/PA"].isna().all()
    assert set(table.loc[~lateral, "AP/PA"]) == {"AP", "PA"}
    assert set(table["Sex"]) == {"Female", "Male"}
    assert table["Age"].astype(int).between(18, 90).all()


def test_reports_hedge_and_are_silent_and_people_do_neither(tables):
    train = tables["train"][HEADER.split(",")[5:]].fillna("").to_numpy().ravel()
    assert set(train) == {"1.0", "0.0", "-1.0", ""}
    valid = tables["valid"][HEADER.split(",")[5:]].fillna("").to_numpy().ravel()
    assert set(valid) == {"1.0", "0.0"}


def test_views_of_one_study_share_their_labels(tables):
    table = tables["train"].fillna("")
    study = table["Path"].str.rsplit("/", n=1).str[0]
    assert study.duplicated().any()
    assert (table[HEADER.split(",")[5:]].groupby(study).nunique() == 1).all(axis=None)
