from __future__ import annotations

import pytest

from elsewhere.scores.summary import places, spread

SITES = ("utsw", "cc-ccii", "covid-ctset")
OWN = {"utsw": 0.826, "cc-ccii": 0.988, "covid-ctset": 0.873}


def cell(training, site, auc, *, status="ok", reason=None):
    return {
        "arm": "_".join(training),
        "site": site,
        "training_sites": list(training),
        "status": status,
        "reason": reason,
        "pooled": {
            "auc": auc,
            "auc_low": None if auc is None else auc - 0.1,
            "auc_high": None if auc is None else auc + 0.1,
        },
    }


CELLS = [
    *(cell((arm,), site, OWN[arm] if arm == site else 0.5) for arm in SITES for site in SITES),
    cell(("utsw", "covid-ctset"), "utsw", 0.937),
    cell(("utsw", "covid-ctset"), "covid-ctset", 0.926),
    cell(("utsw", "covid-ctset"), "cc-ccii", 0.4),
    cell(("utsw",), "mosmed", None, status="undefined", reason="all positive"),
    cell(("cc-ccii",), "gone", None, status="not run", reason="no data"),
]


def test_places_are_the_cells_with_an_auc():
    found = places(CELLS)
    assert len(found) == 12
    assert (found[0].arm, found[0].site, found[0].kind) == ("utsw", "utsw", "own")
    assert (found[-1].kind, found[-1].n_training_sites, found[-1].auc) == ("unseen", 2, 0.4)
    assert (found[0].auc_low, found[0].auc_high) == (pytest.approx(0.726), pytest.approx(0.926))


def runs(values):
    return {
        "runs": [
            {"fold": fold, "seed": seed, "f1": value}
            for seed, of_seed in enumerate(values)
            for fold, value in enumerate(of_seed)
        ]
    }


def test_spread_over_seeds_is_that_of_the_fold_means():
    found = spread(runs([[0.6, 0.8], [0.5, 0.7], [0.9, 0.7]]), measure="f1")
    assert found.mean == pytest.approx(0.7)
    assert found.sd_over_seeds == pytest.approx(0.1)  # fold means 0.7, 0.6, 0.8
    assert found.sd_over_runs == pytest.approx(0.02**0.5)
    assert (found.n_seeds, found.n_runs) == (3, 6)


def test_spread_of_one_seed_and_of_none():
    one = spread(runs([[0.6, None, 0.8]]), measure="f1")
    assert (one.mean, one.sd_over_seeds, one.n_runs) == (pytest.approx(0.7), None, 2)
    assert one.sd_over_runs == pytest.approx(0.02**0.5)
    assert one.of_runs == 3, "that it is undefined in one of them is not lost"
    assert spread({"runs": []}, measure="f1") == (None, None, None, 0, 0, 0)
