import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from elsewhere import workers
from elsewhere.design import params as tables
from elsewhere.design.inputs.image import ImageInput
from elsewhere.design.inputs.volume import VolumeInput
from elsewhere.design.job import Job
from elsewhere.design.site import Site
from elsewhere.imaging import store
from elsewhere.sites import manifest
from elsewhere.steps import ingest, prepare
from elsewhere.unfinished import unfinished

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


@pytest.fixture(autouse=True)
def _project(tmp_path, monkeypatch):
    """Stand in a project: the step keeps what it must not lose below the working folder."""
    monkeypatch.chdir(tmp_path)


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
        "scan_id", "patient_id", "label", "n_slices", "rows", "columns", "value_min", "value_max",
        "array_sha256",
    ]  # fmt: skip
    assert index["scan_id"].is_monotonic_increasing
    assert len(list((out / "arrays").iterdir())) == len(index) == 4
    for row in index.to_dict("records"):
        array = store.read(out / "arrays" / f"{row['scan_id']}{store.SUFFIX}")
        assert array.dtype == np.int16
        assert array.shape == (row["n_slices"], row["rows"], row["columns"])
        assert array.shape[1:] == (8, 8)
        assert array.min() >= 0
        assert (array.min(), array.max()) == (row["value_min"], row["value_max"])
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


def content(out):
    return {path.relative_to(out): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def job(scans, out, digest):
    inputs = {"manifest": scans / "manifest.parquet", "volumes": scans / "volumes"}
    outputs = {"index": out / "index.parquet", "arrays": out / "arrays"}
    return Job("prepare", {}, inputs, outputs, digest=digest)


@pytest.mark.parametrize(("layout", "wanted"), [("cc_ccii", VOLUME), ("sars_cov_2_ct", IMAGE)])
def test_a_killed_step_goes_on_and_ends_in_the_same_bytes(
    prepared, tmp_path, killed_after, counted, layout, wanted
):
    clean, settings = prepared(layout, wanted), prepare.Settings(wanted)
    scans = pd.read_parquet(clean / "index.parquet")["scan_id"]
    again = job(tmp_path / "scans", tmp_path / "again", "settings and code")
    killed_after(2, prepare.run, again, settings)
    killed_after(1, prepare.run, again, settings)
    assert not again.outputs["arrays"].exists()
    reads = counted(store, "read")
    prepare.run(again, settings)
    assert len(reads) == len(scans) - 3
    for part in (tmp_path / "again").glob(".part-*"):
        shutil.rmtree(part)
    assert content(tmp_path / "again") == content(clean)
    prepare.done(again)
    reads.clear()
    prepare.run(again, settings)
    assert len(reads) == len(scans)


def test_several_processes_make_the_same_bytes_also_after_a_kill(
    prepared, tmp_path, killed_after, monkeypatch
):
    clean, settings = prepared("cc_ccii", VOLUME), prepare.Settings(VOLUME)
    monkeypatch.setattr(workers, "processes", lambda voxels: 2)
    again = job(tmp_path / "scans", tmp_path / "again", "settings and code")
    killed_after(2, prepare.run, again, settings)
    with unfinished(again) as kept:
        scans = manifest.read(again.path("manifest")).to_dict("records")
        assert kept.count([prepare._key(scan) for scan in scans], unit="scans") == 2
    prepare.run(again, settings)
    for part in (tmp_path / "again").glob(".part-*"):
        shutil.rmtree(part)
    assert content(tmp_path / "again") == content(clean)


def test_a_scan_that_fails_is_named_and_the_others_are_kept(prepared, tmp_path, counted):
    prepared("cc_ccii", VOLUME)
    again = job(tmp_path / "scans", tmp_path / "again", "settings and code")
    scans = manifest.read(again.path("manifest"))["scan_id"]
    volume = again.path("volumes") / f"{scans.iloc[-1]}{store.SUFFIX}"
    whole = volume.read_bytes()
    volume.write_bytes(whole[:-1])
    with pytest.raises(workers.WorkerError, match=f"^{scans.iloc[-1]}: .*damaged"):
        prepare.run(again, prepare.Settings(VOLUME))
    volume.write_bytes(whole)
    reads = counted(store, "read")
    prepare.run(again, prepare.Settings(VOLUME))
    assert len(reads) == 1


def test_what_was_prepared_before_a_change_is_prepared_again(prepared, tmp_path, counted):
    clean, settings = prepared("cc_ccii", VOLUME), prepare.Settings(VOLUME)
    again = job(tmp_path / "scans", tmp_path / "again", "before")
    prepare.run(again, settings)
    scans = manifest.read(again.path("manifest"))
    volume = again.path("volumes") / f"{scans['scan_id'][0]}{store.SUFFIX}"
    changed = store.read(volume) + np.uint8(1)
    store.write(volume, changed)
    scans.loc[0, "volume_sha256"] = store.sha256(changed)
    scans.loc[0, "label"] = 1 - scans.loc[0, "label"]
    manifest.write(scans, again.path("manifest"))
    reads = counted(store, "read")
    prepare.run(again, settings)
    assert len(reads) == 1
    prepare.run(job(tmp_path / "scans", clean, ""), settings)
    assert content(tmp_path / "again") == content(clean)
    reads.clear()
    prepare.run(job(tmp_path / "scans", tmp_path / "again", "after"), settings)
    assert len(reads) == len(scans)


def test_patients_and_labels_pass_unchanged(prepared, tmp_path):
    index = pd.read_parquet(prepared("cc_ccii", VOLUME) / "index.parquet")
    scans = manifest.read(tmp_path / "scans" / "manifest.parquet")
    columns = ["scan_id", "patient_id", "label", "n_slices"]
    pd.testing.assert_frame_equal(index[columns], scans[columns])
