"""shown: numbers as a person reads them; a missing one is a dash, never 0."""

import pytest

from elsewhere.figures import style
from elsewhere.pages import shown


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.876, "0.88"), (None, "–"), ("", "–"), (float("nan"), "–"), (0, "0.00"), ("0.5", "0.50")],
)
def test_a_number(value, text):
    assert shown.number(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(1234567, "1,234,567"), (0, "0"), (None, "–"), (float("nan"), "–")]
)
def test_a_count(value, text):
    assert shown.count(value) == text


def test_an_interval_whose_ends_may_be_negative():
    assert shown.interval({"x_low": -0.5, "x_high": 0.25}, "x") == "-0.50 to 0.25"
    assert shown.interval({"x": 1.0}, "x") == ""
    assert shown.interval({"x_low": None, "x_high": None}, "x") == ""


def test_patients_come_before_scans():
    cell = {"status": "ok"}
    numbers = {"n_patients": 12, "n_positive_patients": 3, "n_scans": 20, "n_positive": 5}
    assert shown.counted(cell, numbers) == "12 patients, 3 positive; 20 scans, 5 positive."
    assert shown.counted(cell, {"n_patients": 1, "n_scans": 2}) == "1 patient, 2 scans."
    images = {"n_patients": None, "n_positive_patients": None, "n_scans": 9, "n_positive": 2}
    assert shown.counted(cell, images) == "9 images; 2 positive."


def test_synthetic_data_are_marked_in_the_words_of_every_figure():
    assert shown.SYNTHETIC == style.SYNTHETIC
