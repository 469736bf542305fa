"""A small finished project, made by the real steps of synthetic sites, and a browser's client.

Two arms of the study of nguyen2021 at three sites: a training of few steps on few small volumes,
which takes seconds. Nothing is invented, so that a page can be compared with the artefacts.
"""

from __future__ import annotations

import contextlib
import importlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.testclient import TestClient

from elsewhere.commands.phantom import needed, write_missing
from elsewhere.design import params as tables
from elsewhere.design.graph import stages
from elsewhere.design.plan import hand
from elsewhere.pages.app import application
from elsewhere.pages.guard import Entrance, Guard

ROOT = Path(__file__).parents[2]
STUDY = "nguyen2021"
SITES = {"utsw": 20, "cc-ccii": 20, "mosmed": 5}  # patients, about
ARMS = ("utsw", "utsw_cc-ccii")
HOST = "127.0.0.1:8321"
LINK = f"http://{HOST}"


def pytest_itemcollected(item: pytest.Item) -> None:
    """Keep the folder on one worker: its files share the project."""
    item.add_marker(pytest.mark.xdist_group("pages"))


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
    few = {"iterations": 12, "validate_every": 6, "checkpoint_every": 12}
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
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished project; no test may change it (copy it, or its files)."""
    top = tmp_path_factory.mktemp("pages") / "project"
    _settings(top)
    with contextlib.chdir(top):
        _run_all(tables.read())
    return top


@pytest.fixture(scope="session")
def app(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Guard:
    """The application over the project."""
    return application(project, entrance=Entrance(), scratch=tmp_path_factory.mktemp("scratch"))


@pytest.fixture
def client(app: Guard) -> Iterator[TestClient]:
    """A client that opened the link: its requests are those of a browser on our own pages."""
    with TestClient(app, base_url=LINK, raise_server_exceptions=False) as opened:
        opened.get("/enter", params={"token": app.entrance.token()}, follow_redirects=False)
        opened.headers |= {"origin": LINK}
        yield opened
