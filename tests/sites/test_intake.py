import errno

import numpy as np
import pytest

from elsewhere.imaging import store
from elsewhere.imaging.source import Source
from elsewhere.imaging.volume import Volume
from elsewhere.sites import intake
from elsewhere.sites.intake import Intake
from elsewhere.sites.keys import Keys
from elsewhere.sites.layout import Layout, Rejected, Scan

PRIVATE = Keys("a-site", True, b"key of a test")


class Fixed(Layout):
    """A layout that yields what it is given."""

    found: tuple[object, ...]

    def scans(self, root):
        yield from self.found


def scan(path, **changes):
    known = {"name": path.name, "path": path.name, "patient": "P1", "label": 1, "category": "x"}
    return Scan(**known | {"source": Source("stack", (path,))} | changes)


def take(tmp_path, *found, keys=PRIVATE):
    layout = Fixed(found=found)
    return Intake(keys, False, tmp_path / "volumes").take(layout, tmp_path)


def test_a_volume_is_stored_under_its_hashed_name(tmp_path, published):
    path = published("sars_cov_2_ct") / "COVID" / "Covid (1).png"
    rows, rejected = take(tmp_path, scan(path))
    assert rejected == []
    assert rows[0]["scan_id"] == PRIVATE.scan("Covid (1).png")
    stored = store.read(tmp_path / "volumes" / f"{rows[0]['scan_id']}{store.SUFFIX}")
    assert rows[0]["volume_sha256"] == store.sha256(stored)
    assert (rows[0]["n_slices"], rows[0]["rows"], rows[0]["columns"]) == stored.shape
    assert stored.dtype == np.uint8


def test_without_a_patient_each_scan_is_its_own(tmp_path, published):
    files = sorted((published("sars_cov_2_ct") / "COVID").iterdir())
    rows, _ = take(tmp_path, *(scan(path, patient=None) for path in files))
    assert {row["patient_key"] for row in rows} == {"none"}
    assert [row["patient_id"] for row in rows] == [row["scan_id"] for row in rows]


@pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n" + b"\0" * 50])
def test_a_damaged_file_is_a_row_and_the_others_stay(tmp_path, published, content, caplog):
    good = published("sars_cov_2_ct") / "COVID" / "Covid (1).png"
    bad = tmp_path / "SECRET-NAME.png"
    bad.write_bytes(content)
    rows, rejected = take(tmp_path, scan(bad), scan(good))
    assert len(rows) == 1
    assert [(one.path, one.reason) for one in rejected] == [(PRIVATE.path(bad.name), "unreadable")]
    assert "SECRET" not in rejected[0].detail + caplog.text


def test_a_file_that_vanished_is_a_row(tmp_path):
    _, rejected = take(tmp_path, scan(tmp_path / "gone.png"))
    assert [one.reason for one in rejected] == ["unreadable"]


def test_a_failing_file_system_stops_the_step(tmp_path):
    """What is no damaged file must not shrink a cohort in silence."""
    loop = tmp_path / "1.png"
    loop.symlink_to(loop)
    with pytest.raises(OSError, match=r"1\.png") as error:
        take(tmp_path, scan(loop))
    assert error.value.errno == errno.ELOOP


def test_rejected_paths_of_the_layout_are_hashed(tmp_path):
    _, rejected = take(tmp_path, Rejected("SMITH/x", "gap", "2 steps"))
    assert rejected == [Rejected(PRIVATE.path("SMITH/x"), "gap", "2 steps")]


def test_greys_take_one_byte_and_hu_two():
    voxels = np.array([[[0, 255]]], np.int16)
    grey = intake.stored(Volume(voxels, "0-255", 8, "PNG"))
    assert grey.dtype == np.uint8
    np.testing.assert_array_equal(grey, voxels)
    assert intake.stored(Volume(voxels, "HU", 12, "DICOM")).dtype == np.int16
