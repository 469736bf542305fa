"""Ranges, sums and what is unknown."""

import pytest

from elsewhere.design.amount import (
    Amount,
    Total,
    between,
    count,
    duration,
    exactly,
    parts,
    size,
    summed,
    total,
    unknown,
)


def test_a_product_has_the_products_of_the_ends_and_both_sources_once():
    product = between([2, 3], "table").times(between([5, 7], "paper; table"))
    assert product.ends() == (10, 21)
    assert parts(product.source) == ["table", "paper"]


def test_what_is_unknown_stays_unknown_with_its_reason():
    lacking = unknown("nobody counted")
    for result in (exactly(2, "a").times(lacking), lacking.times(3), exactly(2, "a").plus(lacking)):
        assert result == lacking
    with pytest.raises(ValueError, match="nobody counted"):
        lacking.ends()


def test_a_sum_adds_what_is_known_and_names_the_rest():
    named = [("a", exactly(1, "x")), ("b", unknown("why")), ("c", between([2, 5], "y"))]
    found = total(named)
    assert found.amount.ends() == (3, 6)
    assert found.lacking == ("b",)
    assert not total([("b", unknown("why"))]).amount.known
    assert total([]).amount.ends() == (0, 0)


def test_a_sum_of_sums_names_those_that_lack_something():
    complete, partial = total([("a", exactly(1, "x"))]), total([("b", unknown("why"))])
    both = summed([("one", complete), ("two", partial)])
    assert both.amount.ends() == (1, 1)
    assert both.lacking == ("two",)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (size(between([1.2e9, 3.4e10], "")), "1.2 to 34 GB"),
        (size(exactly(205_434_528, "")), "205 MB"),
        (duration(between([90, 7200], "")), "0.025 to 2 h"),
        (duration(exactly(0.87, "")), "0.87 s"),
        (count(exactly(2_250_000, "")), "2,250,000"),
        (count(exactly(0, "")), "0"),
        (count(unknown("why")), "unknown"),
        (count(Total(exactly(5, ""), ("a",))), "at least 5"),
    ],
)
def test_amounts_in_words(written, expected):
    assert written == expected


def test_a_range_without_width_is_one_number():
    assert size(Amount(1e9, 1e9, "")) == "1 GB"
