from __future__ import annotations

from matplotlib.figure import Figure

from elsewhere.figures.roc_axes import frame


def test_only_the_first_panel_of_a_row_names_sensitivity() -> None:
    page = Figure()
    first, second = page.subplots(1, 2)
    frame(first, first=True)
    frame(second, first=False)
    assert (first.get_ylabel(), second.get_ylabel()) == ("sensitivity", "")
    for axes in (first, second):
        assert axes.get_xlim() == axes.get_ylim() == (0, 1)
        (chance,) = axes.get_lines()
        assert chance.get_xydata().tolist() == [[0, 0], [1, 1]]
