from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score

from elsewhere.design.scoring import Scoring
from elsewhere.scores.cell import Predicted, assemble
from elsewhere.scores.delong import delong
from elsewhere.scores.intervals import auc_interval
from elsewhere.scores.outcomes import outcomes

NAMES = {"study": "s", "arm": "a_b", "site": "c"}
OK = {"status": "ok", "patient_key": "published"}
SCORING = Scoring(threshold_from="training_sites", confidence=0.95, bootstrap=100, seed=0)


def assembled(test, training, *, scoring=SCORING, metadata=OK):
    return assemble(
        Predicted(test, metadata),
        training={site: Predicted(frame, OK) for site, frame in training.items()},
        names=NAMES,
        scoring=scoring,
    )


@pytest.fixture
def folds(rows, dice):
    """Test rows of 3 folds; validation rows of two sites that want another threshold in each."""
    test, first, second = [], [], []
    for fold in range(3):
        labels = np.tile([0, 1], 8)
        scores = np.clip(dice.normal(0.3 + 0.3 * labels, 0.25), 0, 1)
        test.append(rows(labels, scores, fold=fold, prefix=f"t{fold}-"))
        cut = 0.2 + 0.2 * fold
        near = [cut - 0.02, cut + 0.02]
        first.append(rows([0, 1], near, fold=fold, part="validation", prefix=f"a{fold}-"))
        second.append(rows([0, 1], near, fold=fold, part="validation", prefix=f"b{fold}-"))
    return pd.concat(test), {"a": pd.concat(first), "b": pd.concat(second)}


def test_names_and_training_sites_are_kept_in_order(folds):
    test, training = folds
    found = assembled(test, dict(reversed(training.items())))
    assert (found["study"], found["arm"], found["site"]) == ("s", "a_b", "c")
    assert found["training_sites"] == ["b", "a"]
    assert (found["patient_key"], found["status"], found["reason"]) == ("published", "ok", None)


def test_each_run_is_judged_at_the_threshold_of_its_own_validation_scans(folds):
    test, training = folds
    found = assembled(test, training)
    assert [(run["fold"], run["seed"]) for run in found["runs"]] == [(0, 0), (1, 0), (2, 0)]
    assert [run["threshold"] for run in found["runs"]] == pytest.approx([0.2, 0.4, 0.6])
    rule = "highest accuracy on validation data: 4 of 4 scans (a + b)"
    assert {run["threshold_rule"] for run in found["runs"]} == {rule}
    for run in found["runs"]:
        own = test[test["fold"] == run["fold"]]
        assert run["auc"] == pytest.approx(roc_auc_score(own["label"], own["probability_1"]))
        right = (own["probability_1"] >= run["threshold"]) == (own["label"] == 1)
        assert run["accuracy"] == right.mean()


def test_pooled_counts_are_the_sums_of_the_runs(folds):
    test, training = folds
    found = assembled(test, training)
    pooled = found["pooled"]
    assert (pooled["fold"], pooled["seed"], pooled["n_scans"]) == ("pooled", "pooled", 48)
    for count in ("tp", "fp", "tn", "fn"):
        assert pooled["confusion"][count] == sum(run["confusion"][count] for run in found["runs"])
    assert pooled["auc"] == pytest.approx(np.mean([run["auc"] for run in found["runs"]]))
    assert (pooled["threshold"], pooled["threshold_rule"]) == (None, "each of 3 runs at its own")


def test_one_run_is_its_own_pool(folds):
    test, training = folds
    found = assembled(test[test["fold"] == 1], training)
    assert len(found["runs"]) == 1
    assert found["pooled"] == found["runs"][0] | {"fold": "pooled", "seed": "pooled"}


def test_models_of_several_seeds_are_judged_one_by_one(rows):
    labels = [0, 0, 1, 1]
    first = rows(labels, [0.1, 0.9, 0.3, 0.8], seed=0)
    second = rows(labels, [0.1, 0.1, 0.9, 0.8], seed=1)
    validation = [
        rows([0, 1], [0.4, 0.5], part="validation", seed=0),
        rows([0, 1], [0.6, 0.7], part="validation", seed=1),
    ]
    found = assembled(pd.concat([first, second]), {"a": pd.concat(validation)})
    pooled = found["pooled"]
    assert [run["auc"] for run in found["runs"]] == [0.5, 1.0]
    assert (pooled["n_scans"], pooled["n_patients"], pooled["auc"]) == (4, 4, 0.75)
    # each of eight calls counts, at 0.45 and at 0.65
    assert pooled["confusion"] == {"tp": 3, "fp": 1, "tn": 3, "fn": 1}
    assert pooled["accuracy"] == 0.75
    # means 0.1, 0.5, 0.6, 0.8: what an ensemble would reach stands beside it
    assert (pooled["auc_pooled"], pooled["pooling"]) == (1.0, "mean of the models' probabilities")


def test_dropout_passes_are_those_of_each_model(rows, dice):
    test, areas = [], []
    for seed in (0, 1):
        drawn = dice.uniform(size=(8, 5))
        labels = np.tile([0, 1], 4)
        for fold in (0, 1):
            half = slice(4 * fold, 4 * fold + 4)
            areas += [roc_auc_score(labels[half], drawn[half, k]) for k in range(5)]
            options = {"fold": fold, "seed": seed, "prefix": f"t{fold}-"}
            test.append(rows(labels[half], drawn[half, 0], passes=drawn[half], **options))
    found = assembled(pd.concat(test), {"a": pd.concat(test).iloc[:0]})["pooled"]
    assert found["auc_mc_passes"] == 20
    assert found["auc_mc_mean"] == pytest.approx(np.mean(areas))
    assert found["auc_mc_sd"] == pytest.approx(np.std(areas, ddof=1))


def test_the_threshold_may_come_from_the_test_site(folds, rows):
    test, training = folds
    own = rows([0, 1], [0.80, 0.90], part="validation", fold=0)
    scoring = SCORING.model_copy(update={"threshold_from": "test_site"})
    run = assembled(pd.concat([test[test["fold"] == 0], own]), training, scoring=scoring)["runs"][0]
    assert run["threshold"] == pytest.approx(0.85)
    assert run["threshold_rule"].endswith("(c)")


def test_a_training_site_without_negatives_gives_the_argmax(folds, rows):
    test, _ = folds
    validation = rows([1, 1], [0.8, 0.9], part="validation")
    run = assembled(test[test["fold"] == 0], {"mosmed": validation})["runs"][0]
    assert run["threshold"] == 0.5
    assert run["threshold_rule"] == "argmax (0.5): all 2 validation scans are positive (mosmed)"


def test_validation_rows_of_the_test_file_are_never_tested(folds, rows):
    test, training = folds
    extra = rows([0, 1], [1.0, 0.0], part="validation", fold=0)
    assert assembled(pd.concat([test, extra]), training) == assembled(test, training)


def test_scans_of_one_patient_are_one_cluster(rows, dice):
    labels = np.repeat([0, 1], 15)
    scores = np.clip(dice.normal(0.3 + 0.3 * labels, 0.25), 0, 1)
    single = rows(labels, scores, patients=[f"p{k}" for k in range(30)])
    copies = [single.assign(scan_id=single["scan_id"] + f"-{k}") for k in range(3)]
    training = {"a": single.iloc[:0]}
    one = assembled(single, training)["pooled"]
    three = assembled(pd.concat(copies), training)["pooled"]
    assert (one["n_patients"], three["n_patients"], three["n_scans"]) == (30, 30, 90)
    assert three["auc_low"] == pytest.approx(one["auc_low"])
    assert three["sensitivity_low"] == pytest.approx(one["sensitivity_low"], abs=0.05)


def test_a_fold_without_test_scans_is_not_dropped(folds, rows):
    test, training = folds
    lonely = rows([0, 1], [0.2, 0.7], part="validation", fold=9, prefix="w")
    found = assembled(pd.concat([test, lonely]), training)
    assert [run["fold"] for run in found["runs"]] == [0, 1, 2, 9]
    assert found["runs"][-1]["status"] == "undefined"
    assert found["runs"][-1]["reason"] == "AUC undefined: there are no test scans"
    assert found["pooled"]["n_scans"] == 48


def test_one_class_is_undefined_with_its_counts(rows):
    test = rows(np.ones(14), np.linspace(0.1, 0.9, 14))
    found = assembled(test, {"a": test.iloc[:0]})
    assert (found["status"], found["pooled"]["auc"]) == ("undefined", None)
    assert found["reason"] == "AUC undefined: all 14 test scans are positive"


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({"status": "not run", "reason": "site c has no data here"}, "site c has no data here"),
        (OK, "the predictions have no test scans"),
    ],
)
def test_a_cell_that_was_not_run_says_why(rows, metadata, reason):
    found = assembled(rows([], []), {"a": rows([], [])}, metadata=metadata)
    assert (found["status"], found["reason"], found["runs"]) == ("not run", reason, [])
    pooled = found["pooled"]
    assert (pooled["status"], pooled["reason"], pooled["fold"]) == ("not run", reason, "pooled")
    assert (pooled["auc"], pooled["accuracy"], pooled["confusion"]) == (None, None, None)


def test_the_order_of_rows_changes_nothing(folds):
    test, training = folds
    shuffled = test.sample(frac=1, random_state=2)
    one, two = (json.dumps(assembled(frame, training)) for frame in (test, shuffled))
    assert one == two


def test_the_argmax_needs_no_validation_scan_and_calls_a_tie_negative(folds, rows):
    """torch.argmax takes the first of equals, as the Grad-CAM outcomes do."""
    scoring = SCORING.model_copy(update={"threshold_from": "argmax"})
    tied = rows([0, 1, 1, 0], [0.5, 0.5, 0.51, 0.2])
    found = assembled(tied, {"a": tied.iloc[:0]}, scoring=scoring)
    (run,) = found["runs"]
    assert run["confusion"] == {"tp": 1, "fp": 0, "tn": 2, "fn": 1}
    assert (run["threshold"], run["threshold_rule"]) == (0.5, "argmax (0.5)")
    by_outcome = [name.replace("true ", "t").replace("false ", "f")[:2] for name in outcomes(tied)]
    assert sorted(by_outcome) == ["fn", "tn", "tn", "tp"]
    test, training = folds
    found = assembled(test, training, scoring=scoring)
    assert {run["threshold"] for run in [*found["runs"], found["pooled"]]} == {0.5}
    right = (test["probability_1"] > 0.5) == (test["label"] == 1)
    assert found["pooled"]["accuracy"] == right.mean()


def test_where_no_patient_is_known_images_are_counted_and_called_so(folds):
    test, training = folds
    keyed = assembled(test, training)
    found = assembled(test, training, metadata=OK | {"patient_key": "none"})
    for one, known in zip(
        [*found["runs"], found["pooled"]], [*keyed["runs"], keyed["pooled"]], strict=True
    ):
        assert one["n_patients"] is None
        assert known["n_patients"] == known["n_scans"]
        for name, method in one["intervals"].items():
            assert method == known["intervals"][name].replace("patient", "image")
        assert (one["auc_low"], one["auc_high"]) == (known["auc_low"], known["auc_high"])
    method = found["pooled"]["intervals"]["auc"]
    assert method.startswith("mean of 3 of 3 single models; ")
    assert "image" in method


def test_a_threshold_says_on_how_many_patients_it_rests(folds, rows):
    test, training = folds
    found = assembled(test, training)
    for run in found["runs"]:
        assert run["threshold_patients"] == 4
        assert run["threshold_low"] <= run["threshold"] <= run["threshold_high"]
    pooled = found["pooled"]
    assert (pooled["threshold_patients"], pooled["threshold_low"]) == (4, None)
    argmax = SCORING.model_copy(update={"threshold_from": "argmax"})
    assert assembled(test, training, scoring=argmax)["pooled"]["threshold_patients"] is None


def test_a_cell_of_one_model_has_the_auc_of_its_scans(rows, dice):
    """Whatever is said of several models: with one fold and one seed nothing else is measured."""
    labels = np.tile([0, 1], 20)
    test = rows(labels, dice.uniform(size=40), patients=[f"p{k // 4}" for k in range(40)])
    pooled = assembled(test, {"a": test.iloc[:0]})["pooled"]
    exact = delong(
        labels, scores=test["probability_1"].to_numpy()[None], patients=np.arange(40) // 4
    )
    assert pooled["auc"] == pytest.approx(roc_auc_score(labels, test["probability_1"]))
    interval = auc_interval(exact, confidence=0.95)
    assert (pooled["auc_low"], pooled["auc_high"]) == pytest.approx(interval[:2])
    assert (pooled["auc_pooled"], pooled["pooling"]) == (None, None)


METRICS = ("auc", "recalibration", "transport")


def test_validation_scans_of_both_sides_reach_the_metrics(rows, dice):
    """A local threshold is chosen on the test site, the other one on the training site."""
    labels = np.tile([0, 1], 20)
    tested = rows(labels, np.clip(dice.normal(0.4 + 0.2 * labels, 0.1), 0, 1), prefix="t")
    local = rows([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.9], part="validation", prefix="v")
    train = rows([0, 0, 1, 1], [0.1, 0.6, 0.7, 0.9], part="validation", prefix="w")
    scoring = SCORING.model_copy(update={"metrics": METRICS})
    found = assembled(pd.concat([tested, local]), {"a": train}, scoring=scoring)["pooled"]
    chosen = found["transport_thresholds"]
    assert chosen["accuracy"]["training"]["threshold"] == pytest.approx(0.65)
    assert chosen["accuracy"]["local"]["threshold"] == pytest.approx(0.25)
    assert chosen["n_patients"] == {"training": 4, "local": 4}


def test_seeds_share_validation_scans_and_folds_do_not(folds, rows):
    test, training = folds
    scoring = SCORING.model_copy(update={"metrics": METRICS})
    site = pd.concat([test, training["a"]])
    found = assembled(site, training, scoring=scoring)
    assert all(run["transport_thresholds"] is not None for run in found["runs"])
    assert found["pooled"]["transport_thresholds"] is None
    assert "validation scans" in found["pooled"]["undefined"]["recalibration_logistic_brier"]
    seeds = [site[site["fold"] == 0].assign(seed=seed) for seed in (0, 1)]
    both = {name: frame[frame["fold"] == 0] for name, frame in training.items()}
    both = {name: pd.concat([f.assign(seed=s) for s in (0, 1)]) for name, f in both.items()}
    found = assembled(pd.concat(seeds), both, scoring=scoring)
    assert found["pooled"]["transport_thresholds"]["n_patients"] == {"training": 4, "local": 2}


def test_a_class_against_the_rest_is_calibrated_and_its_threshold_moved(rows, dice):
    """Calls are those of the most probable class; calibration asks the probability of this one."""
    frames = []
    for part, n in (("test", 60), ("validation", 30)):
        shares = dice.dirichlet([1, 1, 1], n)
        drawn = np.array([dice.choice(3, p=share) for share in shares])
        frame = rows((drawn == 0).astype(int), shares[:, 0], part=part, finding="a")
        frames.append(frame.assign(a=shares[:, 0], b=shares[:, 1], c=shares[:, 2]))
    test = Predicted(pd.concat(frames), OK, ("a", "b", "c"))
    names = ("auc", "calibration", "net_benefit", "predictive_values", *METRICS[1:])
    scoring = SCORING.model_copy(update={"threshold_from": "argmax", "metrics": names})
    found = assemble(test, training={"c": test}, names=NAMES, scoring=scoring)["pooled"]
    assert found["undefined"] == {}
    assert found["calibration_slope_low"] < 1 < found["calibration_slope_high"]
    # the site is its own training site: both thresholds are one
    assert found["transport_accuracy_sensitivity_gain"] == 0
    assert found["predictive_values_prevalence"] == scoring.prevalences[0]


OF_EACH = ("auc", "auc_grid", "brier", "probabilities", "net_benefit", "calibration")


def test_probabilities_of_several_models_are_judged_one_by_one(rows, dice):
    """Errors of three models that cancel in their mean: the cell has their own, not the mean's."""
    labels = np.tile([0, 1], 30)
    frames = [
        rows(labels, np.clip(0.5 + 0.15 * (labels - 0.5) + dice.normal(0, 0.25, 60), 0.01, 0.99))
        for _ in range(3)
    ]
    frames = [frame.assign(seed=seed) for seed, frame in enumerate(frames)]
    scoring = SCORING.model_copy(update={"threshold_from": "argmax", "metrics": OF_EACH})
    found = assembled(pd.concat(frames), {"a": pd.concat(frames).iloc[:0]}, scoring=scoring)
    pooled, runs = found["pooled"], found["runs"]
    own = [brier_score_loss(one["label"], one["probability_1"]) for one in frames]
    mean = np.mean([one["probability_1"] for one in frames], axis=0)
    assert pooled["brier"] == pytest.approx(np.mean(own))
    assert brier_score_loss(labels, mean) < pooled["brier"] - 0.02
    for name in ("auc", "auc_grid", "probabilities_positive", "net_benefit"):
        assert pooled[name] == pytest.approx(np.mean([run[name] for run in runs])), name
    stacked = pd.concat(frames)
    assert sum(pooled["probabilities_histogram"]["positive"]) == (stacked["label"] == 1).sum()
    logit = np.log(stacked["probability_1"] / stacked["probability_0"])
    fit = LogisticRegression(C=np.inf, tol=1e-10).fit(logit.to_frame(), stacked["label"])
    assert pooled["calibration_slope"] == pytest.approx(fit.coef_[0, 0], abs=1e-4)
    assert (pooled["n_patients"], pooled["n_scans"]) == (60, 60)


def test_the_same_model_three_times_is_as_sure_as_once(rows, dice):
    """Entries of one patient are one cluster: copies of a model add nothing."""
    labels = np.tile([0, 1], 30)
    one = rows(labels, np.clip(dice.normal(0.4 + 0.2 * labels, 0.2), 0.01, 0.99))
    scoring = SCORING.model_copy(update={"threshold_from": "argmax", "metrics": OF_EACH})
    copies = pd.concat([one.assign(seed=seed) for seed in range(3)])
    found = assembled(copies, {"a": copies.iloc[:0]}, scoring=scoring)
    of_one = found["runs"][0]
    for name in ("auc", "auc_grid", "brier", "probabilities_difference", "calibration_oe"):
        for end in ("", "_low", "_high"):
            assert found["pooled"][f"{name}{end}"] == pytest.approx(of_one[f"{name}{end}"]), name


def test_a_reason_of_the_mean_is_not_left_where_each_model_has_the_number(rows):
    """Two models call different scans positive; their mean calls none."""
    labels = [0, 0, 1, 1] * 3
    first, second = np.tile([0.1, 0.1, 0.7, 0.1], 3), np.tile([0.1, 0.1, 0.1, 0.7], 3)
    both = pd.concat([rows(labels, first), rows(labels, second, seed=1)])
    metrics = ("auc", "sensitivity", "precision", "predictive_values")
    scoring = SCORING.model_copy(update={"threshold_from": "argmax", "metrics": metrics})
    pooled = assembled(both, {"a": both.iloc[:0]}, scoring=scoring)["pooled"]
    assert pooled["precision"] == 1
    assert pooled["predictive_values_ppv"] is not None
    assert pooled["undefined"] == {}
