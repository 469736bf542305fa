"""averages: rows of several sites become one."""

from __future__ import annotations

import pytest

from elsewhere.design.scoring import STANDARD
from elsewhere.scores.averages import numbers
from elsewhere.scores.matrix import numbers as columns


def row(auc, *, threshold=0.5, **more):
    found = dict.fromkeys(columns(STANDARD)) | {"n_patients": 4, "n_scans": 6, "n_positive": 3}
    ends = {"auc_low": None if auc is None else auc - 0.1, "auc_high": auc and auc + 0.1}
    return found | {"auc": auc, "threshold": threshold} | ends | more


def test_a_row_sums_counts_and_averages_every_metric_under_its_own_name():
    sites = [row(0.6, accuracy=0.5, f1=0.2, auc_mc_sd=0.1), row(0.8, accuracy=0.9, f1=0.4)]
    found = numbers(sites, metrics=STANDARD)
    assert {*columns(STANDARD), "fold", "seed", "status"} <= {*found}
    assert (found["n_patients"], found["n_scans"], found["n_positive"]) == (8, 12, 6)
    assert found["auc"] == pytest.approx(0.7)
    assert found["auc_high"] - found["auc"] == pytest.approx(0.1 / 2**0.5)
    assert (found["accuracy"], found["accuracy_low"]) == (pytest.approx(0.7), None)
    assert found["f1"] == pytest.approx(0.3)
    assert found["auc_mc_sd"] is None
    assert (found["threshold"], found["status"], found["fold"]) == (0.5, "ok", "pooled")


def test_a_site_without_an_auc_or_patient_keys_is_not_passed_over():
    found = numbers([row(0.6), row(None, n_patients=None, threshold=0.4)], metrics=STANDARD)
    assert (found["auc"], found["status"], found["n_patients"]) == (None, "undefined", None)
    assert (found["threshold"], found["n_scans"]) == (None, 12)


def test_without_sites_it_was_not_run():
    assert numbers([], metrics=STANDARD)["status"] == "not run"
