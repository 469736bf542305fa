"""shelf_pages: every metric and every figure has a line."""

import re

import shelf_pages

from elsewhere.design import kinds
from elsewhere.design.figure_rows import STANDARD, figure_row
from elsewhere.design.metric_rows import metric_row


def names(lines):
    return re.findall(r"^\| `(\w+)` \|", "\n".join(lines), re.M)


def test_every_metric_is_listed_with_its_definition():
    text = "\n".join(shelf_pages.metrics())
    assert sorted(names(text.splitlines())) == [*kinds.names("metrics")]
    assert all(metric_row(name).definition in text for name in kinds.names("metrics"))


def test_every_figure_is_listed_in_the_order_of_the_report():
    listed = names(shelf_pages.figures())
    assert sorted(listed) == [*kinds.names("figures")]
    assert [name for name in listed if name in STANDARD] == [*STANDARD]
    assert [figure_row(name).order for name in listed] == sorted(
        figure_row(name).order for name in listed
    )
