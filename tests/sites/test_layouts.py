import pytest

from elsewhere.sites.layout import LayoutError
from elsewhere.sites.layouts import layout
from elsewhere.sites.mosmed import Mosmed


def test_options_reach_the_layout():
    assert layout("mosmed", {"leave_out": ["CT-0"]}) == Mosmed(leave_out=("CT-0",))


def test_an_unknown_layout_is_answered_with_the_known_ones():
    with pytest.raises(LayoutError, match="no 'nifti' in layouts; choose from cc_ccii, chestx"):
        layout("nifti", {})


def test_a_wrong_option_is_named_with_what_the_layout_knows():
    with pytest.raises(LayoutError, match=r"(?s)knows leave_out.*options\.leaveout"):
        layout("mosmed", {"leaveout": []})
    with pytest.raises(LayoutError, match=r"options\.gaps.*got 'fill'"):
        layout("cc_ccii", {"gaps": "fill"})
    with pytest.raises(LayoutError, match=r"options\.leave_out.*got 'CT-9'"):
        layout("mosmed", {"leave_out": ["CT-9"]})
