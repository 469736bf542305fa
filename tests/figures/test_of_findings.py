"""Every figure of a study of findings, from files as the figure step reads them."""

from __future__ import annotations

import csv
from pathlib import Path

import chestxray_study as invented
import numpy as np
import pandas as pd
import pytest

from elsewhere.design.study import Scoring, Subgroups
from elsewhere.figures import of_findings
from elsewhere.scores import predictions
from elsewhere.scores.subgroups import WITH

SCORING = Scoring(threshold_from="argmax", confidence=0.95, bootstrap=20, seed=0)
SCANS = 60


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


def test_each_figure_is_there_once_and_published_numbers_stand_beside_ours(
    paths: dict[str, Path], tmp_path: Path
) -> None:
    names, beside = drawn(paths, tmp_path, of_findings.Chosen("chestxray", None, {}, SCORING))
    assert len(set(names)) == len(names)
    for name in names:
        assert (tmp_path / f"{name}.png").is_file(), name
        assert (tmp_path / f"{name}.svg").is_file(), name
    assert {"table_1", "claims", "flow", "prevalence", "age_and_sex"} < set(names)
    assert sum(bool(row["published"]) for row in beside) == 60, "B-32 to B-37"
    with (tmp_path / "claims_pairs.csv").open(encoding="utf-8") as file:
        compared = [row for row in csv.DictReader(file) if row["requirement"] == "B-39"]
    assert compared, "arms are compared on the external site"


def test_a_study_without_published_numbers_checks_no_claim(
    paths: dict[str, Path], tmp_path: Path
) -> None:
    names, beside = drawn(paths, tmp_path, of_findings.Chosen(None, None, {}, SCORING))
    assert "claims" not in names
    assert beside == []


def test_subgroups_are_those_of_the_device(paths: dict[str, Path], tmp_path: Path) -> None:
    devices = {}
    for site in invented.SITES:
        scans = [f"{site}-{number:06d}" for number in range(SCANS)]
        states = np.where(np.arange(SCANS) % 3 == 0, "positive", "negative")
        devices[f"{site}-synthetic"] = pd.Series(states, index=scans, dtype=object)
    asked = Subgroups(finding="cardiomegaly", device="support_devices")
    names, _ = drawn(paths, tmp_path, of_findings.Chosen(None, asked, devices, SCORING))
    assert "subgroups" in names
    with (tmp_path / "subgroups.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with_device = [row["n_scans"] for row in rows if row["quantity"] == WITH]
    assert with_device == [str(SCANS // 3)] * len(invented.ARMS) * len(invented.SITES)
