"""cli: a step's name is its subcommand; help is quick; an error is one message."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from elsewhere.cli import _names, app
from elsewhere.design import params as tables
from elsewhere.design.graph import stages
from elsewhere.design.steps import STEPS

ROOT = Path(__file__).parents[1]
SETTINGS = ROOT / "tests/params"


def run(
    *arguments: str, cwd: Path = SETTINGS, flags: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *flags, "-m", "elsewhere", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_loads_nothing_heavy() -> None:
    done = run("--help", flags=("-X", "importtime"))
    assert done.returncode == 0
    loaded = {line.rpartition("|")[2].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert "typer" in loaded
    assert not loaded & {"pydantic", "torch", "pandas", "numpy", "yaml", "snakemake", "dvc"}
    for step in STEPS:
        assert f" {step} " in done.stdout


def test_every_stage_has_its_subcommand_with_its_wildcards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arguments stand in the order of the stage's command."""
    monkeypatch.chdir(ROOT)
    commands = get_command(app).commands  # type: ignore[attr-defined]
    for stage in {stage.step: stage for stage in stages(tables.load(SETTINGS)).values()}.values():
        arguments = [
            parameter.name
            for parameter in commands[stage.step].params
            if parameter.param_type_name == "argument"
        ]
        assert arguments == list(stage.wildcards)
    assert set(STEPS) <= set(commands)


def test_every_command_says_what_it_does() -> None:
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        assert command.help, name


def test_an_error_is_one_message(tmp_path: Path) -> None:
    done = run("params", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "params.yaml: no such file; run from the project's top folder" in done.stderr
    assert "Traceback" not in done.stderr


def test_params_shows_what_a_run_would_use() -> None:
    done = run("params", "contrastive")
    assert done.returncode == 0
    assert "study: contrastive" in done.stdout
    assert "study: nguyen2021" not in done.stdout
    both = run("params")
    assert "study: nguyen2021" in both.stdout


def test_an_unknown_study_is_named() -> None:
    done = run("params", "nowhere")
    assert done.returncode == 1
    assert "no study 'nowhere'; there are chestxray, contrastive, nguyen2021" in done.stderr


@pytest.mark.parametrize("arguments", [("review",), ("reviewed", "by-mail.csv")])
def test_a_review_that_the_study_lacks_is_named(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(SETTINGS)
    command, *form = arguments
    done = CliRunner().invoke(app, [command, "nguyen2021", *form])
    assert "studies.nguyen2021.review is missing: say which finding" in str(done.exception)


def test_graph_is_written_checked_and_idempotent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "src").symlink_to(ROOT / "src")
    shutil.copytree(SETTINGS, tmp_path, dirs_exist_ok=True)
    runner = CliRunner()
    checked = runner.invoke(app, ["graph", "--check"])
    assert isinstance(checked.exception, RuntimeError)
    assert not Path("results").exists(), "a stale graph must not look made"
    assert runner.invoke(app, ["graph"]).output == "dvc.yaml written\n"
    assert runner.invoke(app, ["graph"]).output == "dvc.yaml is current\n"
    assert runner.invoke(app, ["graph", "--check"]).exit_code == 0
    assert all(Path("results", name).is_dir() for name in ("settings", "code"))


def test_adopt_wants_a_reason() -> None:
    assert CliRunner().invoke(app, ["adopt", "all"]).exit_code != 0


@pytest.fixture
def user(tmp_path: Path, published: Callable[[str], Path]) -> tuple[Path, Path]:
    """A project of the tests' settings, and a folder of images beside it."""
    shutil.copytree(SETTINGS, tmp_path / "project")
    return tmp_path / "project", published("images")


def test_a_folder_becomes_a_site_and_a_study_by_what_the_commands_print(
    user: tuple[Path, Path],
) -> None:
    """The way in: check, the line that it ends with, a study, its settings."""
    project, images = user
    checked = run("check", str(images), cwd=project)
    assert checked.returncode == 0, checked.stderr
    line = shlex.split(checked.stdout.strip().splitlines()[-1])
    assert line[:3] == ["elsewhere", "new", "site"]
    made = run(*line[1:], cwd=project)
    assert made.returncode == 0, made.stderr
    study = run("new", "study", "own", "--like", "contrastive", "--sites", line[3], cwd=project)
    assert study.returncode == 0, study.stderr
    shown = run("params", "own", cwd=project)
    assert shown.returncode == 0, shown.stderr
    assert f"{line[3]}-covidnet" in shown.stdout


def test_a_check_that_finds_nothing_ends_with_1(user: tuple[Path, Path], tmp_path: Path) -> None:
    project, images = user
    for path in images.rglob("*.*"):
        if path.name != "label.csv":
            path.write_text("no image")
    report = tmp_path / "report.csv"
    done = run("check", str(images), "--report", str(report), cwd=project)
    assert done.returncode == 1
    assert "No scan can be used." in done.stdout
    assert report.read_text().count("rejected") == 5
    empty = run("check", str(tmp_path / "project/config"), cwd=project)
    assert empty.returncode == 1
    assert "looks like no layout" in empty.stderr
    assert "Traceback" not in empty.stderr


def test_the_version_is_that_of_the_package() -> None:
    done = run("--version")
    assert done.returncode == 0
    assert re.fullmatch(r"elsewhere (\d+\.\d+\.\d+\S*|, not installed.*)\n", done.stdout)


COMPLETE = "import sys; sys.argv = ['elsewhere']; from elsewhere.cli import main; main()"


def test_a_shell_can_complete_commands(tmp_path: Path) -> None:
    """As the script of `elsewhere --install-completion` asks for it."""
    done = subprocess.run(
        [sys.executable, "-c", COMPLETE],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "src"),
            "_ELSEWHERE_COMPLETE": "complete_bash",
            "COMP_WORDS": "elsewhere pr",
            "COMP_CWORD": "1",
        },
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.stdout.split() == ["prepare", "predict"]


def test_logs_hold_our_lines_and_only_warnings_of_libraries(tmp_path: Path) -> None:
    code = """
import logging, sys
from elsewhere.cli import app, main

@app.command("try")
def command() -> None:
    logging.getLogger("numexpr.utils").info("NumExpr defaulting to 2 threads.")
    logging.getLogger("numexpr.utils").warning("a warning")
    logging.getLogger("elsewhere.steps.train").info("ours")

sys.argv = ["elsewhere", "try"]
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert [line.split(" ", 1)[1] for line in done.stderr.splitlines()] == [
        "numexpr.utils: a warning",
        "elsewhere.steps.train: ours",
    ]


def test_names_are_given_with_commas_or_one_at_a_time() -> None:
    """An option that is given twice never keeps the last alone in silence."""
    assert _names("a, b", "c") == _names("a,b,c") == ("a", "b", "c")
