import hashlib
from typing import Annotated

import pandas as pd
import pydicom
import pytest
from pydantic import TypeAdapter

from elsewhere.design import kinds
from elsewhere.design.kinds import Of
from elsewhere.design.phantom_rows import PhantomRow
from elsewhere.phantom.write import MARKER, write

parse = TypeAdapter(Annotated[PhantomRow, Of("phantoms")]).validate_python


def digests(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


@pytest.mark.parametrize("kind", kinds.names("phantoms"))
def test_the_same_row_gives_the_same_bytes_whatever_the_time(row, tmp_path, kind, monkeypatch):
    small = row(kind)
    for counted in small.get("categories", {"all": small}).values():
        counted["patients"] = 2
    if "validation_patients" in small:
        small["validation_patients"] = 1
    assert write("tiny", tmp_path / "a", parse(small)) > 0
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    write("tiny", tmp_path / "b", parse(small))
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    write("tiny", tmp_path / "b", parse(small | {"seed": 6}))
    assert digests(tmp_path / "a") != digests(tmp_path / "b")


def test_a_marker_says_that_nothing_is_real(written):
    folder, count = written("mosmed")
    text = (folder / MARKER).read_text()
    assert text.startswith("SYNTHETIC")
    assert f"scans: {count}" in text
    assert "seed: 5" in text


def test_the_marker_of_radiographs_names_their_shortcut(written):
    text = (written("chestxray14", patients=1)[0] / MARKER).read_text()
    assert "pacemaker: 0.5 of patients with cardiomegaly, 0.1 of the others" in text


def test_a_writer_that_fails_leaves_the_older_site_as_it_was(row, tmp_path, monkeypatch):
    site = parse(row("sars_cov_2_ct"))
    write("tiny", tmp_path / "site", site)
    before = digests(tmp_path / "site")

    def broken(folder, row, patients):
        (folder / "half.png").write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr("elsewhere.phantom.sars_cov_2_ct.write", broken)
    with pytest.raises(OSError, match="disk full"):
        write("tiny", tmp_path / "site", site)
    assert digests(tmp_path / "site") == before


def test_a_volume_has_its_mark_only_when_confounding_is_on(row, tmp_path):
    values = row("dicom_series")
    thick = values["acquisition_positive"]["reconstructions"]
    values["acquisition_positive"]["reconstructions"] = [
        one | {"thickness_mm": 24.0} for one in thick
    ]
    for category in values["categories"].values():
        category["patients"] = 6
    shares = {}
    for confounding in (0.0, 1.0):
        folder = tmp_path / str(confounding)
        write("tiny", folder, parse(values | {"confounding": confounding}))
        table = pd.read_csv(folder / "label.csv", dtype={"study": str}).set_index("study").label
        found = []
        for study in folder.glob("study-*"):
            item = pydicom.dcmread(next(study.iterdir()), stop_before_pixels=True)
            found.append((table[item.StudyInstanceUID], float(item.SliceThickness) == 24.0))
        shares[confounding] = [
            sum(thick for label, thick in found if label == wanted) / 6 for wanted in (0, 1)
        ]
    assert shares == {0.0: [0.5, 0.5], 1.0: [0.0, 1.0]}
