"""masks: files are matched with scans by name, and names stay where they are."""

from pathlib import Path

import pytest

from elsewhere.design.masks import MaskRow
from elsewhere.sites.keys import PUBLIC_KEY, Keys
from elsewhere.sites.layout import LayoutError
from elsewhere.sites.masks import match

KEYS = Keys("hospital", True, PUBLIC_KEY)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (
        "a/1.2.3_mask.nii",
        "1.2.4_mask.nii",
        "1.2.5_mask.nii",
        "notes.txt",
        "._x_mask.nii",
    ):
        path = tmp_path / "masks" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path / "masks"


def test_a_file_is_the_mask_of_the_scan_that_its_name_says(folder: Path) -> None:
    scans = {KEYS.scan(name) for name in ("a/1.2.3", "1.2.4", "9.9")}
    row = MaskRow(file="{scan}_mask.nii")
    found = match(folder, row, scans, site_keys=KEYS)
    assert found.files == {
        KEYS.scan("a/1.2.3"): folder / "a/1.2.3_mask.nii",
        KEYS.scan("1.2.4"): folder / "1.2.4_mask.nii",
    }
    assert found.strangers == (folder / "1.2.5_mask.nii",)


def test_a_folder_without_such_names_is_told(folder: Path) -> None:
    with pytest.raises(LayoutError, match=r"masks\.hospital\.file: no file below .* is named"):
        match(folder, MaskRow(file="{scan}.mha"), set(), site_keys=KEYS)
