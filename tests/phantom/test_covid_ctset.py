import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

SERIES = ("SR_2", "SR_3", "SR_4")


@pytest.fixture(scope="module")
def site(written):
    return written("covid_ctset")


def test_three_series_a_patient_in_folders_by_label(site):
    folder, count = site
    details = pd.read_csv(folder / "Patient_details.csv", keep_default_na=False)
    assert count == 3 * len(details) == 33
    for one in details.itertuples():
        group = "covid1" if one[5] == "Positive" else "normal1"
        for series in SERIES:
            assert list((folder / group / one[1] / series).glob("IM*.tif"))


def test_the_tables_have_the_publishers_columns(site):
    folder, _ = site
    details = pd.read_csv(folder / "Patient_details.csv")
    thickness = [f"{series} Folder thickness(mm)" for series in SERIES]
    known = ["Patient ID", "SEX", "AGE", "Date", "COVID-19 Infection", *thickness]
    assert list(details.columns) == known
    assert details.AGE.str.fullmatch(r"\d{3}Y").all()
    metadata = pd.read_csv(folder / "Patients_metadata.csv")
    assert metadata.shape[1] == 238  # counted in the publisher's table
    assert list(metadata.columns[1:4]) == [f"{series} AcquisitionDate" for series in SERIES]
    assert metadata["SR_4 PatientBirthDate"].isna().all()
    assert len(json.loads(metadata["SR_2 PixelSpacing"][0])) == 2


def test_stored_values_are_16_bit_ct_numbers_that_the_table_turns_into_hu(site):
    folder, _ = site
    metadata = pd.read_csv(folder / "Patients_metadata.csv").set_index("Patient ID")
    files = sorted((folder / "covid1").glob("*/SR_3/*.tif"))
    picture = Image.open(files[len(files) // 2])
    assert picture.mode == "I;16"
    assert "synthetic" in picture.tag_v2[270]
    patient = files[len(files) // 2].parts[-3]
    stored = np.asarray(picture).astype(int)
    assert 0 <= stored.min() <= stored.max() < 4096
    slope, intercept = (metadata[f"SR_3 Rescale{part}"][patient] for part in ("Slope", "Intercept"))
    hu = stored * slope + intercept
    assert hu[0, 0] == pytest.approx(-1000, abs=80)
    assert hu.max() > 300


def test_reconstructions_differ_between_the_series_of_a_patient(site):
    folder, _ = site
    metadata = pd.read_csv(folder / "Patients_metadata.csv")
    kernels = metadata[[f"{series} ConvolutionKernel" for series in SERIES]]
    assert (kernels.nunique(axis=1) == 2).all()
