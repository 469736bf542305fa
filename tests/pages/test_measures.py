"""measures: every number of a study that has an interval can be chosen, in the figure's colours."""

import re

import pytest
from matplotlib.colors import to_hex, to_rgb

from elsewhere.design import kinds
from elsewhere.design.metric_rows import metric_row
from elsewhere.figures import style
from elsewhere.pages import measures
from elsewhere.pages.shell import HERE

CSS = (HERE / "static/app.css").read_text()


def test_every_number_with_an_interval_can_be_chosen_and_has_a_title_of_its_own():
    names = kinds.names("metrics")
    found = measures.measures(names)
    expected = {
        column.removesuffix("_low")
        for name in names
        for column in metric_row(name).columns
        if column.endswith("_low")
    }
    assert set(found) == expected
    assert len({one.title for one in found.values()}) == len(found)
    assert {"auc", "sensitivity", "specificity", "calibration_slope"} <= set(found)


def _rule(kind, step):
    return re.search(rf"\.{kind}\.v{step} {{ background: (#\w+); }}", CSS)[1]


@pytest.mark.parametrize("step", range(measures.STEPS + 1))
def test_colours_are_those_of_the_figure(step):
    share = step / measures.STEPS
    assert _rule("area", step) == to_hex(style.auc_colours()(share))
    assert _rule("share", step) == to_hex(style.share_colours()(share))


def _luminance(colour):
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def test_numbers_can_be_read_on_every_colour():
    """WCAG 1.4.3: a contrast of 4.5 at least."""
    ink = _luminance(re.search(r"--cell-ink: (#\w+);", CSS)[1])
    for step in range(measures.STEPS + 1):
        for kind in ("area", "share"):
            assert (_luminance(_rule(kind, step)) + 0.05) / (ink + 0.05) >= 4.5


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("auc", 0.5, "area v10"), ("auc", 1.0, "area v20"), ("auc", 0.0, "area v0"),
        ("sensitivity", 0.26, "share v5"), ("macro_auc", 0.73, "area v15"),
        ("calibration_slope", -3.0, "plain"), ("auc", None, "none"),
    ],
)  # fmt: skip
def test_a_colour(name, value, expected):
    assert measures.colour(name, value) == expected


def test_the_reason_of_a_missing_number_is_its_own_where_it_has_one():
    cell = {"status": "ok", "reason": None}
    pooled = {"undefined": {"precision": "nothing is called positive"}, "reason": None}
    assert measures.why(cell, pooled, "precision") == "nothing is called positive"
    absent = {"status": "not run", "reason": "no data here", "pooled": {}}
    assert measures.why(absent, {}, "auc") == "not run: no data here"


def test_definitions_name_no_requirement_of_a_paper():
    """They stand in the documentation; who reads a page does not know their numbers."""
    for one in measures.measures(kinds.names("metrics")).values():
        assert not re.search(r"[A-C]-\d\d|\(\)|\( |; \)", one.definition), one.definition


def test_a_threshold_says_where_it_was_chosen_and_by_what():
    found = measures.measures(["transport"])
    titles = {one.title for one in found.values()}
    assert "sensitivity, threshold of the training sites (by highest accuracy)" in titles
    assert "specificity, gained by the threshold of this site (by 90 % sensitivity)" in titles
