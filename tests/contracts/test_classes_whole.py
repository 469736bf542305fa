"""A study of four classes from image files to report: every step, without a workflow.

Site `b` has no scan of one class (C-25), site `c` has one class only (C-32).
"""

from __future__ import annotations

import csv
import importlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.metrics import confusion_matrix, roc_auc_score

from elsewhere.design import params as tables
from elsewhere.design.graph import stages
from elsewhere.design.job import Job
from elsewhere.design.stage import Paths, Stage
from elsewhere.scores import predictions

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests/design"))
CLASSES = ("healthy", "COVID-19", "other viral", "bacterial")
COUNTS = {"four-a": (9, 9, 9, 9), "four-b": (9, 9, 0, 9), "four-c": (0, 12, 0, 0)}


def write_site(root: Path, counts: tuple[int, ...], seed: int) -> None:
    """Images whose bright quarter is that of their class, and label.csv with words."""
    root.mkdir(parents=True)
    dice, lines = np.random.default_rng(seed), ["path,patient,label,category,sex,age"]
    for label, count in enumerate(counts):
        for number in range(count):
            grey = dice.integers(0, 120, (36, 36)).astype(np.uint8)
            down, across = divmod(label, 2)
            grey[18 * down : 18 * down + 18, 18 * across : 18 * across + 18] += 120
            name = f"{label}-{number}.png"
            Image.fromarray(grey).save(root / name)
            grade = ("mild", "severe")[number % 2] if CLASSES[label] == "COVID-19" else ""
            about = f"{CLASSES[label].upper()},{grade},F,{40 + number}"
            lines.append(f"{name},P{label}-{number},{about}")
    (root / "label.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def settings() -> tables.Settings:
    """The demo of `contrastive` with four classes, three sites and a pooled arm."""
    from four_classes import four_classes

    values = four_classes(tables.read(ROOT / "tests/params"))
    site = values["sites"]["four-a"]
    site["options"] |= {"categories": ["mild", "severe"]}
    values["sites"] |= {"four-b": site, "four-c": site}
    study = values["studies"]["contrastive"]
    study["scales"]["demo"]["sites"]["site-c"] = "four-c"
    arm = {"method": "erm", "network": "covidnet-redesign"}
    study["arms"] = {
        "joint": {"sites": ["site-a", "site-b"], **arm},
        "sepnorm": {"sites": ["site-a", "site-b"], **arm, "method": "sepnorm", "unseen": "mean"},
    }
    study["explain"] = {"arms": ["joint"], "scans": 1, "seed": 0}
    study["comparisons"] = [{"arm": "joint", "against": ["sepnorm"]}]
    study["roc_panels"] = {"a": ["joint", "sepnorm"]}
    small = {"width": 0.125, "dense_features": [32, 16]}
    values["networks"]["covidnet-redesign-quarter"] |= small | {
        "averaged": "stage"
    }  # learns sooner
    study["split"] = {"kind": "holdout", "folds": 1, "test": 0.34, "validation": 0.2, "seed": 1}
    study["split"]["allow"] = {"site-c": ["one_class"]}
    study["scoring"] |= {"bootstrap": 50}
    study["audit"] |= {"permutations": 9}
    values["studies"]["grades"] = {
        **study,
        "classes": ["mild", "severe"],
        "categories": {"mild": "mild", "severe": "severe"},
        "second_stage": {"study": "contrastive", "arm": "joint", "called": "COVID-19"},
        "arms": {"joint": study["arms"]["joint"]},
        "explain": None,
        "comparisons": [],
        "roc_panels": None,
        "figures": ["matrix", "confusion", "cohort_table"],
    }
    values["run"] = ["contrastive", "grades"]
    training = values["budgets"]["contrastive-demo"]["training"]
    training |= {"iterations": 20, "batch_size": 8, "learning_rate": 3e-3, "validate_every": 10}
    training |= {"select_by": "auc"}
    training["augmentation"] |= {"crop": False, "flip_vertical": 0, "flip_horizontal": 0}
    return values


def run(stage: Stage, params: tables.Params) -> None:
    """Run the step of a stage in this process."""

    def each(of: Paths, what: Any) -> Any:
        return {name: what(text) for name, text in of.items()} if isinstance(of, dict) else what(of)

    job = Job(
        name=stage.name,
        wildcards=stage.wildcards,
        inputs={name: each(found, Path) for name, found in stage.inputs.items()},
        outputs={name: Path(path) for name, path in stage.outputs.items()},
        members=stage.members,
    )
    handed = {
        field: each(keys, lambda key: tables.at_key(params, key))
        for field, keys in stage.settings.items()
    }
    for path in job.outputs.values():
        path.parent.mkdir(parents=True, exist_ok=True)
    module = importlib.import_module(f"elsewhere.steps.{stage.step}")
    module.run(job, module.Settings(**handed))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    params = tables.parse(settings())
    for seed, (row, counts) in enumerate(COUNTS.items()):
        write_site(folder / "data/raw" / row, counts, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for stage in stages(params).values():
            run(stage, params)
    return folder / "results/contrastive"


def metrics(made: Path, arm: str, site: str) -> Any:
    return json.loads((made / f"cells/{arm}/{site}/metrics.json").read_text(encoding="utf-8"))


def test_networks_of_both_methods_learn_the_classes(made: Path) -> None:
    """The quarter that is bright can be learned: classes are ranked, on every machine.

    How many calls are right after 20 steps differs from machine to machine (5 to 12 of 12 scans).
    """
    for arm in ("joint", "sepnorm"):
        assert metrics(made, arm, "four-a")["classes"]["pooled"]["macro_auc"] > 0.9


def test_the_matrix_of_a_cell_is_that_of_its_predictions(made: Path) -> None:
    rows, _ = predictions.read(made / "cells/joint/four-a/predictions.parquet")
    tested = rows[rows["part"] == "test"].pivot(index="scan_id", columns="finding")
    truth = tested["label"][[*CLASSES]].to_numpy().argmax(axis=1)
    calls = tested["probability_1"][[*CLASSES]].to_numpy().argmax(axis=1)
    pooled = metrics(made, "joint", "four-a")["classes"]["pooled"]
    assert pooled["confusion"] == confusion_matrix(truth, calls).tolist()
    for k, name in enumerate(CLASSES):
        of_class = metrics(made, "joint", "four-a")["findings"][name]["pooled"]
        assert of_class["confusion"]["tp"] == pooled["confusion"][k][k]


def test_what_a_site_lacks_is_undefined_with_its_reason(made: Path) -> None:
    lacking = metrics(made, "joint", "four-b")
    assert lacking["findings"]["other viral"]["pooled"]["auc"] is None
    assert lacking["findings"]["COVID-19"]["pooled"]["auc"] is not None
    assert lacking["classes"]["reason"] == "no test scan is of class other viral"
    alone = metrics(made, "joint", "four-c")["classes"]["pooled"]
    assert alone["reason"] == "all 4 test scans are of class COVID-19"
    assert alone["by_class"]["COVID-19"]["sensitivity"] == alone["multiclass_accuracy"]


def test_matrix_csv_has_each_class_and_all_together(made: Path) -> None:
    with (made / "matrix.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 3 * (4 + 1)
    assert list(dict.fromkeys(row["finding"] for row in rows)) == [*CLASSES, "all classes"]
    (row,) = (
        row
        for row in rows
        if (row["arm"], row["test_site"], row["finding"]) == ("joint", "four-a", "all classes")
    )
    pooled = metrics(made, "joint", "four-a")["classes"]["pooled"]
    assert float(row["macro_auc"]) == pytest.approx(pooled["macro_auc"])
    assert row["auc"] == row["n_positive"] == ""
    (single,) = (
        row
        for row in rows
        if (row["arm"], row["test_site"], row["finding"]) == ("joint", "four-c", "COVID-19")
    )
    assert (single["auc"], single["macro_auc"], single["status"]) == ("", "", "undefined")
    assert single["sensitivity"]


def test_every_figure_is_drawn_and_stands_in_the_report(made: Path) -> None:
    pictures = {path.stem for path in (made / "figures").glob("*.png")}
    assert {f"matrix_{name}" for name in ("healthy", "covid-19", "other_viral")} < pictures
    wanted = {"confusion_classes", "by_class", "prevalence", "cohort_table", "confounding"}
    wanted |= {"gradcam_joint", "embeddings"}
    assert wanted | {"example_slices", "site_profile", "training"} < pictures
    report = (made / "report.html").read_text(encoding="utf-8")
    assert all(f'id="figure-{picture}"' in report for picture in pictures)
    assert "has no scan of class other viral" in report


def test_arms_are_compared_for_each_class_against_the_rest(made: Path) -> None:
    """C-33: AUCs are those of scikit-learn; all classes are one family."""
    families = set()
    for name in CLASSES:
        file = made / f"figures/comparisons_{name.lower().replace(' ', '_')}.csv"
        table = pd.read_csv(file)
        found = table[table["test"] == "DeLong"].set_index("site")
        assert list(found.index) == ["site-a", "site-b", "site-c"]
        families |= {*found["family"]}
        aucs = []
        for arm in ("joint", "sepnorm"):
            rows, _ = predictions.read(made / f"cells/{arm}/four-a/predictions.parquet")
            tested = rows[(rows["part"] == "test") & (rows["finding"] == name)]
            aucs.append(roc_auc_score(tested["label"], tested["probability_1"]))
        assert found.loc["site-a", "difference"] == pytest.approx(aucs[0] - aucs[1])
        assert "all 4 test scans are" in found.loc["site-c", "reason"]
        assert pd.isna(found.loc["site-b", "difference"]) == (name == "other viral")
    assert len(families) == 1


def test_curves_of_arms_share_axes_for_each_class_that_has_some(made: Path) -> None:
    """C-34, Fig. 4 e-h."""
    pictures = {path.stem for path in (made / "figures").glob("roc_panels*.png")}
    assert pictures == {
        f"roc_panels_{name}" for name in ("healthy", "covid-19", "other_viral", "bacterial")
    }


def test_grad_cam_shows_right_and_wrong_of_each_class(made: Path) -> None:
    """C-34, C-35: examples of each class, with the map of the called one."""
    record = json.loads((made / "explained/joint/explained.json").read_text(encoding="utf-8"))
    pooled = metrics(made, "joint", "four-a")["classes"]["pooled"]
    counts = record["sites"]["four-a"]["counts"]
    for k, name in enumerate(CLASSES):
        right = pooled["confusion"][k][k]
        assert counts[f"{name}: right"] == right
        assert counts[f"{name}: wrong"] == sum(pooled["confusion"][k]) - right
    gallery = pd.read_parquet(made / "explained/joint/gallery.parquet")
    of_a = gallery[gallery["site"] == "four-a"]
    assert len(of_a) == sum(count > 0 for count in counts.values())
    assert of_a["probability_1"].between(1 / len(CLASSES), 1).all(), "that of the called class"


def test_tables_of_classes_hold_the_numbers(made: Path) -> None:
    with (made / "figures/by_class.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 3 * 4
    lacking = [row for row in rows if row["site"] == "site-b" and row["class"] == "other viral"]
    assert {row["sensitivity"] for row in lacking} == {""}
    assert all("no test scan is positive" in row["reason"] for row in lacking)
    with (made / "figures/confusion_classes.csv").open(encoding="utf-8", newline="") as file:
        counted = [row for row in csv.DictReader(file) if row["arm"] == "joint"]
    of_a = [int(row["scans"]) for row in counted if row["site"] == "site-a"]
    pooled = metrics(made, "joint", "four-a")["classes"]["pooled"]
    assert of_a == [count for counts in pooled["confusion"] for count in counts]


def test_a_second_stage_scores_what_the_first_calls(made: Path) -> None:
    """C-16: grades of scans called COVID-19, in the parts of the first study."""
    first = metrics(made, "joint", "four-c")["classes"]["pooled"]["by_class"]["COVID-19"]
    second = json.loads((made.parent / "grades/cells/joint/four-c/metrics.json").read_text())
    stage = second["second_stage"]
    assert stage["n_called"] + stage["n_not_called"] == 4
    assert stage["n_called"] == round(4 * first["sensitivity"]) == second["pooled"]["n_scans"]
    for site in COUNTS:
        splits = [
            pd.read_csv(made.parent / study / f"splits/{site}.csv", dtype={"scan_id": str})
            for study in ("contrastive", "grades")
        ]
        joined = splits[1].merge(splits[0], on="scan_id", suffixes=("", "_first"))
        assert len(joined) == len(splits[1]) == COUNTS[site][1]
        assert (joined["part"] == joined["part_first"]).all()
    gate = json.loads((made.parent / "grades/splits/four-a.gate.json").read_text())
    assert gate["left_out_by_category"] == {"bacterial": 9, "healthy": 9, "other viral": 9}
    report = (made.parent / "grades/report.html").read_text(encoding="utf-8")
    assert "arm joint of the study contrastive calls COVID-19" in report
