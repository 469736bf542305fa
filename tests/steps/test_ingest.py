import json
import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from elsewhere.design import kinds, params
from elsewhere.design.job import Job
from elsewhere.design.site import Site
from elsewhere.imaging import formats, profile, store
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


def job(raw, out, digest=""):
    return Job(
        digest=digest,
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


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_killed_step_goes_on_and_ends_in_the_same_bytes(
    published, tmp_path, killed_after, counted, layout
):
    """With files that are rejected, repaired or left out beside those of the layout."""
    root, policy = published(layout), POLICY.model_copy(update={"policy": "repair"})
    tables = (".csv", ".csv.gz", ".xlsx", ".txt", ".md", ".json")
    images = [path for path in root.rglob("*") if path.is_file()]
    images = [path for path in images if not path.name.endswith(tables)]
    victim = sorted(images)[-1]
    victim.write_bytes(victim.read_bytes()[:-70])
    ingest.run(job(root, tmp_path / "clean"), settings(layout, policy))
    reads = counted(formats, "read")
    ingest.run(job(root, tmp_path / "counted"), settings(layout, policy))
    whole = len(reads)
    kept = len(manifest.read(tmp_path / "clean" / "manifest.parquet")) // 2
    again = job(root, tmp_path / "out", "settings and code")
    killed_after(kept, ingest.run, again, settings(layout, policy))
    assert not content(tmp_path / "out").keys() & content(tmp_path / "clean").keys()
    reads.clear()
    ingest.run(again, settings(layout, policy))
    assert whole - len(reads) >= kept
    for part in (tmp_path / "out").glob(".part-*"):
        shutil.rmtree(part)
    assert content(tmp_path / "out") == content(tmp_path / "clean")
    ingest.done(again)
    reads.clear()
    ingest.run(again, settings(layout, policy))
    assert len(reads) == whole
    assert content(tmp_path / "out") == content(tmp_path / "clean")


@pytest.mark.parametrize("change", ["file", "label", "settings", "kept", "secret"])
def test_what_was_read_before_a_change_is_read_again(
    published, tmp_path, monkeypatch, counted, change
):
    monkeypatch.setenv(keys.FILE_VARIABLE, str(tmp_path / "secret"))
    root, out, digest = published("dicom_series"), tmp_path / "out", "before"
    privacy = "private" if change == "secret" else "public"
    ingest.run(job(root, out, digest), settings("dicom_series", privacy=privacy))
    scans = len(manifest.read(out / "manifest.parquet"))
    expected = {"file": 1, "label": 2, "kept": 1, "settings": scans, "secret": scans}
    if change == "file":  # of the same size, with the time of its last change set back
        victim = next(path for path in sorted(root.rglob("file*")) if path.is_file())
        status, bytes_before = victim.stat(), bytearray(victim.read_bytes())
        bytes_before[-1] ^= 1
        victim.write_bytes(bytes_before)
        os.utime(victim, ns=(status.st_atime_ns, status.st_mtime_ns))
    elif change == "label":  # one patient of two sexes: a flag of both scans
        table = root / "label.csv"
        lines = table.read_text().splitlines(keepends=True)
        table.write_text(lines[0] + lines[1].replace(",F,", ",M,") + "".join(lines[2:]))
    elif change == "settings":
        digest = "after"
    elif change == "kept":
        volume = next(Path(".elsewhere/unfinished").rglob(f"*{store.SUFFIX}"))
        volume.unlink()  # the output is another name of the same file
        volume.write_bytes(b"")
    else:
        (tmp_path / "secret").write_text("another " * 8)
    reads = counted(formats, "read")
    ingest.run(job(root, out, digest), settings("dicom_series", privacy=privacy))
    assert len(reads) == expected[change]
    ingest.run(job(root, tmp_path / "clean"), settings("dicom_series", privacy=privacy))
    assert content(out) == content(tmp_path / "clean")


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
    ingest.run(job(root, out, "settings"), settings("dicom_series", privacy="private"))
    frame = manifest.read(out / "manifest.parquet")
    written = [
        *(str(path) for path in content(out)),
        caplog.text,
        (out / "rejected.csv").read_text(),
    ]
    kept = Path(".elsewhere")
    written += [path.read_bytes().decode("latin-1") for path in kept.rglob("journal")]
    written += [str(path) for path in kept.rglob("*")]
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
