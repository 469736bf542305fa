"""given: reads the files of a study of findings as the figure step does."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from elsewhere.cohorts.labels import labelled
from elsewhere.design.job import Job
from elsewhere.design.paths import INTERNAL
from elsewhere.figures.given import Given
from elsewhere.scores import predictions
from elsewhere.scores.subgroups import WITH
from elsewhere.sites import findings, manifest
from elsewhere.steps import figure, score

Texts = Callable[[Path], list[str]]


def annotated(job: Job, settings: figure.Settings) -> None:
    """Overwrite manifests and splits of one label a scan by those of findings.

    No finding, device or view is the same at all scans; ChestX-ray14 never looks for a device.
    """
    assert settings.findings is not None
    names = [*settings.findings.labels]
    for site, path in job.paths("manifest").items():
        scans = manifest.read(path)
        dice = np.random.default_rng(len(site))
        texts = []
        for _ in range(len(scans)):
            states = {name: dice.choice(findings.STATES) for name in names}
            if "chestxray14" not in site:
                states["support_devices"] = dice.choice(["positive", "blank"])
            texts.append(findings.written(states))
        views = np.where(np.arange(len(scans)) % 2, "PA", "AP")
        scans = scans.assign(findings=texts, view=views, label=pd.NA, category="findings")
        manifest.write(scans, path)
        split = labelled(scans, settings.findings)[["scan_id", "patient_id", *names]]
        part = np.where(np.arange(len(split)) % 4 > 1, "test", "train").astype(object)
        part[:2] = "validation"
        split.assign(fold=0, part=part).to_csv(job.paths("split")[site], index=False)


def scored(job: Job, settings: figure.Settings) -> Job:
    """Write predictions of the scans of each site, score them, and return the job of figures."""
    quick = settings.scoring.model_copy(update={"bootstrap": 20})
    assert settings.findings is not None
    named = {"status": "ok", "patient_key": "published"}
    named["findings"] = ";".join(settings.findings.labels)
    for number, (key, path) in enumerate(job.paths("predictions").items()):
        split = pd.read_csv(job.paths("split")[key.split("/")[1]])
        dice = np.random.default_rng(number)
        frames = []
        for finding in settings.findings.labels:
            rows = split[split["part"] != "train"].dropna(subset=finding).reset_index(drop=True)
            rows = rows.assign(label=rows[finding].astype(int), finding=finding, seed=0)
            share = dice.random(len(rows))
            rows = rows.assign(probability_0=1 - share, probability_1=share, window_start=0)
            frames.append(rows.assign(mc_probability=[[] for _ in share]))
        table = pd.concat(frames, ignore_index=True).drop(columns=[*settings.findings.labels])
        predictions.write(table, path, metadata=named)
    made, metrics = job.paths("predictions"), {}
    for arm, about in settings.arms.items():
        own = {settings.site_rows[site] for site in about.sites}
        training = {row: made[f"{arm}/{row}"] for row in own}
        places = {row: made[f"{arm}/{row}"] for row in settings.sites}
        for place, test in [*places.items(), (INTERNAL, training)]:
            at = next(iter(training.values())).parents[1] / place / "metrics.json"
            metrics[f"{arm}/{place}"] = at
            score.run(
                Job(
                    name="score",
                    wildcards={"study": "chestxray", "arm": arm, "site": place},
                    inputs={"test": test, "training": training},
                    outputs={"metrics": at},
                ),
                score.Settings(quick),
            )
    return dataclasses.replace(job, inputs={**job.inputs, "metrics": metrics})


Drawn = tuple[Job, figure.Settings]


@pytest.fixture(scope="module")
def radiographs(study_of: Callable[..., Drawn], tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    """The figure step of two arms of chestxray, from predictions and labels that are drawn."""
    arms = ("chexpert-densenet121", "both-densenet121")
    job, settings = study_of(tmp_path_factory.mktemp("chestxray"), "chestxray", arms=arms)
    annotated(job, settings)
    job = scored(job, settings)
    figure.run(job, settings)
    return job, settings


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_figure_of_a_study_of_findings_is_drawn(radiographs: Drawn) -> None:
    names = {path.stem for path in radiographs[0].outputs["figures"].glob("*.png")}
    assert {"table_1", "claims", "flow", "prevalence", "subgroups"} < names
    assert not {"roc_single_site", "confusion_single_site", "arms_table"} & names


def test_published_numbers_stand_beside_ours(radiographs: Drawn) -> None:
    """B-32 and B-34: internal and external AUCs of five findings, of two arms."""
    given = Given(*radiographs)
    assert len(given.beside) == 20
    assert all(row["ours"] for row in given.beside)
    without = dataclasses.replace(radiographs[1], published=None)
    assert Given(radiographs[0], without).beside == []


def test_arms_are_compared_on_the_same_scans(radiographs: Drawn) -> None:
    pairs = read(radiographs[0].outputs["figures"] / "claims_pairs.csv")
    ours = [row for row in pairs if (row["requirement"], row["whose"]) == ("B-39", "ours")]
    assert ours
    known = {row["interval"] for row in ours if row["value"]}
    assert "DeLong, the same scans" in known
    assert known <= {"DeLong, the same scans", ""}  # without a variance there is no interval


def test_subgroups_are_those_of_the_device(radiographs: Drawn) -> None:
    job, settings = radiographs
    rows = read(job.outputs["figures"] / "subgroups.csv")
    devices = Given(job, settings).devices("support_devices")
    for row in rows:
        if row["quantity"] == WITH and row["site"] == "chexpert":
            split = pd.read_csv(job.paths("split")["chexpert-synthetic"])
            tested = split[(split["part"] == "test") & split["cardiomegaly"].notna()]
            states = devices["chexpert-synthetic"][tested["scan_id"]]
            assert int(row["n_scans"]) == int((states == "positive").sum())


def test_a_profile_of_radiographs_has_no_panel_of_slices_or_lungs(
    radiographs: Drawn, svg_texts: Texts
) -> None:
    shown = svg_texts(radiographs[0].outputs["figures"] / "site_profile.svg")
    assert "CheXpert" in " ".join(shown)
    for panel in ("slices", "slice distance, mm", "noise", "lung", "unknown", "none found"):
        assert panel not in shown
    assert not any("middle of the lungs" in text for text in shown)


def test_every_result_says_how_labels_were_made_of_findings(
    radiographs: Drawn, svg_texts: Texts
) -> None:
    """The policy of B-17, B-18, B-23 stands in each figure of results, the matrix, the report."""
    job, _ = radiographs
    shown = [*job.outputs["figures"].glob("*.svg")]
    results = [path for path in shown if not path.stem.startswith("architecture")]
    assert len(results) > 15
    for path in results:
        words = " ".join(svg_texts(path))
        assert "an uncertain mention counts as positive for Edema" in words, path.stem
        assert "views: PA, AP, lateral" in words, path.stem
    report = job.outputs["report"].read_text(encoding="utf-8")
    assert "an uncertain mention counts as positive for Edema" in report
    with job.outputs["matrix"].open(encoding="utf-8") as file:
        rows = {row["finding"]: row["label_policy"] for row in csv.DictReader(file)}
    blank = "blank=negative;views=PA+AP+lateral+frontal+unknown"
    assert rows["edema"] == f"uncertain=positive;{blank}"
    assert rows["cardiomegaly"] == f"uncertain=negative;{blank}"
