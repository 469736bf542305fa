import gzip
import re

import pandas as pd
import pytest
from PIL import Image

from elsewhere.phantom.mark import MARK

HEADERS = {
    "chexpert": "subject_id,study_id,Atelectasis,Cardiomegaly,Consolidation,Edema,"
    "Enlarged Cardiomediastinum,Fracture,Lung Lesion,Lung Opacity,No Finding,Pleural Effusion,"
    "Pleural Other,Pneumonia,Pneumothorax,Support Devices",
    "split": "dicom_id,study_id,subject_id,split",
    "metadata": "dicom_id,subject_id,study_id,PerformedProcedureStepDescription,ViewPosition,Rows,"
    "Columns,StudyDate,StudyTime,ProcedureCodeSequence_CodeMeaning,ViewCodeSequence_CodeMeaning,"
    "PatientOrientationCodeSequence_CodeMeaning",
}


@pytest.fixture(scope="module")
def site(written):
    return written("mimic_cxr_jpg", patients=14)


@pytest.fixture(scope="module")
def tables(site):
    return {
        name: pd.read_csv(site[0] / f"mimic-cxr-2.0.0-{name}.csv.gz", dtype=str) for name in HEADERS
    }


@pytest.mark.parametrize("name", HEADERS)
def test_columns_are_the_publishers(site, name):
    path = site[0] / f"mimic-cxr-2.0.0-{name}.csv.gz"
    assert gzip.decompress(path.read_bytes()).decode().splitlines()[0] == HEADERS[name]
    assert path.read_bytes()[4:8] == bytes(4), "no time of writing"


def test_every_row_is_a_jpeg_at_its_place_and_of_its_size(site, tables):
    folder, count = site
    places = set()
    for one in tables["metadata"].itertuples():
        place = f"files/p{one.subject_id[:2]}/p{one.subject_id}/s{one.study_id}/{one.dicom_id}.jpg"
        places.add(place)
        with Image.open(folder / place) as image:
            assert (image.format, image.mode) == ("JPEG", "L")
            assert image.size == (int(one.Columns), int(one.Rows))
            assert MARK in image.info["comment"].decode()
    assert places == {path.relative_to(folder).as_posix() for path in folder.rglob("*.jpg")}
    assert len(places) == count


def test_numbers_have_the_publishers_form(tables):
    table = tables["metadata"]
    assert table["subject_id"].str.fullmatch(r"1\d{7}").all()
    assert table["study_id"].str.fullmatch(r"5\d{7}").all()
    assert (
        table["dicom_id"].map(lambda one: re.fullmatch(r"([0-9a-f]{8}-){4}[0-9a-f]{8}", one)).all()
    )
    assert table["dicom_id"].is_unique
    assert table.groupby("study_id")["subject_id"].nunique().max() == 1
    assert table["subject_id"].nunique() == 14
    year = table["StudyDate"].str.fullmatch(r"2[12]\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])")
    assert year.all()


def test_tables_join(tables):
    images, split, labels = tables["metadata"], tables["split"], tables["chexpert"]
    keys = ["dicom_id", "subject_id", "study_id"]
    assert set(map(tuple, images[keys].to_numpy())) == set(map(tuple, split[keys].to_numpy()))
    assert set(labels["study_id"]) == set(images["study_id"])
    assert labels["study_id"].is_unique
    assert set(split["split"]) == {"train", "validate", "test"}
    assert split.groupby("subject_id")["split"].nunique().max() == 1


def test_views_are_described_and_some_are_unnamed(tables):
    table = tables["metadata"].fillna("")
    assert set(table["ViewPosition"]) == {"PA", "AP", "LATERAL", ""}
    meaning = {"PA": "postero-anterior", "AP": "antero-posterior", "LATERAL": "lateral", "": ""}
    assert (table["ViewPosition"].map(meaning) == table["ViewCodeSequence_CodeMeaning"]).all()
    portable = table["PerformedProcedureStepDescription"] == "CHEST (PORTABLE AP)"
    assert set(table.loc[portable, "ViewPosition"]) == {"AP", ""}


def test_labels_have_four_states(tables):
    labels = tables["chexpert"].drop(columns=["subject_id", "study_id"]).fillna("")
    assert set(labels.to_numpy().ravel()) == {"1.0", "0.0", "-1.0", ""}


def test_studies_of_a_patient_are_in_order_of_time(tables, written):
    folder, _ = written("mimic_cxr_jpg", patients=4, studies_per_patient=[3, 3], lateral=0.0)
    table = pd.read_csv(folder / "mimic-cxr-2.0.0-metadata.csv.gz")
    assert table.groupby("subject_id")["StudyDate"].is_monotonic_increasing.all()
    assert table.groupby("subject_id")["StudyDate"].nunique().tolist() == [3] * 4
