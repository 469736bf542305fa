"""What leaves a hospital holds no scan and no number of few patients."""

import json

import numpy as np
import pandas as pd
import pytest

from elsewhere.carriers.suppression import UNKNOWN, patients, published
from elsewhere.design.scoring import Scoring
from elsewhere.scores import classes
from elsewhere.scores.cell import Predicted, assemble, merged

SCORING = Scoring(threshold_from="test_site", confidence=0.95, bootstrap=20, seed=0)
NAMES = {"study": "s", "arm": "a", "site": "north"}


def predictions(labels, *, scans_each=1, finding="", seed=0):
    """Rows of test patients with these labels, and of a few validation patients."""
    rng = np.random.default_rng(seed)
    rows = []
    for part, values in (("test", labels), ("validation", [0, 1, 0, 1])):
        for patient, label in enumerate(values):
            for scan in range(scans_each):
                chance = float(np.clip(0.4 * label + rng.uniform(0.1, 0.6), 0, 1))
                rows.append({
                    "scan_id": f"{part}{patient:03d}{scan}", "patient_id": f"{part}{patient:03d}",
                    "finding": finding, "label": label, "fold": 0, "seed": 0, "part": part,
                    "probability_0": 1 - chance, "probability_1": chance, "window_start": 0,
                    "mc_probability": np.zeros(0),
                })  # fmt: skip
    return pd.DataFrame(rows)


def cell(rows, patient_key="published"):
    test = Predicted(rows, {"status": "ok", "patient_key": patient_key})
    return assemble(test, training={"north": test}, names=NAMES, scoring=SCORING)


def numbers(answer):
    """All numbers of an answer, whatever their depth."""
    if isinstance(answer, dict):
        return [one for value in answer.values() for one in numbers(value)]
    return [answer] if isinstance(answer, float) else []


def test_enough_patients_give_the_numbers_of_the_cell():
    rows = predictions([0, 1] * 6)
    metrics = cell(rows)
    part = published(metrics, rows)["parts"][""]
    assert part["status"] == "ok"
    for name in ("auc", "auc_low", "auc_high", "sensitivity", "n_patients", "n_positive"):
        assert part[name] == metrics["pooled"][name]


def test_no_probability_of_a_scan_no_curve_and_no_table_of_calls_leaves():
    rows = predictions([0, 1] * 6)
    answer = published(cell(rows), rows)
    assert not set(numbers(answer)) & set(rows["probability_1"])
    text = json.dumps(answer)
    assert not [
        word for word in ("roc", "confusion", "runs", "test0", '"threshold') if word in text
    ]
    flat = [value for value in answer["parts"][""].values() if isinstance(value, (dict, list))]
    assert flat == []


@pytest.mark.parametrize(
    ("positive", "negative", "few"),
    [(4, 12, "positive"), (12, 4, "negative"), (4, 4, "positive and negative"), (0, 9, "positive")],
)
def test_few_patients_make_a_cell_undefined(positive, negative, few):
    rows = predictions([1] * positive + [0] * negative)
    part = published(cell(rows), rows)["parts"][""]
    assert (part["status"], part["reason"]) == ("undefined", f"fewer than 5 {few} patients")
    assert not [key for key in part if key.startswith(("n_", "auc", "accuracy"))]


def test_what_rests_on_the_many_alone_is_kept():
    """A hospital with positives only gives its sensitivity (C-32)."""
    rows = predictions([1] * 20)
    metrics = cell(rows)
    part = published(metrics, rows)["parts"][""]
    assert part["sensitivity"] == metrics["pooled"]["sensitivity"]
    assert "specificity" not in part


def test_patients_count_and_not_scans():
    rows = predictions([1, 1, 1, 0, 0, 0, 0, 0], scans_each=4)
    assert patients(rows[rows["part"] == "test"]) == {"positive": 3, "negative": 5}
    assert published(cell(rows), rows)["parts"][""]["status"] == "undefined"
    assert published(cell(rows), rows, fewest=3)["parts"][""]["status"] == "ok"


def test_without_patient_keys_nothing_is_published():
    rows = predictions([0, 1] * 20)
    part = published(cell(rows, "none"), rows)["parts"][""]
    assert part == {"status": "undefined", "reason": UNKNOWN}


def several(labels, *, names, positive, exclusive):
    """The metrics and predictions of several classes, or of several findings of each scan."""
    rows = pd.concat(
        [
            predictions([positive(label, k) for label in labels], finding=name, seed=k)
            for k, name in enumerate(names)
        ],
        ignore_index=True,
    )
    about = {"status": "ok", "patient_key": "published", "findings": ";".join(names)}
    about |= {"exclusive": "yes"} if exclusive else {}
    cells = {}
    for name in names:
        one = Predicted(rows[rows["finding"] == name], about)
        cells[name] = assemble(one, training={"north": one}, names=NAMES, scoring=SCORING)
    metrics = merged(cells)
    if exclusive:
        metrics["classes"] = classes.assemble(Predicted(rows, about), scoring=SCORING)
    return metrics, rows


def test_no_class_tells_how_many_patients_a_small_one_has():
    """All patients without those of the other classes would be the few."""
    metrics, rows = several(
        [0] * 8 + [1] * 9 + [2] * 3, names=("healthy", "virus", "bacteria"),
        positive=lambda label, k: int(label == k), exclusive=True,
    )  # fmt: skip
    answer = published(metrics, rows)
    reason = {"status": "undefined", "reason": "fewer than 5 patients are of class bacteria"}
    assert answer["all_classes"] == answer["parts"]["bacteria"] == reason
    for name in ("healthy", "virus"):
        part = answer["parts"][name]
        assert part["sensitivity"] == metrics["findings"][name]["pooled"]["sensitivity"]
        others = [key for key in part if not key.startswith("sensitivity")]
        assert {key: part[key] for key in others} == reason
    enough = published(metrics, rows, fewest=3)
    assert enough["all_classes"]["macro_auc"] == metrics["classes"]["pooled"]["macro_auc"]
    assert not {"confusion", "by_class", "n_by_class"} & set(enough["all_classes"])
    assert {part["status"] for part in enough["parts"].values()} == {"ok"}


def test_a_hospital_with_one_class_gives_its_sensitivity():
    """C-32; it counts no other class."""
    metrics, rows = several(
        [0] * 12, names=("healthy", "virus", "bacteria"),
        positive=lambda label, k: int(label == k), exclusive=True,
    )  # fmt: skip
    parts, own = published(metrics, rows)["parts"], metrics["findings"]
    assert parts["healthy"]["sensitivity"] == own["healthy"]["pooled"]["sensitivity"]
    assert "sensitivity" not in parts["virus"]


def test_beside_other_findings_a_rare_one_gives_no_number():
    """They tell how many patients there are, its specificity how many of them have it not."""
    metrics, rows = several(
        [0] * 10 + [1] * 9 + [2] * 3, names=("oedema", "fracture"),
        positive=lambda label, k: int(label > k), exclusive=False,
    )  # fmt: skip
    parts = published(metrics, rows)["parts"]
    assert (parts["oedema"]["status"], parts["oedema"]["n_patients"]) == ("ok", 22)
    assert parts["fracture"] == {
        "status": "undefined", "reason": "fewer than 5 positive patients",
    }  # fmt: skip


def test_a_cell_that_was_not_run_says_so():
    test = Predicted(predictions([0, 1]).iloc[:0], {"status": "not run", "reason": "no data"})
    metrics = assemble(test, training={}, names=NAMES, scoring=SCORING)
    part = published(metrics, test.frame)["parts"][""]
    assert part == {"status": "not run", "reason": "no data"}
