import errno
from collections import Counter
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from PIL import Image

from elsewhere.design import params
from elsewhere.imaging import formats, profile, store
from elsewhere.imaging.source import Source
from elsewhere.sites.account import AccountError, csv_text
from elsewhere.sites.dicom_series import DicomSeries
from elsewhere.sites.intake import Intake, NoMemoryError
from elsewhere.sites.keys import Keys
from elsewhere.sites.layout import Layout, LeftOut, Scan

PRIVATE = Keys("a-site", True, b"key of a test")
POLICY = params.load(Path(__file__).parents[1] / "params").intakes["strict"]


class Fixed(Layout):
    """A layout that yields what it is given."""

    modality = "slice"
    found: tuple[object, ...]

    def scans(self, root, policy):
        yield from self.found


def scan(path, **changes):
    known = {"name": path.name, "path": path.name, "patient": "P1", "label": 1, "category": "x"}
    return Scan(**known | {"source": Source("stack", (path,))} | changes)


def take(tmp_path, *found, keys=PRIVATE):
    layout = Fixed(found=found)
    return Intake(keys, False, tmp_path / "volumes", POLICY).take(layout, tmp_path / "raw")


def files(taken):
    """Reason to number of files, without what the sample site holds besides."""
    counts = Counter()
    for one in taken.account.rows:
        if one.reason != "unknown_file":
            counts[one.reason] += len(one.files)
    return counts


def test_a_volume_is_stored_under_its_hashed_name(tmp_path, published):
    path = published("sars_cov_2_ct") / "COVID" / "Covid (1).png"
    taken = take(tmp_path, scan(path))
    (row,) = taken.rows
    assert row["scan_id"] == PRIVATE.scan("Covid (1).png")
    stored = store.read(tmp_path / "volumes" / f"{row['scan_id']}{store.SUFFIX}")
    assert row["volume_sha256"] == store.sha256(stored)
    assert (row["n_slices"], row["rows"], row["columns"]) == stored.shape
    assert stored.dtype == np.uint8
    assert [each["scan_id"] for each in taken.profiles] == [row["scan_id"]]


def test_every_other_file_of_the_folder_is_in_the_account(tmp_path, published):
    path = published("sars_cov_2_ct") / "COVID" / "Covid (1).png"
    account = take(tmp_path, scan(path)).account
    assert (account.used, account.total) == (1, 22)
    assert account.files() == {"set aside": 21, "rejected": 0}


def test_without_a_patient_each_scan_is_its_own(tmp_path, published):
    paths = sorted((published("sars_cov_2_ct") / "COVID").iterdir())
    rows = take(tmp_path, *(scan(path, patient=None) for path in paths)).rows
    assert {row["patient_key"] for row in rows} == {"none"}
    assert [row["patient_id"] for row in rows] == [row["scan_id"] for row in rows]


@pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n" + b"\0" * 50])
def test_a_damaged_file_is_a_row_and_the_others_stay(tmp_path, published, content, caplog):
    good = published("sars_cov_2_ct") / "COVID" / "Covid (1).png"
    bad = tmp_path / "raw" / "SECRET-NAME.png"
    bad.write_bytes(content)
    taken = take(tmp_path, scan(bad), scan(good))
    assert len(taken.rows) == 1
    assert files(taken) == {"unreadable": 1}
    details = [one.detail for one in taken.account.rows]
    assert "SECRET" not in repr(details) + caplog.text


def test_a_file_that_vanished_is_a_row(tmp_path):
    (tmp_path / "raw").mkdir()
    taken = take(tmp_path, scan(tmp_path / "raw" / "gone.png"))
    assert files(taken) == {"vanished": 1}
    assert taken.account.total == 1


@pytest.mark.parametrize("code", [errno.EIO, errno.ESTALE, errno.ETIMEDOUT])
def test_a_failing_file_system_stops_the_step(tmp_path, published, monkeypatch, code):
    """What is no damaged file must not shrink a cohort in silence."""
    path = published("sars_cov_2_ct") / "COVID" / "Covid (1).png"

    def fail(*_):
        raise OSError(code, "the disk")

    monkeypatch.setattr(formats, "read", fail)
    with pytest.raises(OSError, match="the disk"):
        take(tmp_path, scan(path))


def test_a_link_to_itself_is_a_row(tmp_path):
    (tmp_path / "raw").mkdir()
    loop = tmp_path / "raw" / "1.png"
    loop.symlink_to(loop)
    assert files(take(tmp_path, scan(loop))) == {"unreadable": 1}


def test_a_file_in_two_scans_is_an_error(tmp_path, published):
    path = published("sars_cov_2_ct") / "COVID" / "Covid (1).png"
    with pytest.raises(AccountError, match="two of them"):
        take(tmp_path, scan(path), scan(path, name="other"))


def test_scans_of_one_name_are_refused_because_nobody_knows_which_is_meant(tmp_path, published):
    one, other, third = sorted((published("sars_cov_2_ct") / "COVID").iterdir())[:3]
    taken = take(tmp_path, scan(one, name="x"), scan(other, name="x"), scan(third))
    assert [row["scan_id"] for row in taken.rows] == [PRIVATE.scan(third.name)]
    assert files(taken) == {"same_name": 2}


def test_what_stands_in_is_read_only_if_the_first_cannot_be(tmp_path, published):
    good, other = sorted((published("sars_cov_2_ct") / "COVID").iterdir())[:2]
    bad = tmp_path / "raw" / "bad.png"
    bad.write_bytes(b"no image")
    taken = take(tmp_path, scan(bad, instead=(scan(good), scan(other))))
    assert [row["scan_id"] for row in taken.rows] == [PRIVATE.scan(good.name)]
    assert files(taken) == {"unreadable": 1, "not_chosen": 1}


def test_rows_of_the_layout_are_in_the_account(tmp_path, published):
    path = published("sars_cov_2_ct") / "COVID" / "Covid (1).png"
    taken = take(tmp_path, LeftOut("SMITH/x", "gap", "2 steps", (path,)))
    assert files(taken) == {"gap": 1}
    text = csv_text(taken.account, PRIVATE.path)
    assert f"{PRIVATE.path('SMITH/x')},rejected,gap,2 steps,1" in text
    assert "SMITH" not in text


def test_a_row_that_no_manifest_can_hold_is_a_rejection_and_the_site_goes_on(tmp_path, published):
    """What a table says cannot be: it costs its own scan, not the others."""
    root = published("sars_cov_2_ct") / "COVID"
    good, bad = (root / f"Covid ({number}).png" for number in (1, 2))
    taken = take(tmp_path, scan(good), scan(bad, view="nonsense"))
    assert [row["scan_id"] for row in taken.rows] == [PRIVATE.scan(good.name)]
    (rejection,) = [one for one in taken.account.rows if one.reason == "impossible_value"]
    assert (rejection.path, rejection.detail) == (bad.name, "column view")
    assert [path.stem for path in (tmp_path / "volumes").iterdir()] == [PRIVATE.scan(good.name)]


def test_whatever_measuring_a_scan_raises_costs_that_scan_alone(tmp_path, published, monkeypatch):
    root = published("sars_cov_2_ct") / "COVID"
    good, bad = (root / f"Covid ({number}).png" for number in (1, 2))
    Image.new("L", (1, 1)).save(bad)
    measure = profile.of

    def of(volume):
        if volume.voxels.size == 1:
            raise ZeroDivisionError("SMITH")
        return measure(volume)

    monkeypatch.setattr(profile, "of", of)
    taken = take(tmp_path, scan(good), scan(bad))
    assert [row["scan_id"] for row in taken.rows] == [PRIVATE.scan(good.name)]
    assert files(taken)["unreadable"] == 1


@pytest.mark.parametrize(("slices", "reason"), [(2, "too_short"), (3, "too_short"), (4, None)])
def test_a_look_at_one_place_is_no_chest(tmp_path, write_dicom, thorax, series_of, slices, reason):
    root = tmp_path / "raw"
    series = series_of(uid="1.2.3", study="1.2", patient="P", spacing_mm=(5.0, 1.0, 1.0))
    write_dicom(root, thorax(slices=slices), series)
    (root / "label.csv").write_text("study,label\n1.2,1\n")
    taken = Intake(PRIVATE, False, None, POLICY).take(DicomSeries(), root)
    assert len(taken.rows) == (reason is None)
    assert [one.reason for one in taken.account.rows if one.reason == "too_short"] == (
        [reason] if reason else []
    )


def test_a_volume_lower_than_any_chest_is_refused(tmp_path, write_dicom, thorax, series_of):
    root = tmp_path / "raw"
    series = series_of(uid="1.2.3", study="1.2", patient="P", spacing_mm=(0.6, 1.0, 1.0))
    write_dicom(root, thorax(slices=12), series)
    (root / "label.csv").write_text("study,label\n1.2,1\n")
    taken = Intake(PRIVATE, False, None, POLICY).take(DicomSeries(), root)
    assert not taken.rows
    details = [one.detail for one in taken.account.rows if one.reason == "too_short"]
    assert details == ["7 mm high, expected 10 or more"]


@pytest.mark.parametrize("policy", ["refuse", "flag"])
def test_values_that_cannot_be_hu_are_refused_or_flagged(
    tmp_path, write_dicom, thorax, series_of, policy
):
    """A rescale that was applied twice: air at -2024."""
    root = tmp_path / "raw"
    write_dicom(root, thorax(), series_of(uid="1.2.3", study="1.2", rescale=(1.0, -1024.0)))
    for path in root.iterdir():
        data = pydicom.dcmread(path)
        data.RescaleIntercept = -2048
        data.save_as(path)
    (root / "label.csv").write_text("study,label\n1.2,1\n")
    intake = POLICY.model_copy(update={"doubtful_hu": policy})
    taken = Intake(PRIVATE, False, None, intake).take(DicomSeries(), root)
    assert [row["flags"] for row in taken.rows] == ["implausible_hu"] * (policy == "flag")
    reasons = [one.reason for one in taken.account.rows if one.reason != "table"]
    assert reasons == ["implausible_hu"] * (policy == "refuse")


@pytest.mark.parametrize("policy", ["refuse", "flag"])
def test_a_volume_that_does_not_say_how_the_patient_lies_is_refused_or_flagged(
    tmp_path, thorax, policy
):
    path = tmp_path / "raw" / "one.nii.gz"
    path.parent.mkdir()
    nibabel.save(nibabel.Nifti1Image(thorax(), np.eye(4)), path)
    layout = Fixed(found=(scan(path, source=Source("nifti", (path,))),))
    intake = POLICY.model_copy(update={"unclear_geometry": policy})
    taken = Intake(PRIVATE, False, None, intake).take(layout, path.parent)
    assert [row["flags"] for row in taken.rows] == ["orientation_assumed"] * (policy == "flag")
    assert files(taken) == ({"unclear_geometry": 1} if policy == "refuse" else {})


def test_a_scan_that_does_not_fit_the_memory_stops_the_site_and_is_named(
    tmp_path, published, monkeypatch
):
    """The machine decides nothing: on a larger one the same files would give more scans."""
    path = published("sars_cov_2_ct") / "COVID" / "Covid (1).png"

    def fail(*_):
        raise MemoryError

    monkeypatch.setattr(formats, "read", fail)
    with pytest.raises(NoMemoryError, match="decode_gb") as caught:
        take(tmp_path, scan(path))
    assert str(caught.value).startswith(PRIVATE.path(path.name))
    assert path.name not in str(caught.value)


def test_one_scan_of_a_false_size_among_sound_ones_is_a_row(tmp_path, published):
    root = published("sars_cov_2_ct") / "COVID"
    good, bad = (root / f"Covid ({number}).png" for number in (1, 2))
    Image.new("L", (13000, 13000)).save(bad)
    taken = take(tmp_path, scan(good), scan(bad))
    assert [row["scan_id"] for row in taken.rows] == [PRIVATE.scan(good.name)]
    assert files(taken)["too_large"] == 1
