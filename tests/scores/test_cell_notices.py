from __future__ import annotations

from elsewhere.scores.cell_notices import few_choose, other_scales
from elsewhere.scores.headline import ONE_SCALE, OTHER_SCALES


def run(patients, low=0.3, high=0.7):
    return {
        "threshold": 0.5,
        "threshold_patients": patients,
        "threshold_low": low,
        "threshold_high": high,
    }


def test_thresholds_of_few_patients_are_told_with_the_worst_of_them():
    cells = [
        {"runs": [run(29), run(30)]},
        {"runs": [run(6, 0.4, 0.5), run(7, 0.1, 0.9), run(5, None, None)]},
    ]
    (text,) = few_choose(cells)
    assert text.startswith("3 of 4 thresholds were chosen on fewer than 30 validation patients")
    assert "as few as 6" in text
    assert "0.50 would lie between 0.10 and 0.90" in text


def test_thresholds_of_many_patients_and_of_none_are_not_told():
    assert [*few_choose([{"runs": [run(30), run(None, None, None), {"threshold": 0.5}]}])] == []


def folds(arm, pooling):
    reason = {"auc_pooled": f"{OTHER_SCALES}: pooled 0.61, mean of folds 0.74"}
    pooled = {"pooling": pooling, "undefined": reason if pooling == OTHER_SCALES else {}}
    return {"arm": arm, "site": "a", "runs": [{}, {}], "pooled": pooled}


def test_folds_on_other_scales_are_named_with_both_numbers():
    cells = [folds("covidnet", OTHER_SCALES), folds("joint", ONE_SCALE), {"runs": [{}]}]
    (text,) = other_scales(cells, sites={"a": "Site A"})
    assert text.startswith("In 1 of 2 cells")
    assert "covidnet at Site A, pooled 0.61, mean of folds 0.74." in text
    assert [*other_scales(cells[1:], sites={})] == []
    (many,) = other_scales([folds(f"arm{n}", OTHER_SCALES) for n in range(5)], sites={})
    assert many.endswith("; and 2 more.")
