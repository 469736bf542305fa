"""Files from outside go through the ingestion of sites, and every file is accounted for."""

import json

import numpy as np
import pytest
from PIL import Image

from elsewhere.answers import files, intake
from elsewhere.imaging import store


@pytest.fixture
def read(tmp_path, strict):
    """Read a folder as the process does, in this one."""
    work, folder = tmp_path / "work", tmp_path / "sent"
    work.mkdir()
    folder.mkdir()

    def run(modality="volume"):
        asked = {"folder": str(folder), "modality": modality, "first_slice": "head"}
        asked["intake"] = strict.model_copy(update={"least_slices": 4}).model_dump()
        (work / files.ASKED).write_text(json.dumps(asked), encoding="utf-8")
        intake.main(work)
        return files.read_json(work / files.READ)

    run.work, run.folder = work, folder
    return run


def test_a_scan_is_kept_and_every_other_file_has_a_reason(read, write_dicom, thorax):
    hu = thorax(6)
    write_dicom(read.folder / "ct", hu)
    (read.folder / "letter of John Doe.pdf").write_bytes(b"x")
    (read.folder / "broken.nii.gz").write_bytes(b"x")
    told = read()
    assert len(told["scans"]) == 1
    np.testing.assert_array_equal(store.read(files.volume_file(read.work, 1)), hu)
    row = told["scans"][0]["row"]
    assert (row["value_scale"], row["n_slices"], row["spacing_z_mm"]) == ("HU", 6, 2.5)
    reasons = {one["reason"]: one for one in told["unused"]}
    assert set(reasons) == {"document", "unreadable"}
    assert reasons["unreadable"]["rejected"]
    assert reasons["unreadable"]["remedy"]
    assert (told["files"], told["used"]) == (8, 6)


def test_no_name_of_a_patient_is_kept(read, write_dicom, thorax):
    write_dicom(read.folder / "ct", thorax(6))
    text = json.dumps(read()["scans"])
    assert [name for name in ("SECRET", "1967", "1.2.826", "file0") if name in text] == []


def test_an_unknown_distance_is_null(read):
    for number in range(6):
        grey = np.random.default_rng(number).integers(0, 255, (16, 12)).astype(np.uint8)
        Image.fromarray(grey).save(read.folder / f"{number}.png")
    row = read()["scans"][0]["row"]
    assert (row["spacing_z_mm"], row["value_scale"], row["source_format"]) == (None, "0-255", "PNG")


def test_a_single_image_is_no_volume_but_a_radiograph(read):
    dice = np.random.default_rng(0)
    Image.fromarray(dice.integers(0, 255, (16, 12)).astype(np.uint8)).save(read.folder / "1.png")
    assert [one["reason"] for one in read()["unused"]] == ["too_short"]
    assert len(read("radiograph")["scans"]) == 1


def test_a_photograph_is_no_radiograph(read):
    dice = np.random.default_rng(0)
    Image.fromarray(dice.integers(0, 255, (60, 80, 3)).astype(np.uint8)).save(read.folder / "1.png")
    told = read("radiograph")
    assert (told["scans"], [one["reason"] for one in told["unused"]]) == ([], ["colour"])


def test_a_scan_beyond_the_memory_of_the_process_says_so(read, write_dicom, thorax, monkeypatch):
    def fails(*_):
        raise MemoryError

    write_dicom(read.folder / "ct", thorax(6))
    monkeypatch.setattr("elsewhere.imaging.formats.read", fails)
    with pytest.raises(MemoryError):
        read()
