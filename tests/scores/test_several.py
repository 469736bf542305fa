"""several: a number stands with its interval or with the reason why there is neither."""

from __future__ import annotations

import numpy as np

from elsewhere.design.scoring import Scoring
from elsewhere.scores.clustered import Clustered
from elsewhere.scores.intervals import Interval
from elsewhere.scores.metric import Judged, Sample
from elsewhere.scores.several import NO_INTERVAL, measured, number, of_estimate

KNOWN = number(0.4, Interval(0.2, 0.7, "some method"))
NOT = number(None, None, reason="one class")


def test_a_number_without_an_interval_is_undefined():
    assert number(0.4, None) == (None, None, NO_INTERVAL)
    assert number(None, None, reason="one class").reason == "one class"


def test_an_estimate_has_the_interval_of_its_setting_and_unit():
    judged = Judged(np.zeros(3), np.zeros(3), np.zeros(3, bool), np.arange(3), (), "image")
    scoring = Scoring(threshold_from="argmax", confidence=0.5, bootstrap=1, seed=0)
    found = of_estimate(Clustered(0.0, 1.0, 2), sample=Sample(judged, scoring))
    # Student's t with one degree of freedom is Cauchy's: its quartiles are -1 and 1
    assert np.allclose(found.interval[:2], [-1, 1])
    assert "image" in found.interval.method
    missing = of_estimate(Clustered(None, reason="why"), sample=Sample(judged, scoring))
    assert missing == (None, None, "why")


def test_a_metric_has_values_intervals_and_reasons_under_their_names():
    found = measured("m", {"": KNOWN, "_a": KNOWN, "_b": NOT}, more={"m_curve": [1]})
    assert found.value == 0.4
    assert found.more == {"m_a": 0.4, "m_b": None, "m_curve": [1]}
    assert set(found.intervals) == {"", "_a"}
    assert found.reasons == {"_b": "one class"}


def test_entries_are_flat():
    assert KNOWN.entries("n") == {
        "n": 0.4,
        "n_low": 0.2,
        "n_high": 0.7,
        "n_interval": "some method",
        "n_reason": None,
    }
    assert NOT.entries("n")["n_reason"] == "one class"
