"""Every registered layout obeys the same laws."""

import csv
import io
import math
import os
from pathlib import Path

import pytest

from elsewhere.design import kinds, params
from elsewhere.imaging import formats
from elsewhere.sites import findings
from elsewhere.sites.account import csv_text, summary
from elsewhere.sites.intake import Intake
from elsewhere.sites.keys import Keys
from elsewhere.sites.layout import Layout, LayoutError, Scan
from elsewhere.sites.layouts import layout as make_layout
from elsewhere.sites.reasons import REASONS

SIZES = {
    "cc_ccii": 4,
    "chestxray14": 4,
    "chexpert": 4,
    "covid_ct": 6,
    "covid_ctset": 6,
    "dicom_series": 4,
    "images": 5,
    "mimic_cxr_jpg": 5,
    "mosmed": 3,
    "sars_cov_2_ct": 22,
    "volumes": 4,
}
KEYS = Keys("a-site", False, b"key of a test")

POLICY = params.load(Path(__file__).parents[1] / "params").intakes["strict"]

every_layout = pytest.mark.parametrize("name", kinds.names("layouts"))


def tree(root):
    return {path: path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def take(name, root, out):
    return Intake(KEYS, True, out / "volumes", POLICY).take(make_layout(name, {}), root)


def test_every_layout_has_a_sample_here():
    assert set(SIZES) == set(kinds.names("layouts"))


@every_layout
def test_says_whose_data_it_reads_and_under_which_terms(name):
    chosen = kinds.implementation("layouts", name, Layout)
    assert len(chosen.citation) > 10
    assert chosen.licence


@every_layout
def test_refuses_an_option_that_it_does_not_know(name):
    with pytest.raises(LayoutError, match=r"options\.no_such_option"):
        make_layout(name, {"no_such_option": 1})


@every_layout
def test_finds_every_scan_of_a_sound_site(name, published):
    root = published(name)
    found = list(make_layout(name, {}).scans(root, POLICY))
    assert all(isinstance(one, Scan) for one in found)
    assert len(found) == SIZES[name]


@every_layout
def test_a_sound_site_has_tables_beside_its_scans_and_nothing_else(name, published, tmp_path):
    taken = take(name, published(name), tmp_path)
    assert len(taken.rows) == SIZES[name]
    assert {one.reason for one in taken.account.rows} <= {"table"}
    assert taken.account.used == sum(row["n_files"] for row in taken.rows)


@every_layout
def test_scans_are_well_formed(name, published):
    root = published(name)
    scans = list(make_layout(name, {}).scans(root, POLICY))
    assert len({scan.name for scan in scans}) == len(scans)
    for scan in scans:
        assert scan.label in ((None,) if scan.findings else (0, 1))
        assert (scan.view == "none") == (not scan.findings)
        assert findings.read(findings.written(scan.findings)) == scan.findings
        assert scan.category
        assert scan.sex in ("F", "M", "unknown")
        assert math.isnan(scan.age) or scan.age >= 0  # the manifest's row judges how old one can be
        assert not scan.path.startswith("/")
        assert scan.source.files
        assert all(path.is_file() and root in path.parents for path in scan.source.files)


@every_layout
def test_gives_the_same_scans_again_and_writes_nothing(name, published):
    root = published(name)
    before = tree(root)
    layout = make_layout(name, {})
    # compared as text, because an unknown age is NaN
    assert repr(list(layout.scans(root, POLICY))) == repr(list(layout.scans(root, POLICY)))
    assert tree(root) == before


@every_layout
def test_reads_no_pixel(name, published):
    root = published(name)
    layout = make_layout(name, {})
    before = repr(list(layout.scans(root, POLICY)))
    for path, content in tree(root).items():
        if path.name.endswith((".png", ".jpg", ".tif", ".bmp", ".webp", ".nii.gz", ".raw")):
            path.write_bytes(b"")
        elif not path.suffix:
            path.write_bytes(content[:-50] + bytes(50))
    assert repr(list(layout.scans(root, POLICY))) == before


@every_layout
def test_every_scan_reads_as_a_volume(name, published):
    for scan in make_layout(name, {}).scans(published(name), POLICY):
        volume = formats.read(scan.source, POLICY)
        assert volume.voxels.ndim == 3


@every_layout
def test_an_empty_folder_is_refused_by_name(name, tmp_path):
    with pytest.raises(LayoutError, match=str(tmp_path)):
        list(make_layout(name, {}).scans(tmp_path, POLICY))


@every_layout
def test_hidden_files_are_no_scans(name, published):
    root = published(name)
    for folder in {path.parent for path in tree(root)}:
        (folder / "._Thumb (1).png").write_bytes(b"x")
        (folder / ".DS_Store").write_bytes(b"x")
    assert len(list(make_layout(name, {}).scans(root, POLICY))) == SIZES[name]


@every_layout
def test_one_damaged_scan_is_one_rejected_row(name, published, tmp_path):
    root = published(name)
    victim = within(next(iter(make_layout(name, {}).scans(root, POLICY))))
    victim.write_bytes(victim.read_bytes()[: -60 if not victim.suffix else 20])
    taken = take(name, root, tmp_path)
    assert len(taken.rows) == SIZES[name] - 1
    rejected = [one for one in taken.account.rows if one.verdict == "rejected"]
    # of a DICOM series the others stay behind as one slice too few
    assert {one.reason for one in rejected} <= {"unreadable", "truncated", "bad_header", "gap"}
    assert sum(victim in one.files for one in rejected) == 1
    assert len(list((tmp_path / "volumes").iterdir())) == len(taken.rows)


def within(scan):
    """Return a file without which the scan cannot be: of DICOM slices none at an end."""
    slices = scan.source.slices
    return slices[len(slices) // 2].header.path if slices else scan.source.files[0]


def mess(root, layout):
    """Spoil a sound site in every way that needs no knowledge of its layout."""
    folders = sorted({path.parent for path in tree(root)})
    for folder in folders:
        for name in (".DS_Store", "Thumbs.db", "LICENSE", "notes.txt", 'odd name \n;".bin'):
            (folder / name).write_bytes(b"x")
        (folder / "text.dcm").write_bytes(b"no DICOM")
    (root / "zero.png").touch()
    (root / "picture.png").write_bytes(b"no picture")
    (root / "a" / "b" / ".hidden" / "c").mkdir(parents=True)
    (root / "a" / "b" / ".hidden" / "c" / "d").write_bytes(b"x")
    (root / "nowhere").symlink_to(root / "gone")
    (root / "round").symlink_to(root)
    (root / "empty folder").mkdir()
    (root / os.fsdecode(b"M\xfcller")).write_bytes(b"x")
    os.mkfifo(root / "pipe")
    scans = [one for one in make_layout(layout, {}).scans(root, POLICY) if isinstance(one, Scan)]
    damaged, lost = within(scans[0]), within(scans[-1])
    damaged.write_bytes(damaged.read_bytes()[:140])
    lost.unlink()


@every_layout
def test_folders_that_are_links_are_followed(name, published, tmp_path):
    """Large sites lie on another disk; docs/ingestion.md promises that their links are followed."""
    root = published(name)
    before = [one.name for one in make_layout(name, {}).scans(root, POLICY)]
    for number, folder in enumerate(sorted(path for path in root.rglob("*") if path.is_dir())):
        if folder.is_dir() and not folder.is_symlink() and folder.parent == root:
            disk = tmp_path / f"disk{number}"
            folder.rename(disk)
            folder.symlink_to(disk)
    assert [one.name for one in make_layout(name, {}).scans(root, POLICY)] == before


@every_layout
def test_every_file_of_a_messy_tree_has_one_end(name, published, tmp_path):
    root = published(name)
    mess(root, name)
    # counted by other means than the walk of the account; the loop is the root once more
    there = {Path(folder) / file for folder, _, files in os.walk(root) for file in files}
    taken = take(name, root, tmp_path / "out")
    account = taken.account
    ends = [path for one in account.rows for path in one.files]
    assert len(ends) == len(set(ends))
    assert account.total == len(there) == account.used + len(ends)
    assert set(ends) <= there
    assert account.used == sum(row["n_files"] for row in taken.rows)
    counts = summary(account, len(taken.rows))
    files = counts["files"]
    assert files["used"] + files["set aside"] + files["rejected"] == files["total"] == len(there)
    rows = list(csv.DictReader(io.StringIO(csv_text(account, KEYS.path))))
    assert sum(int(row["n_files"]) for row in rows) == files["total"] - files["used"]
    assert {row["reason"] for row in rows} <= set(REASONS)
    assert all(row["verdict"] == REASONS[row["reason"]].verdict for row in rows)
    assert 0 < len(taken.rows) < SIZES[name]


@every_layout
def test_reading_the_same_mess_again_gives_the_same_account(name, published, tmp_path):
    root = published(name)
    mess(root, name)
    first, second = (take(name, root, tmp_path / number) for number in "12")
    assert csv_text(first.account, KEYS.path) == csv_text(second.account, KEYS.path)
    assert repr(sorted(first.rows, key=str)) == repr(sorted(second.rows, key=str))
