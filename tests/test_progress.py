import logging

import pytest

from elsewhere.progress import reported, time_left


def test_yields_every_item_in_order_and_ends_with_a_line(caplog):
    with caplog.at_level(logging.INFO):
        items = list(reported("abc", logging.getLogger("x"), total=3, unit="scans"))
    assert items == ["a", "b", "c"]
    assert [record.getMessage()[:13] for record in caplog.records] == ["3 of 3 scans,"]


def test_says_how_long_the_rest_takes(caplog):
    with caplog.at_level(logging.INFO):
        list(reported(range(4), logging.getLogger("x"), total=4, unit="scans", every_s=0))
    assert len(caplog.records) == 4
    assert all(record.getMessage().endswith(" s left") for record in caplog.records)


def test_nothing_to_do_is_silent(caplog):
    with caplog.at_level(logging.INFO):
        assert list(reported([], logging.getLogger("x"), total=0, unit="scans")) == []
    assert caplog.records == []


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s left"),
        (99.4, "99 s left"),
        (100, "2 min left"),
        (3600, "60 min left"),
        (5999, "1 h 40 min left"),
        (86_400, "24 h 0 min left"),
    ],
)
def test_time_left_is_told_in_the_unit_that_fits(seconds, text):
    assert time_left(seconds) == text
