import pytest

from elsewhere.sites import registry
from elsewhere.sites.layout import LayoutError
from elsewhere.sites.mosmed import Mosmed


def test_options_reach_the_layout():
    found = registry.layout("mosmed", {"leave_out": ["CT-0"]})
    assert found == Mosmed(leave_out=("CT-0",))


@pytest.mark.parametrize("name", registry.LAYOUTS)
def test_every_layout_is_where_the_registry_says(name):
    assert registry.layout_class(name).__module__ == f"elsewhere.sites.{name}"


def test_an_unknown_layout_is_answered_with_the_known_ones():
    with pytest.raises(LayoutError, match="no 'nifti'; there are cc_ccii, chestxray14"):
        registry.layout("nifti", {})


def test_a_wrong_option_is_named_with_what_the_layout_knows():
    with pytest.raises(LayoutError, match=r"(?s)knows leave_out.*options\.leaveout"):
        registry.layout("mosmed", {"leaveout": []})
    with pytest.raises(LayoutError, match=r"options\.gaps.*got 'fill'"):
        registry.layout("cc_ccii", {"gaps": "fill"})
