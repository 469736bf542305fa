"""The suite passes whatever the user sets in params.yaml and config/."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("own_settings")]

ROOT = Path(__file__).parents[1]
NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv*", ".bench", ".dvc", ".elsewhere", ".snakemake", "__pycache__", "data", "logs",
    "*.egg-info", ".*_cache",
)  # fmt: skip
OWN = """
scale: small
run: [own]
sites:
  here: {title: Here, layout: dicom_series, privacy: private}
  there: {like: mosmed, title: There}
  mosmed: {like: mosmed, available: false}
budgets:
  nguyen-demo: {like: nguyen-demo, training: {iterations: 5}}
studies:
  own:
    title: My study
    citation: nobody
    classes: ["no", "yes"]
    published: null
    audit: {similarity: 0.7, folds: 5, permutations: 99, seed: 0}
    split: {kind: holdout, folds: 1, test: 0.2, validation: 0.1, seed: 1}
    scoring: {threshold_from: argmax, confidence: 0.95, bootstrap: 100, seed: 0}
    scales:
      small: {input: nguyen-demo, budget: nguyen-demo, sites: {a: here, b: there}, seeds: [0]}
    arms:
      a: {sites: [a], method: erm, network: nguyen-cnn-demo}
    averages_without: []
"""


def elsewhere(top: Path, *command: str) -> str:
    outside = {name: value for name, value in os.environ.items() if "XDIST" not in name}
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=top,
        env={**outside, "PYTHONPATH": str(top / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed
    return printed


@pytest.fixture(scope="module")
def top(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with a site, a study and a scale of its user's own."""
    made = tmp_path_factory.mktemp("own") / "project"
    shutil.copytree(ROOT, made, ignore=NOT_COPIED, symlinks=True)
    (made / "params.yaml").write_text(OWN)
    subprocess.run(["git", "init", "-q"], cwd=made, check=True)
    elsewhere(made, "dvc", "init", "-q")
    shutil.copy(ROOT / ".dvc/config", made / ".dvc/config")
    shutil.copytree(ROOT / ".elsewhere", made / ".elsewhere", ignore=only_what_git_has)
    elsewhere(made, "elsewhere", "graph")
    return made


def only_what_git_has(folder: str, names: list[str]) -> set[str]:
    return {*names} - {".gitignore"}


def test_a_user_sees_what_they_set(top: Path) -> None:
    shown = elsewhere(top, "elsewhere", "params", "own")
    study = YAML(typ="safe").load(shown)
    assert study["sites"]["b"]["title"] == "There"
    assert study["sites"]["b"]["layout"] == "mosmed"
    assert study["sites"]["b"]["available"], "it is like mosmed as config/ has it"
    assert study["budget"]["training"]["iterations"] == 5
    assert study["jobs"]["train"] == 1
    assert "like sites.mosmed (config/sites.yaml)" in shown


def test_the_suite_holds_beside_a_users_settings(top: Path) -> None:
    """But for tests in a folder that has the settings of tests/params, whatever a user sets."""
    rooms = ("tests/design", "tests/drivers", "tests/test_cli.py")
    options = ("-x", "-q", "-m", "not slow and not apart", "-p", "no:cacheprovider", "-n", "0")
    elsewhere(top, "pytest", *options, *rooms)
