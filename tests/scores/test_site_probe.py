"""site_probe: what was put into the probabilities comes out, and what was not does not."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from elsewhere.scores import site_probe
from elsewhere.scores.cell import Predicted

CLASSES = ("negative", "positive")


def predicted(
    dice: np.random.Generator, shifts: tuple[float, float], counts: tuple[int, int], each: int = 1
) -> Predicted:
    """Scores of normal scans: at a site, class 0 and class 1 lie at `shifts`."""
    rows = []
    for label, (shift, count) in enumerate(zip(shifts, counts, strict=True)):
        for patient in range(count):
            score = float(norm.cdf(shift + dice.normal()))
            rows += [
                {"scan_id": f"{label}-{patient}-{scan}", "patient_id": f"{label}-{patient}",
                 "finding": "", "label": label, "fold": 0, "seed": seed, "part": "test",
                 "probability_0": 1 - score, "probability_1": score}
                for scan in range(each) for seed in (0, 1)
            ]  # fmt: skip
    names = ["scan_id", "patient_id", "label", "part", "probability_1"]
    frame = pd.DataFrame(rows, columns=[*names, "finding", "fold", "seed", "probability_0"])
    return Predicted(frame, {"patient_key": "published", "status": "ok"})


def probes(sites: dict[str, Predicted]) -> dict[tuple[str, str, str], dict]:
    scans = site_probe.gathered({s: [p] for s, p in sites.items()}, classes=CLASSES)
    rows = site_probe.of_arm(scans, classes=CLASSES, confidence=0.95)
    return {(row["site"], row["scans_of"], row["against"]): row for row in rows}


def test_a_model_that_answers_is_this_mosmed_is_found_out(
    dice: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A-75: it scores MosMed 2 higher and knows no disease; elsewhere all scans score alike."""
    monkeypatch.setattr(site_probe, "PERMUTATIONS", 999)
    elsewhere = {name: predicted(dice, (0, 0), (150, 150)) for name in ("utsw", "cc")}
    found = probes({**elsewhere, "mosmed": predicted(dice, (0, 2), (0, 400))})
    expected = norm.cdf(2 / 2**0.5)
    for against in CLASSES:
        row = found["mosmed", "positive", against]
        assert row["auc"] == pytest.approx(expected, abs=0.03)
        assert row["low"] < expected < row["high"]
        assert row["p"] == 0.001
        assert (row["n_scans"], row["n_others"], row["clusters"]) == (400, 300, 700)
    assert ("mosmed", "negative", "negative") not in found
    assert ("utsw", "positive", "negative") not in found, "utsw has both classes"


def test_a_model_that_knows_the_disease_does_not_tell_the_site(
    dice: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_probe, "PERMUTATIONS", 999)
    elsewhere = {name: predicted(dice, (0, 2), (150, 150)) for name in ("utsw", "cc")}
    found = probes({**elsewhere, "mosmed": predicted(dice, (0, 2), (0, 200))})
    assert found["mosmed", "positive", "negative"]["auc"] > 0.85, "the disease alone does that"
    for site in ("utsw", "cc", "mosmed"):
        row = found[site, "positive", "positive"]
        assert row["auc"] == pytest.approx(0.5, abs=0.08)
        assert row["p"] > 0.01


def test_the_auc_is_scikit_learns(dice: np.random.Generator) -> None:
    first, second = predicted(dice, (0, 1), (9, 12), each=2), predicted(dice, (0, 2), (8, 7))
    row = probes({"a": first, "b": second})["a", "positive", "positive"]
    scores = [
        p.frame[(p.frame["label"] == 1) & (p.frame["seed"] == 0)]
        .groupby("scan_id")["probability_1"]
        .mean()
        for p in (first, second)
    ]
    truth = np.repeat([1, 0], [len(scores[0]), len(scores[1])])
    assert row["auc"] == pytest.approx(roc_auc_score(truth, np.concatenate(scores)))
    assert (row["n_scans"], row["n_others"], row["clusters"]) == (24, 7, 19)


def test_p_is_that_of_all_exchanges_of_patients(dice: np.random.Generator) -> None:
    patients = np.repeat(np.arange(9), [1, 2, 1, 3, 1, 1, 2, 1, 1])
    scores = dice.normal(size=len(patients)) + 1.5 * (patients < 4)
    here = (patients < 4).astype(np.int64)
    far = abs(roc_auc_score(here, scores) - 0.5)
    areas = [
        roc_auc_score(np.isin(patients, of), scores) for of in itertools.combinations(range(9), 4)
    ]
    expected = np.mean([abs(area - 0.5) >= far - 1e-9 for area in areas])
    found = site_probe.exchanged_p(scores, here=here, patients=patients)
    assert found == pytest.approx(expected, abs=0.02)


def test_models_of_different_scales_are_not_ranked_together(dice: np.random.Generator) -> None:
    """Two folds of one site, the second 100 times as sure: as mean AUC each counts by itself."""
    parts = {}
    for name, counts in (("a", (0, 30)), ("b", (0, 30))):
        first = predicted(dice, (0, 0), counts).frame
        odd = first["patient_id"].str[-1].isin([*"13579"])
        second = first.assign(fold=1, probability_1=first["probability_1"] / 100)
        folds = [first, second] if name == "b" else [first[~odd], second[odd]]
        parts[name] = Predicted(pd.concat(folds), {"patient_key": "published", "status": "ok"})
    row = probes(parts)["a", "positive", "positive"]
    areas = []
    for fold in (0, 1):
        of = [p.frame[(p.frame["fold"] == fold) & (p.frame["seed"] == 0)] for p in parts.values()]
        truth = np.repeat([1, 0], [len(one) for one in of])
        areas.append(roc_auc_score(truth, np.concatenate([one["probability_1"] for one in of])))
    assert row["auc"] == pytest.approx(np.mean(areas))
    assert row["low"] < row["auc"] < row["high"]
    assert (row["n_scans"], row["n_others"], row["clusters"]) == (30, 30, 60)
    assert row["p"] > 0.001


def test_p_is_uniform_where_patients_are_exchangeable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several scans of a patient that score alike count as one patient."""
    monkeypatch.setattr(site_probe, "PERMUTATIONS", 99)
    chances = []
    for seed in range(60):
        dice = np.random.default_rng(seed)
        sites = {name: predicted(dice, (0, 0), (0, 12), each=4) for name in "ab"}
        chances.append(probes(sites)["a", "positive", "positive"]["p"])
    assert sum(chance <= 0.05 for chance in chances) <= 8
    assert 0.38 < np.mean(chances) < 0.63


def test_few_patients_have_no_probe_and_a_reason(dice: np.random.Generator) -> None:
    row = probes(
        {"a": predicted(dice, (0, 1), (9, 4), each=3), "b": predicted(dice, (0, 1), (9, 9))}
    )
    few = row["a", "positive", "positive"]
    assert (few["auc"], few["p"], few["status"]) == (None, None, "undefined")
    assert few["reason"] == "too few patients: 4 on one side, at least 5 are needed"
    assert row["a", "negative", "negative"]["status"] == "ok"


def test_of_more_than_two_classes_each_has_its_own_probability(dice: np.random.Generator) -> None:
    """The site raises the probability of class c alone."""
    names = ("a", "b", "c")
    parts = {}
    for site, bonus in (("here", 2.0), ("there", 0.0)):
        label = np.arange(90) % 3
        parts[site] = []
        for number in range(3):
            frame = predicted(dice, (0, 0), (90, 0)).frame
            frame["label"] = np.repeat((label == number).astype(int), 2)
            frame["probability_1"] = norm.cdf(
                np.repeat(dice.normal(size=90), 2) + bonus * (number == 2)
            )
            parts[site].append(Predicted(frame, {"status": "ok", "patient_key": "none"}))
    scans = site_probe.gathered(parts, classes=names)
    rows = [*site_probe.of_arm(scans, classes=names, confidence=0.95)]
    assert [(row["site"], row["scans_of"]) for row in rows] == [
        (site, name) for site in parts for name in names
    ]
    areas = [row["auc"] for row in rows[:3]]
    assert areas[2] > 0.85
    assert max(abs(area - 0.5) for area in areas[:2]) < 0.2
    assert {row["unit"] for row in rows} == {"image"}


def test_every_probe_of_a_study_is_in_one_family() -> None:
    probe = {"auc": 0.9, "p": 0.01, "n_scans": 9, "n_patients": 8, "status": "ok", "reason": None}
    lost = {"status": "not run", "reason": "gone"}
    features = [
        site_probe.of_features(r) for r in ({"linear_probe": {"site": probe}, **lost}, lost)
    ]
    rows = site_probe.adjusted([*features, {"p": 0.04}, {"p": 0.03}])
    assert [row["p_holm"] for row in rows] == pytest.approx([0.03, None, 0.06, 0.06])
    assert {row["family"] for row in rows} == {3}
    assert (rows[0]["auc"], rows[0]["clusters"], rows[0]["site"]) == (0.9, 8, "all sites")
    assert (rows[1]["status"], rows[1]["reason"]) == ("not run", "gone")
