"""A small finished project, made by the real steps of synthetic sites.

Two arms of the study of nguyen2021 at three sites: a training of few steps on few small volumes,
which takes seconds. Nothing is invented, so that what is shown can be compared with the artefacts.
Tests that use it are in one group, so that one worker makes it once.
"""

from __future__ import annotations

import contextlib
import importlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from elsewhere.answers.answer import Answer, Wanted
from elsewhere.answers.asking import ask
from elsewhere.commands.phantom import needed, write_missing
from elsewhere.design import params as tables
from elsewhere.design import paths
from elsewhere.design.graph import stages
from elsewhere.design.plan import hand
from elsewhere.scores import predictions
from elsewhere.sites import manifest

ROOT = Path(__file__).parents[1]
STUDY = "nguyen2021"
SITES = {"utsw": 20, "cc-ccii": 20, "mosmed": 5}  # patients, about
ARMS = ("utsw", "utsw_cc-ccii")
GROUP = "pages"


def _settings(top: Path) -> None:
    """Write the settings of the tests with fewer and smaller of everything."""
    shutil.copytree(ROOT / "tests/params", top)
    (top / "src").mkdir()
    (top / "src/elsewhere").symlink_to(ROOT / "src/elsewhere")
    _edit(top / "params.yaml", lambda tables: tables.update(run=[STUDY]))
    _edit(top / f"config/studies/{STUDY}.yaml", _small_study)
    _edit(top / "config/synthetic.yaml", _small_sites)


def _edit(path: Path, change: Any) -> None:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def _small_study(content: dict[str, Any]) -> None:
    study = content["studies"][STUDY]
    study["arms"] = {name: study["arms"][name] for name in ARMS}
    study |= {"figures": ["matrix", "why_fell"], "averages_without": []}
    for name in ("comparisons", "roc_panels"):
        study.pop(name, None)
    study["audit"] |= {"permutations": 19, "folds": 3}
    study["split"] |= {"test": 0.4, "validation": 0.2}
    study["scoring"] |= {"bootstrap": 20, "metrics": ["standard", "brier", "calibration"]}
    rows = study["scales"]["demo"]["sites"]
    study["scales"]["demo"]["sites"] = {name: rows[name] for name in SITES}
    content["inputs"]["nguyen-demo"] |= {"matrix": 16, "depth": 8, "stride": 4}
    content["networks"]["nguyen-cnn-demo"] |= {
        "first_filters": 4,
        "groups": 2,
        "dense_features": 16,
    }
    few = {"iterations": 12, "validate_every": 6}
    content["budgets"]["nguyen-demo"]["training"] |= few
    content["budgets"]["nguyen-demo"]["prediction"] |= {"mc_passes": 2}


def _small_sites(content: dict[str, Any]) -> None:
    del content["masks"]
    for name, patients in SITES.items():
        row = content["phantoms"][f"{name}-synthetic"]
        row.pop("masks", None)
        row |= {"matrix": 48, "reduced_matrix": 40}
        share = patients / sum(one["patients"] for one in row["categories"].values())
        for one in row["categories"].values():
            one["patients"] = max(2, round(one["patients"] * share))


def _run_all(values: Any) -> None:
    """Run every stage in the working folder, in the order of the graph."""
    params = tables.parse(values)
    write_missing(params, values, needed(params))
    for stage in stages(params).values():
        handed = hand(stage, params, values)
        step = importlib.import_module(f"elsewhere.steps.{stage.step}")
        step.run(handed.job, step.Settings(**handed.settings))


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished project; no test may change it (copy it, or its files)."""
    top = tmp_path_factory.mktemp("pages") / "project"
    _settings(top)
    with contextlib.chdir(top):
        _run_all(tables.read())
    return top


@dataclass(frozen=True)
class Asked:
    """An answer about files that an arm has been tested on.

    Attributes
    ----------
    answer
        What was said.
    work
        The folder of the question, as the answer left it.
    before
        Every file of the project and its time of change, when the question was put.
    scans
        SHA-256 of the voxels of each tested scan, to its site and scan_id.
    """

    answer: Answer
    work: Path
    before: dict[Path, int]
    scans: dict[str, tuple[str, str]]


ASKED_ARM = "utsw_cc-ccii"


def changed(top: Path) -> dict[Path, int]:
    """Return every file below a folder, and when it changed."""
    return {path: path.stat().st_mtime_ns for path in top.rglob("*") if path.is_file()}


@pytest.fixture(scope="session")
def asked(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """The answer about the raw files of all test scans: DICOM, slices as PNG, and NIfTI."""
    folder, work = (tmp_path_factory.mktemp(name) for name in ("sent", "work"))
    scans = {}
    with contextlib.chdir(finished):
        params = tables.load()
        for row in params.scale_of(STUDY).sites.values():
            rows = manifest.read(Path(paths.scans(row)["manifest"])).set_index("scan_id")
            told, _ = predictions.read(
                Path(paths.cell(STUDY, ASKED_ARM, row, "predictions.parquet"))
            )
            for scan in sorted({*told.loc[told["part"] == "test", "scan_id"]}):
                raw = finished / "data/raw" / row / rows.loc[scan, "source_path"]
                (folder / f"{row}-{scan}").mkdir()
                target = folder / f"{row}-{scan}" / raw.name
                (shutil.copytree if raw.is_dir() else shutil.copy)(raw, target)
                scans[rows.loc[scan, "volume_sha256"]] = (row, scan)
        (folder / "notes of John Doe.txt").write_text("nothing", encoding="utf-8")
        before = changed(finished)
        answer = ask(folder, Wanted(STUDY, ASKED_ARM), work=work, limits=params.serve)
    return Asked(answer, work, before, scans)
