from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from elsewhere.design.job import Job
from elsewhere.design.scoring import Scoring
from elsewhere.scores.predictions import COLUMNS, write
from elsewhere.steps.score import Settings, run

OK = {"status": "ok", "patient_key": "none", "selection": "validation accuracy"}
ABSENT = {"status": "not run", "reason": "site b has no data here"}
SETTINGS = Settings(
    scoring=Scoring(threshold_from="training_sites", confidence=0.95, bootstrap=200, seed=0)
)


def refuse(literal: str) -> float:
    raise AssertionError(f"JSON has no {literal}")


def rows(part, *, label, score, finding=""):
    return {
        "scan_id": [f"{part}{number}" for number in range(len(label))],
        "patient_id": [f"{part}{number}" for number in range(len(label))],
        "finding": finding,
        "label": label,
        "fold": 0,
        "seed": 0,
        "part": part,
        "probability_0": 1 - np.array(score),
        "probability_1": score,
        "window_start": 0,
        "mc_probability": [[value, value / 2] if part == "test" else [] for value in score],
    }


@pytest.fixture
def scored(tmp_path):
    """Run the step on predictions of one site; returns its parsed output and bytes."""

    def make(*frames, metadata=OK, name="metrics.json"):
        frame = pd.concat(map(pd.DataFrame, frames)) if frames else pd.DataFrame(columns=COLUMNS)
        path = tmp_path / "predictions.parquet"
        write(frame, path, metadata=metadata)
        job = Job(
            name="score@s/a/b",
            wildcards={"study": "s", "arm": "a", "site": "b"},
            inputs={"test": path, "training": {"b": path}},
            outputs={"metrics": tmp_path / "out" / name},
        )
        run(job, SETTINGS)
        text = job.outputs["metrics"].read_text()
        return json.loads(text, parse_constant=refuse), text

    return make


def test_a_cell_is_scored_at_its_own_validation_threshold(scored):
    found, _ = scored(
        rows("test", label=[0, 1, 0, 1], score=[0.1, 0.6, 0.7, 0.9]),
        rows("validation", label=[0, 1, 1], score=[0.3, 0.5, 0.8]),
    )
    assert (found["study"], found["arm"], found["site"]) == ("s", "a", "b")
    assert (found["training_sites"], found["patient_key"]) == (["b"], "none")
    assert found["runs"][0]["threshold"] == pytest.approx(0.4)
    assert found["pooled"]["confusion"] == {"tp": 2, "fp": 1, "tn": 1, "fn": 0}
    assert found["pooled"]["auc"] == found["pooled"]["auc_mc_mean"] == 0.75
    assert found["pooled"]["roc_mc"]["tpr_sd"] == [0.0] * 101


def test_one_class_is_null_with_a_reason(scored):
    found, _ = scored(rows("test", label=[1] * 14, score=[0.7] * 14))
    assert (found["status"], found["pooled"]["auc"]) == ("undefined", None)
    assert found["reason"] == "AUC undefined: all 14 test scans are positive"


def test_an_absent_site_passes_through(scored):
    found, _ = scored(metadata=ABSENT)
    assert (found["status"], found["reason"]) == ("not run", "site b has no data here")
    assert found["runs"] == []


def test_the_same_predictions_give_the_same_bytes(scored):
    frames = [
        rows("test", label=[0, 1, 0, 1, 1], score=[0.1, 0.6, 0.7, 0.9, 0.2]),
        rows("validation", label=[0, 1], score=[0.3, 0.5]),
    ]
    assert scored(*frames)[1] == scored(*frames[::-1], name="again.json")[1]


def test_the_step_starts_without_heavy_libraries():
    heavy = ("torch", "matplotlib", "scipy", "sklearn", "statsmodels", "SimpleITK", "pandera")
    code = f"import sys, elsewhere.steps.score; print([n for n in {heavy} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def of_findings(tmp_path, name, *frames, **metadata):
    path = tmp_path / f"{name}.parquet"
    write(pd.concat(map(pd.DataFrame, frames)), path, metadata={**OK, **metadata})
    return path


def test_each_finding_of_a_cell_is_scored_as_a_cell_of_its_own(tmp_path):
    """B-28: also on the test scans of all training sites together."""
    heart = {"label": [0, 1, 0, 1], "score": [0.1, 0.6, 0.7, 0.9], "finding": "cardiomegaly"}
    water = {"label": [1, 1, 0, 1], "score": [0.8, 0.3, 0.2, 0.9], "finding": "edema"}
    named = {"findings": "cardiomegaly;edema;atelectasis"}
    plain = [{**rows("test", **one), "mc_probability": [[]] * 4} for one in (heart, water)]
    here = of_findings(tmp_path, "here", *plain, **named)
    there = [{**one, "scan_id": [f"x{i}" for i in range(4)]} for one in plain]
    other = of_findings(tmp_path, "there", *there, patient_key="published", **named)

    def scored(tested, site):
        names = {"study": "s", "arm": "a", "site": site}
        training = {"here": here, "there": other}
        out = {"metrics": tmp_path / f"{site}.json"}
        run(Job("score", names, {"test": tested, "training": training}, out), SETTINGS)
        return json.loads(out["metrics"].read_text())

    cell = scored(here, "here")
    assert cell["findings"]["cardiomegaly"]["pooled"]["auc"] == 0.75
    assert cell["findings"]["edema"]["pooled"]["auc"] == 1.0
    missing = cell["findings"]["atelectasis"]
    assert (missing["status"], missing["pooled"]["auc"]) == ("not run", None)
    assert missing["reason"] == "no test scan of the site has a label for this finding"
    both = scored({"here": here, "there": other}, "internal")
    pooled = both["findings"]["cardiomegaly"]["pooled"]
    assert (pooled["n_scans"], pooled["auc"]) == (8, 0.75)
    assert both["patient_key"] == "none", "one site without patient keys, so all are without"


def test_combined_is_of_the_scans_of_all_sites_that_were_run(tmp_path):
    """A-54: as if all scans were of one site; a site without data is named by its absence."""
    parts = {"label": [0, 1, 0, 1], "score": [0.1, 0.6, 0.7, 0.9]}
    valid = rows("validation", label=[0, 1], score=[0.2, 0.8])
    here = of_findings(tmp_path, "here", rows("test", **parts), valid)
    moved = {**rows("test", label=[0, 1], score=[0.5, 0.3]), "scan_id": ["x", "y"]}
    there = of_findings(tmp_path, "there", {**moved, "patient_id": ["x", "y"]})
    gone = tmp_path / "gone.parquet"
    write(pd.DataFrame(columns=COLUMNS), gone, metadata=ABSENT)

    def combined(tested):
        names = {"study": "s", "arm": "a", "site": "combined"}
        out = {"metrics": tmp_path / "combined.json"}
        run(Job("score", names, {"test": tested, "training": {"here": here}}, out), SETTINGS)
        return json.loads(out["metrics"].read_text())

    found = combined({"here": here, "there": there, "gone": gone})
    # 9 pairs: of the positives 0.6, 0.9, 0.3 and the negatives 0.1, 0.7, 0.5
    assert found["pooled"]["auc"] == pytest.approx((2 + 3 + 1) / 9)
    assert (found["sites"], found["pooled"]["n_scans"]) == (["here", "there"], 6)
    nothing = combined({"gone": gone})
    assert (nothing["sites"], nothing["status"]) == ([], "not run")
    assert nothing["reason"] == "site b has no data here"
