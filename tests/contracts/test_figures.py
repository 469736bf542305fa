"""Laws that every figure on the shelf obeys."""

from __future__ import annotations

import pytest

from elsewhere.design import kinds
from elsewhere.design.figure_rows import figure_row
from elsewhere.figures.figure import Figure

ALL = kinds.names("figures")


@pytest.mark.parametrize("name", ALL)
def test_a_figure_is_one_class_on_the_contract(name: str) -> None:
    figure = kinds.implementation("figures", name, Figure)  # type: ignore[type-abstract]
    assert figure.draw.__doc__
    assert figure.__doc__


@pytest.mark.parametrize("name", ALL)
def test_pictures_of_two_figures_are_told_apart_by_their_names(name: str) -> None:
    """A caption key that begins with another figure's would take its pictures."""
    others = [key for other in ALL if other != name for key in figure_row(other).captions]
    for key in figure_row(name).captions:
        assert key not in others


@pytest.mark.parametrize("name", ALL)
def test_a_caption_of_several_pictures_is_named_as_they_begin_without_the_stroke(name: str) -> None:
    """`captions.caption` adds it; a key that has it would be found by no picture."""
    assert not [key for key in figure_row(name).captions if key.endswith("_")]
