import openpyxl
import pandas as pd
import pytest
from PIL import Image


@pytest.fixture(scope="module")
def site(written):
    return written("covid_ct")


def test_the_tables_name_every_image_and_its_patient(site):
    folder, count = site
    header, *rows = openpyxl.load_workbook(folder / "COVID-CT-MetaInfo.xlsx").active.values
    assert header[:4] == ("File name", "Patient ID", "Age", "Gender")
    assert len(header) == 11
    assert {row[0] for row in rows} == {path.name for path in (folder / "CT_COVID").iterdir()}
    assert len({row[1] for row in rows}) == 5
    table = pd.read_csv(folder / "NonCOVID-CT-MetaInfo.csv", index_col=0)
    assert list(table.columns) == ["image name", "patient id"]
    assert set(table["image name"]) == {path.name for path in (folder / "CT_NonCOVID").iterdir()}
    assert table["patient id"].nunique() == 6
    assert len(rows) + len(table) == count


def test_panels_of_one_figure_share_a_name_and_a_patient(site):
    folder, _ = site
    table = pd.read_csv(folder / "NonCOVID-CT-MetaInfo.csv", index_col=0)
    figure = table["image name"].str.replace(r"(%\d+)?\.(png|jpg)$", "", regex=True)
    assert figure.groupby(table["patient id"]).nunique().max() == 1
    assert (figure.groupby(table["patient id"]).size() > 1).any()


def test_files_are_of_the_published_types(site):
    folder, _ = site
    found = {(path.suffix, Image.open(path).mode) for path in folder.glob("CT_*/*")}
    assert {mode for suffix, mode in found if suffix == ".png"} == {"L", "RGB", "RGBA"}
    assert {mode for suffix, mode in found if suffix == ".jpg"} == {"L"}
