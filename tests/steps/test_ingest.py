import os

import pandas as pd
import pytest

from elsewhere.design.job import Job
from elsewhere.design.parts import Site
from elsewhere.imaging import store
from elsewhere.sites import keys, manifest
from elsewhere.sites.layout import LayoutError
from elsewhere.steps import ingest

LAYOUTS = ["cc_ccii", "covid_ct", "covid_ctset", "dicom_series", "mosmed", "sars_cov_2_ct"]


def settings(layout, **changes):
    known = {"title": "A hospital", "layout": layout, "privacy": "public", "synthetic": True}
    return ingest.Settings(site=Site.model_validate(known | changes))


def job(raw, out):
    return Job(
        name="ingest@a-site",
        wildcards={"site": "a-site"},
        inputs={"raw": raw},
        outputs={
            "manifest": out / "manifest.parquet",
            "volumes": out / "volumes",
            "rejected": out / "rejected.csv",
        },
    )


def content(out):
    return {path.relative_to(out): path.read_bytes() for path in out.rglob("*") if path.is_file()}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_row_has_its_volume(published, tmp_path, layout):
    out = tmp_path / "out"
    ingest.run(job(published(layout), out), settings(layout))
    frame = manifest.read(out / "manifest.parquet")
    stored = {path.name for path in (out / "volumes").iterdir()}
    assert stored == {f"{scan_id}{store.SUFFIX}" for scan_id in frame["scan_id"]}
    assert frame["synthetic"].all()
    assert (frame["site"] == "a-site").all()
    for row in frame.to_dict("records"):
        volume = store.read(out / "volumes" / f"{row['scan_id']}{store.SUFFIX}")
        assert volume.shape == (row["n_slices"], row["rows"], row["columns"])
        assert (volume.min(), volume.max()) == (row["value_min"], row["value_max"])
    assert list(pd.read_csv(out / "rejected.csv").columns) == ["path", "reason", "detail"]


@pytest.mark.parametrize(
    ("layout", "scale", "bits", "kind"),
    [
        ("cc_ccii", "0-255", 8, "PNG"),
        ("covid_ctset", "HU", 12, "TIFF"),
        ("dicom_series", "HU", 12, "DICOM"),
        ("mosmed", "HU", 16, "NIfTI"),
    ],
)
def test_what_the_numbers_mean_is_disclosed(published, tmp_path, layout, scale, bits, kind):
    """A-11, A-12."""
    ingest.run(job(published(layout), tmp_path / "out"), settings(layout))
    frame = manifest.read(tmp_path / "out" / "manifest.parquet")
    found = frame[["value_scale", "bits_stored", "source_format"]].drop_duplicates()
    assert found.to_numpy().tolist() == [[scale, bits, kind]]


def test_the_same_files_give_the_same_bytes(published, tmp_path):
    root = published("dicom_series")
    for name in ("a", "b"):
        ingest.run(job(root, tmp_path / name), settings("dicom_series"))
    assert content(tmp_path / "a") == content(tmp_path / "b")


def test_patients_with_several_scans_keep_one_key(published, tmp_path):
    """A-25 needs it."""
    ingest.run(job(published("covid_ctset"), tmp_path / "out"), settings("covid_ctset"))
    frame = manifest.read(tmp_path / "out" / "manifest.parquet")
    assert frame.groupby("patient_id").size().tolist() == [3, 3]


def test_nothing_of_a_private_site_leaves_unhashed(published, tmp_path, monkeypatch, caplog):
    """Names, numbers and dates of patients stand in the raw files, in no artifact and no log."""
    monkeypatch.setenv(keys.SECRET_VARIABLE, str(tmp_path / "secret"))
    root = published("dicom_series")
    (root / "deep").rename(root / "NAME^SECRET")
    victim = sorted((root / "NAME^SECRET" / "folder0").iterdir())[0]
    victim.write_bytes(victim.read_bytes()[:-60])
    out = tmp_path / "out"
    caplog.set_level("DEBUG")
    ingest.run(job(root, out), settings("dicom_series", privacy="private"))
    frame = manifest.read(out / "manifest.parquet")
    written = [
        *(str(path) for path in content(out)),
        caplog.text,
        (out / "rejected.csv").read_text(),
    ]
    written += [frame.drop(columns=["age"]).to_csv(), str(content(out))]
    for secret in ["SECRET", "P0", "P1", "1.2.826", "19670407", "folder"]:
        assert not [text for text in written if secret in text], secret
    assert "unreadable" in (out / "rejected.csv").read_text()
    assert len(frame) == 3


def test_a_missing_folder_says_what_to_do(tmp_path):
    raw = tmp_path / "data" / "raw" / "a-site"
    with pytest.raises(
        LayoutError, match=r"a-site: no such folder.*sites\.a-site\.available: false"
    ):
        ingest.run(job(raw, tmp_path / "out"), settings("mosmed"))
    assert not (tmp_path / "out" / "volumes").exists()


def test_a_site_that_cannot_be_had_here_is_empty(tmp_path):
    """A-78: its cells say so later."""
    out = tmp_path / "out"
    ingest.run(job(tmp_path / "none", out), settings("dicom_series", available=False))
    assert len(manifest.read(out / "manifest.parquet")) == 0
    assert os.listdir(out / "volumes") == []
    assert (out / "rejected.csv").read_text() == "path,reason,detail\n"


def test_a_site_without_one_usable_scan_is_an_error(published, tmp_path):
    root = published("mosmed")
    for path in root.rglob("*.nii.gz"):
        path.write_bytes(b"damaged")
    with pytest.raises(LayoutError, match=r"no usable scan.*'unreadable': 3"):
        ingest.run(job(root, tmp_path / "out"), settings("mosmed"))


def test_left_out_scans_stand_in_the_rejected_rows(published, tmp_path):
    """A-08."""
    out = tmp_path / "out"
    chosen = settings("mosmed", options={"leave_out": ["CT-0"]})
    ingest.run(job(published("mosmed"), out), chosen)
    rejected = pd.read_csv(out / "rejected.csv")
    assert rejected["reason"].tolist() == ["left_out"]
    assert manifest.read(out / "manifest.parquet")["label"].tolist() == [1, 1]


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize(
    ("layout", "folder", "labels", "patients"),
    [
        ("sars_cov_2_ct", "sars-cov-2-ct", [1229, 1252], None),
        ("covid_ct", "covid-ct", [397, 349], [171, 213]),
    ],
)
def test_the_published_images_are_taken_in(real, tmp_path, layout, folder, labels, patients):
    """D-01 (one negative is missing in the copy) and D-02."""
    out = tmp_path / "out"
    ingest.run(job(real(folder), out), settings(layout, synthetic=False))
    frame = manifest.read(out / "manifest.parquet")
    by_label = frame.groupby("label")
    assert by_label.size().tolist() == labels
    assert (out / "rejected.csv").read_text() == "path,reason,detail\n"
    assert (frame["value_scale"] == "0-255").all()
    if patients:
        assert by_label["patient_id"].nunique().tolist() == patients
        assert (frame["patient_key"] == "published").all()
    else:
        assert (frame["patient_key"] == "none").all()
