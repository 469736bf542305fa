import pytest

from elsewhere.sites.layout import LayoutError
from elsewhere.sites.layouts import layout, likenesses
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


def test_what_fits_best_comes_first(published, strict):
    """A publisher's own layout before a general one, what lacks nothing before what does."""
    first, second, *others = likenesses(published("mosmed"), strict).items()
    assert first == ("mosmed", (True, ""))
    assert second[0] == "volumes"
    assert second[1].fits
    assert "no label.csv" in second[1].lacks
    assert not any(likeness.fits for _, likeness in others)


def test_a_folder_that_cannot_be_listed_is_like_no_layout(tmp_path, strict, monkeypatch):
    def refuse(root, policy):
        raise PermissionError(13, "no")

    monkeypatch.setattr(Mosmed, "likeness", refuse)
    assert likenesses(tmp_path, strict)["mosmed"] == (
        False,
        f"{tmp_path}: PermissionError while looking at it",
    )
