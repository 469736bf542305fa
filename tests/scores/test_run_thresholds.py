from __future__ import annotations

import pandas as pd
import pytest

from elsewhere.scores.run_thresholds import (
    SPREAD,
    apart,
    choose_each,
    entry,
    part_of,
    validation,
)
from elsewhere.scores.thresholds import OF_ARGMAX, Spread, Threshold


@pytest.fixture
def frames(rows):
    """Two sites with validation scans of two folds."""
    near = {0: [0.2, 0.3], 1: [0.6, 0.7]}
    return {
        site: pd.concat(
            [
                rows([0, 1], scores, fold=fold, part="validation", prefix=f"{site}{fold}")
                for fold, scores in near.items()
            ]
        )
        for site in ("a", "b")
    }


def test_each_run_chooses_on_its_own_validation_scans_of_all_sites(frames):
    chosen = choose_each(frames, [(0, 0), (1, 0)], confidence=0.95, unit="patient")
    assert [one.value for one in chosen.values()] == pytest.approx([0.25, 0.65])
    assert {one.spread.n_patients for one in chosen.values()} == {4}
    assert all(one.rule.endswith("4 of 4 scans (a + b)") for one in chosen.values())


def test_the_entry_of_several_runs_names_the_fewest_patients():
    first = Threshold(0.4, "chosen", spread=Spread(30, 0.3, 0.5, "method"))
    second = Threshold(0.6, "chosen", spread=Spread(12, 0.2, 0.7, "method"))
    alone = entry({(0, 0): first}, ())
    assert [alone[name] for name in ("threshold", *SPREAD)] == [0.4, 30, 0.3, 0.5, "method"]
    both = entry({(0, 0): first, (1, 0): second}, ())
    assert (both["threshold"], both["threshold_patients"], both["threshold_low"]) == (
        None,
        12,
        None,
    )
    argmax = entry({(0, 0): OF_ARGMAX, (1, 0): OF_ARGMAX}, ())
    assert (argmax["threshold"], argmax["threshold_patients"]) == (0.5, None)
    rivals = entry({(0, 0): OF_ARGMAX}, ("x", "y", "z"))
    assert (rivals["threshold"], rivals["threshold_rule"]) == (None, "argmax of 3 classes")


def test_rows_of_a_part_and_runs_apart(frames):
    of_run = part_of(frames["a"], (1, 0), "validation")
    assert set(of_run["fold"]) == {1}
    assert part_of(frames["a"], (1, 0), "test").empty
    twice = pd.concat([of_run, of_run.assign(seed=4)])
    assert apart(twice)["scan_id"].nunique() == 2 * of_run["scan_id"].nunique()


def test_validation_scans_are_those_of_all_runs_and_none_of_several_folds(rows):
    one = rows([0, 1], [0.2, 0.6], part="validation")
    both = pd.concat([one, one.assign(seed=1, probability_1=[0.4, 0.8])])
    runs = [(0, 0), (0, 1)]
    mean = validation([both], runs, each_run=False)
    assert mean is not None
    assert mean.scores == pytest.approx([0.3, 0.7])
    each = validation([both], runs, each_run=True)
    assert each is not None
    assert sorted(each.scores) == pytest.approx([0.2, 0.4, 0.6, 0.8])
    assert len(set(each.patients)) == 2
    assert validation([both.assign(fold=both["seed"])], [(0, 0), (1, 1)], each_run=True) is None
    assert validation([], runs, each_run=True) is None
