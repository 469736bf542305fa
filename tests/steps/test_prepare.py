from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from elsewhere.design import params as tables
from elsewhere.design.inputs.image import ImageInput
from elsewhere.design.inputs.volume import VolumeInput
from elsewhere.design.job import Job
from elsewhere.design.site import Site
from elsewhere.imaging import store
from elsewhere.sites import manifest
from elsewhere.steps import ingest, prepare

PARAMS = tables.load(Path(__file__).parents[1] / "params")
POLICY = PARAMS.intakes["strict"]
VOLUME = VolumeInput(
    kind="volume",
    matrix=8,
    depth=32,
    stride=8,
    clip_min_hu=-1000,
    clip_max_hu=None,
    ct_number="keep",
    normalise="volume",
)
IMAGE = ImageInput(kind="image", matrix=8, stored_matrix=10, channels=3, normalise="image")


@pytest.fixture
def prepared(published, tmp_path):
    """Ingest and prepare a tiny site; return its folder of inputs."""

    def make(layout, wanted, available=True):
        scans, out = tmp_path / "scans", tmp_path / "inputs"
        site = Site(title="A", layout=layout, privacy="public", synthetic=True, available=available)
        outputs = {
            "manifest": scans / "manifest.parquet",
            "volumes": scans / "volumes",
            "rejected": scans / "rejected.csv",
            "account": scans / "account.json",
            "profile": scans / "profile.parquet",
        }
        raw = {"raw": published(layout)}
        ingest.run(Job("ingest", {"site": "a"}, raw, outputs), ingest.Settings(site, POLICY))
        inputs = {name: outputs[name] for name in ("manifest", "volumes")}
        job = Job("prepare", {}, inputs, {"index": out / "index.parquet", "arrays": out / "arrays"})
        prepare.run(job, prepare.Settings(wanted))
        return out

    return make


def test_the_index_describes_the_arrays(prepared):
    out = prepared("dicom_series", VOLUME)
    index = pd.read_parquet(out / "index.parquet")
    assert list(index.columns) == [
        "scan_id", "patient_id", "label", "n_slices", "value_max", "array_sha256"
    ]  # fmt: skip
    assert index["scan_id"].is_monotonic_increasing
    assert len(list((out / "arrays").iterdir())) == len(index) == 4
    for row in index.to_dict("records"):
        array = store.read(out / "arrays" / f"{row['scan_id']}{store.SUFFIX}")
        assert array.dtype == np.int16
        assert array.shape == (row["n_slices"], 8, 8)
        assert array.min() >= 0
        assert array.max() == row["value_max"]
        assert store.sha256(array) == row["array_sha256"]


def test_images_are_grey_bytes_on_the_stored_matrix(prepared):
    """D-03."""
    out = prepared("sars_cov_2_ct", IMAGE)
    arrays = [store.read(path) for path in (out / "arrays").iterdir()]
    assert len(arrays) == 22
    assert {(array.shape, array.dtype.str) for array in arrays} == {((1, 10, 10), "|u1")}


def test_a_site_without_data_stays_empty(prepared):
    out = prepared("dicom_series", VOLUME, available=False)
    assert len(pd.read_parquet(out / "index.parquet")) == 0
    assert list((out / "arrays").iterdir()) == []


def test_patients_and_labels_pass_unchanged(prepared, tmp_path):
    index = pd.read_parquet(prepared("cc_ccii", VOLUME) / "index.parquet")
    scans = manifest.read(tmp_path / "scans" / "manifest.parquet")
    columns = ["scan_id", "patient_id", "label", "n_slices"]
    pd.testing.assert_frame_equal(index[columns], scans[columns])
