import json
import os
from pathlib import Path

import pandas as pd
import pytest

from elsewhere.design import kinds, params
from elsewhere.design.job import Job
from elsewhere.design.site import Site
from elsewhere.imaging import profile, store
from elsewhere.sites import keys, manifest
from elsewhere.sites.discretion import WithheldError
from elsewhere.sites.layout import LayoutError
from elsewhere.steps import ingest
from elsewhere.steps.ingest import RejectedError

LAYOUTS = [*kinds.names("layouts")]

POLICY = params.load(Path(__file__).parents[1] / "params").intakes["strict"]
NOTHING = "path,verdict,reason,detail,n_files\n"


@pytest.fixture(autouse=True)
def _project(tmp_path, monkeypatch):
    """Stand in a project: the step keeps what it must not lose below the working folder."""
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")


def settings(layout, intake=POLICY, **changes):
    known = {"title": "A hospital", "layout": layout, "privacy": "public", "synthetic": True}
    return ingest.Settings(site=Site.model_validate(known | changes), intake=intake)


def job(raw, out):
    return Job(
        name="ingest@a-site",
        wildcards={"site": "a-site"},
        inputs={"raw": raw},
        outputs={
            "manifest": out / "manifest.parquet",
            "volumes": out / "volumes",
            "rejected": out / "rejected.csv",
            "account": out / "account.json",
            "profile": out / "profile.parquet",
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
    assert profile.read(out / "profile.parquet")["scan_id"].tolist() == frame["scan_id"].tolist()
    first = frame.groupby("patient_id")["study_day"].min()
    assert first.dropna().eq(0).all()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_account_adds_up(published, tmp_path, layout):
    root, out = published(layout), tmp_path / "out"
    (root / "notes.txt").write_text("x")
    ingest.run(job(root, out), settings(layout))
    account = json.loads((out / "account.json").read_text())
    rejected = pd.read_csv(out / "rejected.csv")
    files = account["files"]
    # 414 years, as ChestX-ray14 publishes them
    assert account["flags"] == ({"age_impossible": 1} if layout == "chestxray14" else {})
    assert files["total"] == sum(path.is_file() for path in root.rglob("*"))
    assert files["total"] == files["used"] + files["set aside"] + files["rejected"]
    assert files["used"] == manifest.read(out / "manifest.parquet")["n_files"].sum()
    by_verdict = rejected.groupby("verdict")["n_files"].sum().to_dict()
    assert by_verdict == {"set aside": files["set aside"]}
    assert account["files_by_reason"]["set aside"]["document"] == 1


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
    monkeypatch.setenv(keys.FILE_VARIABLE, str(tmp_path / "secret"))
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
    assert "truncated" in (out / "rejected.csv").read_text()


def test_an_error_at_a_private_site_keeps_its_words_back(published, tmp_path, monkeypatch):
    monkeypatch.setenv(keys.FILE_VARIABLE, str(tmp_path / "secret"))
    root = published("mosmed")
    (tmp_path / "SMITH").write_text("a file where the outputs should go")
    for privacy, kind in (("public", OSError), ("private", WithheldError)):
        with pytest.raises(kind) as error:
            ingest.run(job(root, tmp_path / "SMITH"), settings("mosmed", privacy=privacy))
        assert ("SMITH" in str(error.value)) == (privacy == "public")


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
    assert (out / "rejected.csv").read_text() == NOTHING
    assert len(profile.read(out / "profile.parquet")) == 0
    assert json.loads((out / "account.json").read_text())["files"]["total"] == 0


def test_a_site_without_one_usable_scan_is_an_error_that_leaves_its_reasons(
    published, tmp_path, caplog
):
    caplog.set_level("INFO")
    root = published("mosmed")
    for path in root.rglob("*.nii.gz"):
        path.write_bytes(b"damaged")
    with pytest.raises(RejectedError, match=r"no usable scan.*see \.elsewhere/rejected/a-site.csv"):
        ingest.run(job(root, tmp_path / "out"), settings("mosmed"))
    assert not list((tmp_path / "out").glob("*"))
    kept = pd.read_csv(ingest.KEPT / "a-site.csv")
    assert kept["reason"].tolist() == ["unreadable"] * 3
    assert "unreadable: 3 rows, 3 files. The file is damaged" in caplog.text


def test_the_policy_may_stop_a_site_of_which_too_much_was_rejected(published, tmp_path):
    root = published("mosmed")
    next(root.rglob("*.nii.gz")).write_bytes(b"damaged")
    strict = POLICY.model_copy(update={"rejected_at_most": 0.3})
    with pytest.raises(RejectedError, match=r"33\.3% of the files were rejected"):
        ingest.run(job(root, tmp_path / "out"), settings("mosmed", strict))
    assert (ingest.KEPT / "a-site.csv").is_file()
    lenient = POLICY.model_copy(update={"rejected_at_most": 0.34})
    ingest.run(job(root, tmp_path / "out"), settings("mosmed", lenient))
    assert len(manifest.read(tmp_path / "out" / "manifest.parquet")) == 2
    assert not (ingest.KEPT / "a-site.csv").exists()


def test_left_out_scans_stand_in_the_rejected_rows(published, tmp_path):
    """A-08."""
    out = tmp_path / "out"
    chosen = settings("mosmed", options={"leave_out": ["CT-0"]})
    ingest.run(job(published("mosmed"), out), chosen)
    rejected = pd.read_csv(out / "rejected.csv")
    assert rejected[["verdict", "reason"]].to_numpy().tolist() == [["set aside", "left_out"]]
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
    rejected = pd.read_csv(out / "rejected.csv")
    assert not rejected["verdict"].eq("rejected").any()
    assert (frame["value_scale"] == "0-255").all()
    if patients:
        assert by_label["patient_id"].nunique().tolist() == patients
        assert (frame["patient_key"] == "published").all()
    else:
        assert (frame["patient_key"] == "none").all()
