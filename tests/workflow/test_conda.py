"""--use-conda: Snakemake makes and activates each rule's environment, and re-runs nothing for it.

What is exercised is Snakemake's own path; conda itself is a stand-in (tests/workflow/conda), and
so are the environments: each holds one package of a local channel, a `python` that notes its call.
"""

import shutil
from pathlib import Path

import pytest
from conda import channel
from project import Project

from elsewhere.design.steps import STEPS

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
CELL = "results/contrastive/cells/single-a/sars-cov-2-ct-synthetic/metrics.json"
SCORE = "score--contrastive--single-a--sars-cov-2-ct-synthetic"
NEEDED = ("ingest", "prepare", "audit", "split", "train", "predict", "score")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose three environments come from a local channel."""
    shutil.copytree(HERE / "conda/bin", tmp_path / "conda/bin")
    monkeypatch.setenv("CONDA_LOG", str(tmp_path / "python.log"))
    project = Project(tmp_path)
    names = sorted({step.environment for step in STEPS.values()})
    assert set(names) <= {path.stem for path in (project.path / "envs").glob("*.yaml")}
    channel.make(tmp_path / "channel", names)
    for name in names:
        (project.path / f"envs/{name}.yaml").write_text(
            f"channels: ['file://{tmp_path}/channel', nodefaults]\ndependencies: [{name} =1.0]\n"
        )
    return project


def test_each_job_runs_in_its_environment_and_the_driver_may_change(project: Project) -> None:
    python, bin_folder = project.log.parent / "python.log", project.log.parent / "conda/bin"
    conda = f"export PATH={bin_folder}:$PATH; snakemake --use-conda"
    project.sh(f"{conda} -j8 {CELL}")
    executed = [name.split("--")[0] for name in project.executed()]
    assert {*NEEDED} <= {*executed} <= {*STEPS}
    assert executed.count("ingest") == 2, "the audit compares both sites"
    assert executed.count("train") == 2, "two folds"
    calls = [line.split() for line in python.read_text().splitlines()]
    for name, prefix, *arguments in calls:
        assert Path(prefix).parent == project.path / ".snakemake/conda"
        step = arguments[arguments.index("elsewhere") + 1]
        assert name == STEPS[step].environment
    assert {call[0] for call in calls} == {STEPS[step].environment for step in executed}

    for command in (f"snakemake -j8 {CELL}", f"dvc repro -q {SCORE}"):
        project.sh(command)
        assert project.executed() == [], command

    project.study.write_text(project.study.read_text().replace("bootstrap: 2000", "bootstrap: 7"))
    project.sh(f"snakemake -j8 {CELL}")
    assert project.executed() == [SCORE], "made without an environment"
    project.sh(f"{conda} -j8 {CELL}")
    assert project.executed() == []
