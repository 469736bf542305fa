"""A project that both drivers know, made once; each test works in its own copy of it."""

import sys
from pathlib import Path

import pytest
from dvc.utils.serialize import dump_yaml, load_yaml

# import mode importlib does not find modules beside the tests
sys.path.insert(0, str(Path(__file__).parent))

from project import Project, everything, nothing_to_do


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project after its first `snakemake -j8`."""
    project = Project(tmp_path_factory.mktemp("made"))
    assert set(project.planned()) == everything(project)
    project.sh("snakemake -j8")
    executed = project.executed()
    assert len(executed) == len(set(executed)), "each stage once"
    assert set(executed) == everything(project)
    return project


@pytest.fixture
def project(made: Project, tmp_path: Path) -> Project:
    """A copy with both studies."""
    return made.copy(tmp_path)


@pytest.fixture(scope="session")
def small_made(made: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The same with one study in `run` and in dvc.lock, which DVC rewrites after each stage."""
    project = made.copy(tmp_path_factory.mktemp("small"))
    project.edit("run: [nguyen2021, contrastive]", "run: [contrastive]")
    project.sh("python -m elsewhere graph")
    lock = load_yaml(str(project.path / "dvc.lock"))
    kept = {*everything(project), "graph"}
    lock["stages"] = {name: entry for name, entry in lock["stages"].items() if name in kept}
    dump_yaml(str(project.path / "dvc.lock"), lock)
    nothing_to_do(project)
    return project


@pytest.fixture
def small(small_made: Project, tmp_path: Path) -> Project:
    """A copy with one study."""
    return small_made.copy(tmp_path)
