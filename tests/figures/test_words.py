from __future__ import annotations

import pytest

from elsewhere.figures import words


def test_missing_numbers_are_words_and_never_zero() -> None:
    assert words.number(None) == words.number(float("nan")) == "undefined"
    assert words.interval(None, 0.9) == words.interval(0.1, None) == ""
    assert words.spread(None, 0.1) == ""


def test_numbers() -> None:
    assert words.number(0.826, digits=3) == "0.826"
    assert words.number(0.0) == "0.00"
    assert words.interval(0.7649, 0.9) == "0.76–0.90"
    assert words.spread(0.826, 0.024) == "0.826 ± 0.024"


@pytest.mark.parametrize(
    ("status", "auc", "counts", "expected"),
    [
        ("ok", 0.0, (20, 10), "ok"),
        ("undefined", None, (171, 171), "undefined: one class"),
        ("undefined", None, (48, 0), "undefined: one class"),
        ("undefined", None, (0, 0), "undefined"),
        ("not run", None, (0, 0), "not run"),
    ],
)
def test_verdict_says_why_there_is_no_auc(
    status: str, auc: float | None, counts: tuple[int, int], expected: str
) -> None:
    pooled = {"auc": auc, "n_scans": counts[0], "n_positive": counts[1]}
    assert words.verdict({"status": status, "pooled": pooled}) == expected


def test_a_site_without_scans_says_so() -> None:
    assert words.counts({"pooled": {"n_scans": 0, "n_positive": 0}}) == "no data here"


def test_patients_come_before_scans_and_are_never_made_of_images() -> None:
    pooled = {"n_patients": 34, "n_scans": 1068, "n_positive": 20, "n_positive_patients": 7}
    heading = "34 patients, 7 positive\n1,068 scans, 20 positive"
    assert words.counts({"pooled": pooled}) == heading
    images = pooled | {"n_patients": None, "n_positive_patients": None}
    assert words.counts({"pooled": images}) == "1,068 images\n20 positive"
    assert words.counts({"pooled": pooled | {"n_scans": 0}}) == "no data here"
    assert words.tested({"pooled": pooled | {"n_patients": None}}) == "1,068 images"
    assert words.sizes(1, 1) == "1 patient, 1 scan"
    assert words.sizes(None, 1) == "1 image"
    assert words.of_class(3, 5) == "3 (5)"
    assert words.of_class(None, 5) == "5 images"


def test_images_that_no_model_was_trained_on_do_not_leak() -> None:
    leaking, external = words.keyless({"A": False, "B": True, "C": False})
    assert leaking.startswith("* B: image-level split")
    assert "may be in training and in test" in leaking
    assert external.startswith("* A, C: no patient keys published; no model was trained on its")
    assert words.keyless({}) == []
    assert "in training and" not in external


def test_a_p_is_never_zero() -> None:
    assert words.p_value(0.0432) == "0.043"
    assert words.p_value(0.00001) == words.p_value(0.0) == "<0.001"
    assert words.p_value(None) == "undefined"


def test_an_area_has_its_interval_or_the_reason_why_there_is_none() -> None:
    pooled = {"auc": 0.826, "auc_low": 0.7649, "auc_high": 0.9, "n_scans": 30, "n_positive": 10}
    assert words.area({"status": "ok", "pooled": pooled}) == "0.83 (0.76–0.90)"
    assert words.area({"status": "not run", "pooled": {}}) == "not run"
