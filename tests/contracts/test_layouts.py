"""Every registered layout obeys the same laws."""

import math

import pytest

from elsewhere.imaging import formats
from elsewhere.sites import registry
from elsewhere.sites.intake import Intake
from elsewhere.sites.keys import Keys
from elsewhere.sites.layout import LayoutError, Rejected, Scan

SIZES = {
    "cc_ccii": 4,
    "covid_ct": 6,
    "covid_ctset": 6,
    "dicom_series": 4,
    "mosmed": 3,
    "sars_cov_2_ct": 22,
}
KEYS = Keys("a-site", False, b"key of a test")

every_layout = pytest.mark.parametrize("name", registry.LAYOUTS)


def tree(root):
    return {path: path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_every_layout_has_a_sample_here():
    assert set(SIZES) == set(registry.LAYOUTS)


@every_layout
def test_says_whose_data_it_reads_and_under_which_terms(name):
    chosen = registry.layout_class(name)
    assert len(chosen.citation) > 10
    assert chosen.licence


@every_layout
def test_refuses_an_option_that_it_does_not_know(name):
    with pytest.raises(LayoutError, match=r"options\.no_such_option"):
        registry.layout(name, {"no_such_option": 1})


@every_layout
def test_finds_every_scan_of_a_sound_site(name, published):
    root = published(name)
    found = list(registry.layout(name, {}).scans(root))
    assert all(isinstance(one, Scan) for one in found)
    assert len(found) == SIZES[name]


@every_layout
def test_scans_are_well_formed(name, published):
    root = published(name)
    scans = list(registry.layout(name, {}).scans(root))
    assert len({scan.name for scan in scans}) == len(scans)
    assert {scan.label for scan in scans} <= {0, 1}
    for scan in scans:
        assert scan.category
        assert scan.sex in ("F", "M", "unknown")
        assert math.isnan(scan.age) or 0 <= scan.age <= 150
        assert not scan.path.startswith("/")
        assert scan.source.files
        assert all(path.is_file() and root in path.parents for path in scan.source.files)


@every_layout
def test_gives_the_same_scans_again_and_writes_nothing(name, published):
    root = published(name)
    before = tree(root)
    layout = registry.layout(name, {})
    # compared as text, because an unknown age is NaN
    assert repr(list(layout.scans(root))) == repr(list(layout.scans(root)))
    assert tree(root) == before


@every_layout
def test_reads_no_pixel(name, published):
    root = published(name)
    layout = registry.layout(name, {})
    before = repr(list(layout.scans(root)))
    for path, content in tree(root).items():
        if path.suffix in (".png", ".jpg", ".tif", ".gz"):
            path.write_bytes(b"")
        elif not path.suffix:
            path.write_bytes(content[:-50])
    assert repr(list(layout.scans(root))) == before


@every_layout
def test_every_scan_reads_as_a_volume(name, published):
    for scan in registry.layout(name, {}).scans(published(name)):
        volume = formats.read(scan.source)
        assert volume.voxels.ndim == 3


@every_layout
def test_an_empty_folder_is_refused_by_name(name, tmp_path):
    with pytest.raises(LayoutError, match=str(tmp_path)):
        list(registry.layout(name, {}).scans(tmp_path))


@every_layout
def test_hidden_files_are_no_scans(name, published):
    root = published(name)
    for folder in {path.parent for path in tree(root)}:
        (folder / "._Thumb (1).png").write_bytes(b"x")
        (folder / ".DS_Store").write_bytes(b"x")
    assert len(list(registry.layout(name, {}).scans(root))) == SIZES[name]


@every_layout
def test_one_damaged_scan_is_one_rejected_row(name, published, tmp_path):
    root = published(name)
    layout = registry.layout(name, {})
    victim = next(iter(layout.scans(root))).source.files[0]
    victim.write_bytes(victim.read_bytes()[: -60 if not victim.suffix else 20])
    rows, rejected = Intake(KEYS, True, tmp_path / "volumes").take(layout, root)
    assert len(rows) == SIZES[name] - 1
    assert [isinstance(one, Rejected) and one.reason for one in rejected] == ["unreadable"]
    assert len(list((tmp_path / "volumes").iterdir())) == len(rows)
