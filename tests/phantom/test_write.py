import hashlib
import os

import pytest

from elsewhere.design.params import ParamsError
from elsewhere.phantom.write import MARKER, WRITERS, write


def digests(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


@pytest.mark.parametrize("kind", WRITERS)
def test_the_same_row_gives_the_same_bytes_whatever_the_time(row, tmp_path, kind, monkeypatch):
    small = row(kind)
    for category in small["categories"].values():
        category["patients"] = 2
    assert write("tiny", tmp_path / "a", small) > 0
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    write("tiny", tmp_path / "b", small)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    write("tiny", tmp_path / "b", small | {"seed": 6})
    assert digests(tmp_path / "a") != digests(tmp_path / "b")


def test_a_marker_says_that_nothing_is_real(written):
    folder, count = written("mosmed")
    text = (folder / MARKER).read_text()
    assert text.startswith("SYNTHETIC")
    assert f"scans: {count}" in text
    assert "seed: 5" in text


def test_a_wrong_row_leaves_the_older_site_as_it_was(row, tmp_path):
    write("tiny", tmp_path / "site", row("sars_cov_2_ct"))
    before = digests(tmp_path / "site")
    with pytest.raises(ParamsError):
        write("tiny", tmp_path / "site", row("sars_cov_2_ct", side_px="large"))
    assert digests(tmp_path / "site") == before
    assert os.listdir(tmp_path) == ["site"]
