"""A finished study of invented results, that of tests/figures, in the folder of a project."""

import importlib.util
import os
import shutil
import sys
from pathlib import Path

import pytest

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
    (folder / "src").mkdir()
    (folder / "src/elsewhere").symlink_to(ROOT / "src/elsewhere")
    return folder


@pytest.fixture(scope="session")
def made(top):
    """Job and settings of the step `figure` of three arms at four synthetic sites."""
    before = Path.cwd()
    os.chdir(top)
    try:
        job, settings = _of_figures().study_job(Path(), arms=ARMS)
        named = tuple(name for name in STANDARD if name in FIGURES)
        job.members["figures"] = named
        run(job, settings)
    finally:
        os.chdir(before)
    return job, settings


@pytest.fixture
def project(top, made, monkeypatch) -> Path:
    """The folder of the finished study, in which the test works."""
    monkeypatch.chdir(top)
    return top


@pytest.fixture
def study(project, made) -> Finished:
    """The finished study."""
    values = tables.read(project)
    values |= {"run": ["nguyen2021"], "scale": "demo"}
    arms = values["studies"]["nguyen2021"]["arms"]
    values["studies"]["nguyen2021"]["arms"] = {name: arms[name] for name in ARMS}
    return Finished(tables.parse(values), Given(*made), values)


@pytest.fixture
def known(study):
    """What its artefacts say."""
    return checklist.facts(study)


@pytest.fixture
def sheets(known):
    """Every checklist with its filled items."""
    lists = [checklist.read(name) for name in checklist.NAMES]
    return [(one, checklist.fill(one, known)) for one in lists]


@pytest.fixture(scope="session")
def validator() -> Path:
    """Python of the environment with RO-Crate's own validator."""
    if not VALIDATOR.exists():
        pytest.skip("there is no environment with RO-Crate's validator here: `make crate-env`")
    return VALIDATOR
