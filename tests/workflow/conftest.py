"""A project that both drivers know, made once for all workers; each test has its own copy."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from dvc.utils.serialize import dump_yaml, load_yaml
from filelock import FileLock

# import mode importlib does not find modules beside the tests
sys.path.insert(0, str(Path(__file__).parent))

from project import Project, everything, nothing_to_do


def once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """Return a folder that the first worker fills and all others read."""
    top = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        top = top.parent
    folder, done = top / name, top / f"{name}.done"
    with FileLock(top / f"{name}.lock"):
        if not done.exists():
            # in its final place, which DVC's settings name; a worker may have failed to make it
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project after its first `snakemake -j8`."""

    def make(folder: Path) -> None:
        project = Project(folder)
        assert set(project.planned()) == everything(project)
        project.sh("snakemake -j8")
        executed = project.executed()
        assert len(executed) == len(set(executed)), "each stage once"
        assert set(executed) == everything(project)

    return Project.at(once(tmp_path_factory, "made", make))


@pytest.fixture
def project(made: Project, tmp_path: Path) -> Project:
    """A copy with both studies."""
    return made.copy(tmp_path)


@pytest.fixture(scope="session")
def small_made(made: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The same with one study in `run` and in dvc.lock, which DVC rewrites after each stage."""

    def make(folder: Path) -> None:
        project = made.copy(folder)
        project.edit("run: [nguyen2021, contrastive]", "run: [contrastive]")
        project.sh("python -m elsewhere graph")
        lock = load_yaml(str(project.path / "dvc.lock"))
        kept = {*everything(project), "graph"}
        lock["stages"] = {name: entry for name, entry in lock["stages"].items() if name in kept}
        dump_yaml(str(project.path / "dvc.lock"), lock)
        nothing_to_do(project)

    return Project.at(once(tmp_path_factory, "small", make))


@pytest.fixture
def small(small_made: Project, tmp_path: Path) -> Project:
    """A copy with one study."""
    return small_made.copy(tmp_path)
