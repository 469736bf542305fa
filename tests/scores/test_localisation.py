"""localisation: agreement of a map with lesions, against counts by hand and scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import jaccard_score, roc_auc_score
from statsmodels.stats.proportion import proportion_confint

from elsewhere.design.scoring import Scoring
from elsewhere.scores import localisation
from elsewhere.scores.localisation import AUC, NO_LESION, POINTING, QUANTITIES, THRESHOLDS

SCORING = Scoring(threshold_from="argmax", confidence=0.95, bootstrap=500, seed=0)


def scene(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a map of noise, higher in the lesion; lesion; lungs around it [4, 6, 6]."""
    rng = np.random.default_rng(seed)
    lungs = np.zeros((4, 6, 6), bool)
    lungs[:, 1:5, 1:5] = True
    lesion = np.zeros_like(lungs)
    lesion[1:3, 2:4, 2:4] = True
    return rng.uniform(0, 0.6, lungs.shape) + 0.3 * lesion, lesion, lungs


def test_numbers_are_those_of_scikit_learn() -> None:
    found, lesion, lungs = scene()
    got = localisation.agreement(found, lesion=lesion, lungs=lungs)
    assert got is not None
    assert got.auc == pytest.approx(roc_auc_score(lesion[lungs], found[lungs]))
    for threshold, iou in zip(THRESHOLDS, got.iou, strict=True):
        above = found >= threshold * found.max()
        assert iou == pytest.approx(jaccard_score(lesion.ravel(), above.ravel()))
    assert got.chance == 8 / 64
    assert got.pointing == float(lesion.ravel()[found.argmax()])


def test_a_map_that_is_the_lesion_agrees_wholly_and_its_complement_not_at_all() -> None:
    _, lesion, lungs = scene()
    same = localisation.agreement(lesion.astype(float), lesion=lesion, lungs=lungs)
    assert same is not None
    assert (same.pointing, same.auc, same.iou) == (1, 1, (1,) * 9)
    other = localisation.agreement((lungs & ~lesion).astype(float), lesion=lesion, lungs=lungs)
    assert other is not None
    assert (other.pointing, other.auc, other.iou) == (0, 0, (0,) * 9)


def test_a_map_of_one_value_points_by_chance() -> None:
    _, lesion, lungs = scene()
    flat = localisation.agreement(np.zeros(lesion.shape), lesion=lesion, lungs=lungs)
    assert flat is not None
    assert flat.pointing == pytest.approx(lesion.mean())
    assert flat.auc == 0.5
    assert flat.iou == (0,) * 9


def test_without_a_lesion_there_is_nothing_to_find() -> None:
    found, lesion, lungs = scene()
    assert localisation.agreement(found, lesion=np.zeros_like(lesion), lungs=lungs) is None
    rows = localisation.table([None, None], patients=np.array([0, 1]), scoring=SCORING)
    assert [row["quantity"] for row in rows] == [*QUANTITIES]
    assert all(row["reason"] == NO_LESION and row["value"] is None for row in rows)


def test_lungs_without_a_lesion_voxel_have_no_auc() -> None:
    found, lesion, lungs = scene()
    outside = np.zeros_like(lesion)
    outside[0, 0, 0] = True
    got = localisation.agreement(found, lesion=outside, lungs=lungs)
    assert got is not None
    assert np.isnan(got.auc)
    rows = localisation.table([got], patients=np.array([0]), scoring=SCORING)
    by_name = {row["quantity"]: row for row in rows}
    assert by_name[AUC]["value"] is None
    assert "all lesion or have none" in by_name[AUC]["reason"]
    assert by_name[POINTING]["value"] == got.pointing


def test_other_lattices_are_refused() -> None:
    found, lesion, lungs = scene()
    with pytest.raises(ValueError, match="not of one lattice"):
        localisation.agreement(found[:2], lesion=lesion, lungs=lungs)


def test_scans_of_one_patient_are_no_new_evidence() -> None:
    scenes = [scene(seed) for seed in range(12)]
    scans = [
        localisation.agreement(found, lesion=lesion, lungs=lungs) for found, lesion, lungs in scenes
    ]
    once = localisation.table(scans, patients=np.arange(12), scoring=SCORING)
    twice = localisation.table(
        [*scans, *scans], patients=np.tile(np.arange(12), 2), scoring=SCORING
    )
    for first, second in zip(once, twice, strict=True):
        numbers = ("value", "low", "high", "n_patients")
        assert [first[key] for key in numbers] == pytest.approx([second[key] for key in numbers])
    auc = next(row for row in once if row["quantity"] == AUC)
    assert auc["low"] < auc["value"] < auc["high"]
    values = [scan.auc for scan in scans if scan]
    error = np.std(values, ddof=1) / np.sqrt(12)
    assert auc["high"] - auc["low"] == pytest.approx(2 * 1.96 * error, rel=0.2)


def test_a_pointing_game_that_is_always_lost_has_an_interval() -> None:
    """The rule of three: of n patients without a hit, the share is below 3 / n or so."""
    found, lesion, lungs = scene()
    found = found * ~lesion
    scans = [localisation.agreement(found, lesion=lesion, lungs=lungs)] * 20
    rows = localisation.table(scans, patients=np.arange(20) // 2, scoring=SCORING)
    by_name = {row["quantity"]: row for row in rows}
    low, high = proportion_confint(0, 10, method="wilson")
    got = by_name[POINTING]
    assert (got["value"], got["low"]) == (0, 0)
    assert low == pytest.approx(0, abs=1e-12)
    assert got["high"] == pytest.approx(high)
    assert got["method"] == "Wilson, n = 10 patients"
