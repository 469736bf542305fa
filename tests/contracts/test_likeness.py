"""Every layout knows its own sites, and says why it does not know others."""

import pytest

from elsewhere.design import kinds
from elsewhere.sites.layout import Layout

LAYOUTS = kinds.names("layouts")
GENERAL = ("dicom_series", "images", "volumes")
PUBLISHED = [name for name in LAYOUTS if name not in GENERAL]


def likeness(name, root, strict):
    return kinds.implementation("layouts", name, Layout).likeness(root, strict)


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_sound_site_is_like_its_layout_and_lacks_nothing(name, published, strict):
    root = published(name)
    assert likeness(name, root, strict) == (True, "")


@pytest.mark.parametrize("name", LAYOUTS)
def test_an_empty_folder_is_like_no_layout_and_the_reason_names_it(name, tmp_path, strict):
    fits, lacks = likeness(name, tmp_path, strict)
    assert not fits
    assert str(tmp_path) in lacks


@pytest.mark.parametrize("name", PUBLISHED)
def test_other_publishers_sites_are_not_taken_for_ones_own(name, published, strict):
    """General layouts fit any folder of their files; the published ones are told apart."""
    others = [other for other in LAYOUTS if other not in (name, "images", "volumes")]
    fitting = [other for other in others if likeness(name, published(other), strict).fits]
    assert fitting == []


def test_only_layouts_of_ones_own_data_are_general():
    general = [n for n in LAYOUTS if kinds.implementation("layouts", n, Layout).general]
    assert general == [*GENERAL]
