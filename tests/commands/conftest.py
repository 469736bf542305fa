"""Projects in a temporary folder: of a new user, and with a scored study."""

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from elsewhere.design import params as tables
from elsewhere.design import paths
from elsewhere.design.job import Job
from elsewhere.phantom.write import write
from elsewhere.scores import predictions
from elsewhere.sites import manifest
from elsewhere.sites.states import states
from elsewhere.steps import ingest

ROOT = Path(__file__).parents[2]
SETTINGS = ROOT / "tests/params"
SITE = "mimic-cxr-jpg-synthetic"
STUDY = "chest"
LIMITS = {"dense": 0.5, "inception": 0.4}
FINDINGS = ("edema", "cardiomegaly")


USER = """\
# My settings.

scale: demo                      # demo | desktop | paper
run: [nguyen2021]   # what `snakemake` makes

# My hospitals.
sites:
#  example: {title: Example, layout: dicom_series, privacy: private}
  first:                         # a note of mine
    title: "First"
    layout: mosmed
    privacy: public
    options: {leave_out: [CT-0]}   # another

budgets:
"""


@dataclasses.dataclass(frozen=True)
class Chest:
    """A study of radiographs in the working folder, predicted and scored, with a review.

    Attributes
    ----------
    values
        The settings, plain; a test may change them.
    scans
        The site's manifest, with the labels of `FINDINGS`.
    """

    values: dict[str, Any]
    scans: pd.DataFrame

    @property
    def params(self) -> tables.Params:
        """The tables as the values now are."""
        return tables.parse(self.values)

    @property
    def review(self) -> dict[str, Any]:
        """The row of the review, to be changed."""
        row: dict[str, Any] = self.values["studies"][STUDY]["review"]
        return row

    def cell(self, arm: str, file: str) -> Path:
        """Where a file of an arm's cell lies."""
        return Path(paths.cell(STUDY, arm, SITE, file))

    def predict(self, arm: str, *, seed: int, patient_key: str = "published") -> None:
        """Write predictions of an arm, right more often than not, and its metrics."""
        dice = np.random.default_rng(seed)
        frames = []
        for finding in FINDINGS:
            frame = self.scans[["scan_id", "patient_id"]].assign(finding=finding)
            label = self.scans[finding].to_numpy()
            scores = np.clip(0.3 + 0.3 * label + dice.normal(0, 0.2, len(label)), 0, 1)
            frames.append(frame.assign(label=label, probability_1=scores))
        table = pd.concat(frames).assign(fold=0, seed=0, part="test", window_start=0)
        table = table.assign(
            probability_0=1 - table["probability_1"], mc_probability=[[] for _ in table.index]
        )
        metadata = {"status": "ok", "patient_key": patient_key, "findings": ";".join(FINDINGS)}
        predictions.write(table, self.cell(arm, "predictions.parquet"), metadata=metadata)
        limit = {"threshold": LIMITS[arm], "threshold_rule": "by hand"}
        pooled = limit | {"n_scans": len(self.scans)}
        one = {"runs": [limit | {"fold": 0, "seed": 0}], "pooled": pooled}
        metrics = {"findings": dict.fromkeys(FINDINGS, one)}
        self.cell(arm, "metrics.json").write_text(json.dumps(metrics))


def _study(values: dict[str, Any]) -> dict[str, Any]:
    """A row of studies with a review, from that of another study."""
    labels = {
        "edema": {"title": "Edema", "uncertain": "positive"},
        "cardiomegaly": {"title": "Cardiomegaly", "uncertain": "negative"},
    }
    row = values["studies"]["contrastive"]
    kept = ("audit", "split", "scoring", "classes", "title", "citation", "averages_without")
    scale = row["scales"]["demo"] | {"sites": {"home": "chexpert-synthetic", "outside": SITE}}
    arm = row["arms"]["joint"] | {"sites": ["home"]}
    return {
        **{name: row[name] for name in kept},
        "published": "chestxray",
        "findings": {"labels": labels, "blank": "negative", "views": ["PA", "AP"]},
        "external": ["outside"],
        "scales": {"demo": scale},
        "arms": {"dense": arm | {"title": "DenseNet121"}, "inception": arm | {"title": None}},
        "review": {
            "finding": "cardiomegaly",
            "arms": ["dense", "inception"],
            "site": "outside",
            "images": 5,
            "seed": 3,
        },
    }


@pytest.fixture(scope="session")
def radiographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data/scans of a synthetic site: radiographs of 24 patients, ingested."""
    top = tmp_path_factory.mktemp("radiographs")
    values = tables.read(SETTINGS)
    row = values["phantoms"][SITE]
    row |= {"patients": 24, "test": 0.9, "validation": 0.05, "lateral": 0.2}
    row["radiography"] |= {"portable": 0.3, "rows_px": [64, 72], "columns_px": [56, 60]}
    params = tables.parse(values)
    write(SITE, top / "raw", params.phantoms[SITE])
    site = params.sites[SITE]
    files = {"rejected": "rejected.csv", "account": "account.json", "profile": "profile.parquet"}
    outputs = paths.scans(SITE) | {n: paths.scan_file(SITE, file) for n, file in files.items()}
    job = Job(
        name="ingest",
        wildcards={"site": SITE},
        inputs={"raw": top / "raw"},
        outputs={name: top / path for name, path in outputs.items()},
    )
    ingest.run(job, ingest.Settings(site, params.intakes[site.intake]))
    return top


@pytest.fixture
def chest(radiographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Chest:
    """A predicted study of radiographs in the folder that the test works in."""
    shutil.copytree(radiographs / "data", tmp_path / "project/data")
    monkeypatch.chdir(tmp_path / "project")
    values = tables.read(SETTINGS)
    values["studies"][STUDY] = _study(values)
    values |= {"run": [STUDY], "scale": "demo"}
    scans = manifest.read(Path(paths.scans(SITE)["manifest"]))
    labels = {name: (states(scans, name) == "positive").to_numpy().astype(int) for name in FINDINGS}
    made = Chest(values, scans.assign(**labels))
    for seed, arm in enumerate(LIMITS):
        made.predict(arm, seed=seed)
    return made


@pytest.fixture
def key() -> Callable[[], pd.DataFrame]:
    """The key of the review, read without the code that reads it."""
    return lambda: pd.read_csv(f".elsewhere/reviews/{STUDY}/key.csv", dtype={"scan_id": str})


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a project, in which the test works."""
    top = tmp_path / "project"
    shutil.copytree(SETTINGS / "config", top / "config")
    (top / "params.yaml").write_text(USER, encoding="utf-8")
    monkeypatch.chdir(top)
    return top
