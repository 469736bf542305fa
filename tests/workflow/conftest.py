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

from project import Project, everything, fewer, nothing_to_do


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


# An arm of one site, one of both, and one that starts from the models of another.
SMALL = ("single-a", "joint", "joint-further")


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
    """The same with three arms of one study, in `run` and in dvc.lock.

    DVC rewrites that file after each stage, so that what it does takes the square of their number.
    """

    def make(folder: Path) -> None:
        project = made.copy(folder)
        project.edit("run: [nguyen2021, contrastive]", "run: [contrastive]")
        study = fewer(project.study.read_text(encoding="utf-8"), SMALL)
        study = study.replace("arms: [joint, contrastive]", "arms: [joint]")
        project.study.write_text(study, encoding="utf-8")
        project.sh("snakemake -j8")
        assert project.executed() == ["figure--contrastive"], "what is left is as it was"
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
