from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from elsewhere.cohorts.augmentation import augment
from elsewhere.cohorts.view import view
from elsewhere.design import params as tables
from elsewhere.design.augmentations.image import ImageAugmentation
from elsewhere.design.inputs.image import Clahe, ImageInput
from elsewhere.design.inputs.volume import VolumeInput
from elsewhere.design.job import Job
from elsewhere.design.site import Site
from elsewhere.imaging import clahe, resample, spline, store
from elsewhere.imaging.preparation import preparation
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


def test_air_is_zero_and_water_a_thousand():
    """A-13, A-17: the least value after the clip is 0."""
    hu = np.full((3, 20, 20), -2000, np.int16)
    hu[1] = 0
    array = preparation(VOLUME).prepared(hu, "HU")
    assert array[0].max() == 0
    assert (array[1] == 1000).all()
    assert array.shape == (3, 8, 8)


def test_ct_numbers_kept_or_shifted_differ_by_24():
    """[AMB] of A-13: 0-4095 as they are, or as HU clipped at -1000: 1024 - 1000 = 24."""
    numbers = np.full((1, 8, 8), 2000, np.int16)
    shifting = VOLUME.model_copy(update={"ct_number": "shift_to_hu"})
    assert (preparation(VOLUME).prepared(numbers, "CT number") == 2000).all()
    assert (preparation(shifting).prepared(numbers, "CT number") == 1976).all()


def test_greys_stay_greys():
    grey = np.arange(64, dtype=np.uint8).reshape(1, 8, 8)
    np.testing.assert_array_equal(preparation(VOLUME).prepared(grey, "0-255"), grey)


FILM = np.random.default_rng(0).integers(40, 90, (1, 30, 24)).astype(np.uint8)


def film(**fields):
    return preparation(IMAGE.model_copy(update=fields)).prepared(FILM, "0-255")


def test_images_are_resized_as_before_unless_the_input_says_otherwise():
    expected = np.rint(resample.in_plane(FILM, rows=10, columns=10))
    np.testing.assert_array_equal(film(), expected)


def test_images_are_resized_by_a_spline_b21():
    expected = np.rint(spline.in_plane(FILM, rows=10, columns=10))
    np.testing.assert_array_equal(film(resampling="spline"), expected)
    assert (film() != film(resampling="spline")).any()


def test_greys_are_spread_before_the_image_is_resized_b19():
    """[AMB] B-19: rounded once, at the end."""
    spread = clahe.equalised(FILM[0], clip_limit=0.05, tiles=4)
    expected = np.rint(spline.in_plane(spread[None], rows=10, columns=10))
    found = film(clahe=Clahe(clip_limit=0.05, tiles=4), resampling="spline")
    assert found.dtype == np.uint8
    assert found.shape == (1, 10, 10)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("flip", [0.0, 1.0])
def test_an_image_stored_at_its_matrix_is_seen_whole_b22(flip):
    """No crop: what is trained on is what is evaluated, or its mirror image."""
    row = PARAMS.inputs["chestxray-demo"]
    stored = preparation(row).prepared(FILM, "0-255")
    seen = augment(
        stored,
        input=row,
        augmentation=ImageAugmentation(
            kind="image", crop=False, flip_vertical=0, flip_horizontal=flip
        ),
        rng=np.random.default_rng(0),
    )
    (whole,) = np.stack([shown for _, shown in view(row).windows(stored)])
    np.testing.assert_array_equal(seen, whole[:, :, ::-1] if flip else whole)
    channel = (stored[0] / 255 - 0.485) / 0.229  # B-20
    np.testing.assert_allclose(whole[0], channel, atol=1e-5)


@pytest.mark.parametrize(
    ("voxels", "scale"),
    [(np.zeros((2, 4, 4), np.uint8), "0-255"), (np.zeros((1, 4, 4), np.int16), "HU")],
)
def test_an_image_input_takes_images_only(voxels, scale):
    with pytest.raises(ValueError, match="volume input"):
        preparation(IMAGE).prepared(voxels, scale)
