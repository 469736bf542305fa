"""A finished study of invented results, that of tests/figures, in the folder of a project."""

import contextlib
import importlib.util
import os
import shutil
import sys
from pathlib import Path

import pytest
import yaml

from elsewhere.design import params as tables
from elsewhere.design.figure_rows import STANDARD
from elsewhere.evidence import checklist
from elsewhere.evidence.finished import Finished
from elsewhere.figures.given import Given
from elsewhere.steps.figure import run

ROOT = Path(__file__).parents[2]
ARMS = ("utsw", "covid-ctset", "utsw_covid-ctset")
FIGURES = ("matrix", "example_slices")  # one of numbers, one of pixels
VALIDATOR = ROOT / ".venv-crate/bin/python"


def pytest_itemcollected(item: pytest.Item) -> None:
    """Keep the folder on one worker: its files share a study."""
    item.add_marker(pytest.mark.xdist_group("evidence"))


def _of_figures():
    spec = importlib.util.spec_from_file_location("studies", ROOT / "tests/figures/conftest.py")
    module = sys.modules["studies"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def top(tmp_path_factory):
    """The folder of a project with one finished study; never changed by a test."""
    folder = tmp_path_factory.mktemp("evidence") / "project"
    shutil.copytree(ROOT / "tests/params", folder)
    for name in ("Snakefile", "dvc.yaml", "CITATION.cff", "LICENSE", "requirements.lock"):
        shutil.copy(ROOT / name, folder / name)
    for name in ("workflow", "envs"):
        shutil.copytree(ROOT / name, folder / name)
    of_study = folder / "config/studies/nguyen2021.yaml"
    content = yaml.safe_load(of_study.read_text(encoding="utf-8"))
    row = content["studies"]["nguyen2021"]
    row |= {"arms": {name: row["arms"][name] for name in ARMS}, "figures": [*FIGURES]}
    of_study.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    synthetic = folder / "config/synthetic.yaml"
    tables_of = yaml.safe_load(synthetic.read_text(encoding="utf-8"))
    del tables_of["masks"]  # there are no outlines of lesions
    synthetic.write_text(yaml.safe_dump(tables_of, sort_keys=False), encoding="utf-8")
    (folder / "scans").mkdir()
    (folder / "data").mkdir()
    (folder / "data/scans").symlink_to(folder / "scans")  # where the study of tests/figures lies
    (folder / "src").mkdir()
    (folder / "src/elsewhere").symlink_to(ROOT / "src/elsewhere")
    return folder


@pytest.fixture(scope="session")
def finished(top):
    """The figure step of three arms at four synthetic sites."""
    with contextlib.chdir(top):
        job, settings = _of_figures().study_job(Path(), arms=ARMS)
        job.members["figures"] = tuple(name for name in STANDARD if name in FIGURES)
        run(job, settings)
        values = tables.read()
    return Finished(tables.parse(values), Given(job, settings), values)


@pytest.fixture(scope="session")
def told(finished, top):
    """What its artefacts say."""
    with contextlib.chdir(top):
        return checklist.facts(finished)


@pytest.fixture
def project(top, monkeypatch) -> Path:
    """The folder of the project, in which the test works."""
    monkeypatch.chdir(top)
    return top


@pytest.fixture
def study(project, finished) -> Finished:
    """The finished study, in its folder."""
    return finished


@pytest.fixture
def known(project, told):
    """What its artefacts say, in their folder."""
    return told


@pytest.fixture(scope="session")
def sheets(told):
    """Every checklist with its filled items."""
    lists = [checklist.read(name) for name in checklist.NAMES]
    return [(one, checklist.fill(one, told)) for one in lists]


@pytest.fixture(scope="session")
def validator() -> Path:
    """Python of the environment with RO-Crate's own validator."""
    if not VALIDATOR.exists():
        assert os.environ.get("ELSEWHERE_CRATE") != "required", "run `make crate-env`"
        pytest.skip("there is no environment with RO-Crate's validator here: `make crate-env`")
    return VALIDATOR
