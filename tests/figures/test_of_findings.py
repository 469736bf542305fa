"""Every figure of a study of findings, from files as the figure step reads them."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Callable
from pathlib import Path

import chestxray_study as invented
import numpy as np
import pandas as pd
import pytest

from elsewhere.cohorts.labels import labelled
from elsewhere.design.job import Job
from elsewhere.design.paths import INTERNAL
from elsewhere.design.scoring import Scoring
from elsewhere.design.subgroups import Subgroups
from elsewhere.figures import of_findings
from elsewhere.scores import predictions
from elsewhere.scores.subgroups import WITH
from elsewhere.sites import findings, manifest
from elsewhere.steps import figure, score

SCORING = Scoring(threshold_from="argmax", confidence=0.95, bootstrap=20, seed=0)
SCANS = 60
Texts = Callable[[Path], list[str]]


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The predictions of every arm on every site, all findings in one file."""
    folder = tmp_path_factory.mktemp("cells")
    frames: dict[str, list[pd.DataFrame]] = {}
    for (arm, site, finding), one in invented.predictions(SCANS).items():
        frame = one.frame.assign(finding=finding)
        frames.setdefault(f"{arm}/{site}-synthetic", []).append(frame)
    named = {"status": "ok", "patient_key": "published", "findings": ";".join(invented.TITLES)}
    found = {}
    for key, parts in frames.items():
        found[key] = folder / f"{key.replace('/', '--')}.parquet"
        predictions.write(pd.concat(parts, ignore_index=True), found[key], metadata=named)
    return found


def drawn(
    paths: dict[str, Path], folder: Path, chosen: of_findings.Chosen
) -> tuple[list[str], list[dict[str, str]]]:
    study = invented.by_finding(invented.together(invented.predictions(SCANS)))
    divided = invented.cohorts(dict.fromkeys(invented.SITES, SCANS))
    return of_findings.draw(study, divided, paths, folder=folder, chosen=chosen)


Drawn = tuple[Path, list[str], list[dict[str, str]]]


@pytest.fixture(scope="module")
def full(paths: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    """Folder, names and published numbers of all figures; every third scan shows a device."""
    devices = {}
    for site in invented.SITES:
        scans = [f"{site}-{number:06d}" for number in range(SCANS)]
        states = np.where(np.arange(SCANS) % 3 == 0, "positive", "negative")
        devices[f"{site}-synthetic"] = pd.Series(states, index=scans, dtype=object)
    asked = Subgroups(finding="cardiomegaly", device="support_devices")
    folder = tmp_path_factory.mktemp("full")
    chosen = of_findings.Chosen("chestxray", asked, devices, SCORING)
    return folder, *drawn(paths, folder, chosen)


def test_each_figure_is_there_once_and_published_numbers_stand_beside_ours(full: Drawn) -> None:
    folder, names, beside = full
    assert len(set(names)) == len(names)
    for name in names:
        assert (folder / f"{name}.png").is_file(), name
        assert (folder / f"{name}.svg").is_file(), name
    assert {"table_1", "claims", "flow", "prevalence", "age_and_sex"} < set(names)
    assert sum(bool(row["published"]) for row in beside) == 60, "B-32 to B-37"
    with (folder / "claims_pairs.csv").open(encoding="utf-8") as file:
        compared = [row for row in csv.DictReader(file) if row["requirement"] == "B-39"]
    assert compared, "arms are compared on the external site"


def test_subgroups_are_those_of_the_device(full: Drawn) -> None:
    folder, names, _ = full
    assert "subgroups" in names
    with (folder / "subgroups.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with_device = [row["n_scans"] for row in rows if row["quantity"] == WITH]
    assert with_device == [str(SCANS // 3)] * len(invented.ARMS) * len(invented.SITES)


def test_a_study_without_published_numbers_and_device_checks_no_claim(
    paths: dict[str, Path], tmp_path: Path
) -> None:
    names, beside = drawn(paths, tmp_path, of_findings.Chosen(None, None, {}, SCORING))
    assert not {"claims", "subgroups"}.intersection(names)
    assert beside == []


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


def test_every_result_tells_how_labels_were_made_of_findings(
    study_of: Callable[..., tuple[Job, figure.Settings]], svg_texts: Texts, tmp_path: Path
) -> None:
    """The policy of B-17, B-18, B-23 stands in each figure of results, the matrix, the report."""
    job, settings = study_of(tmp_path, "chestxray", arms=("both-densenet121",))
    annotated(job, settings)
    job = scored(job, settings)
    figure.run(job, settings)
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
