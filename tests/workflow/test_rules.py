"""rules: what the graph says, in the form that the field's tools accept."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from elsewhere.design import params as tables
from elsewhere.design.graph import stages
from elsewhere.design.stage import Stage
from elsewhere.design.steps import STEPS
from elsewhere.drivers.state import rule_outputs

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PATTERN = re.compile(r'"((?:data|results)/[^"]*)"')


def text(step: str) -> str:
    return (ROOT / f"workflow/rules/{step}.smk").read_text()


def part(step: str, name: str) -> str:
    """Return what stands under one directive of a rule."""
    found = re.search(rf"^( +){name}:(.*?)(?=^\1\w+:|\Z)", text(step), re.M | re.S)
    assert found, f"{step}.smk has no {name}"
    return found[2]


@pytest.fixture(scope="module")
def graph() -> dict[str, Stage]:
    """All studies: together they have every step."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        values = tables.read(ROOT / "tests/params")
        return stages(tables.parse(values | {"run": [*values["studies"]]}))


def test_there_is_one_rule_file_for_each_step() -> None:
    found = {path.stem for path in (ROOT / "workflow/rules").glob("*.smk")}
    assert found == {*STEPS, "common"}


@pytest.mark.parametrize("step", STEPS)
def test_a_rule_is_short(step: str) -> None:
    assert len(text(step).splitlines()) <= 30
    assert not re.search(r"^\s*(run|script|notebook):", text(step), re.M)


def test_common_is_short() -> None:
    assert len(text("common").splitlines()) < 100


def expanded(pattern: str, stage: Stage) -> list[str]:
    """Return the files of a pattern; one that is expanded over sites has its wildcards doubled."""
    if "{{" not in pattern:
        return [pattern.format(**stage.wildcards)]
    sites = dict(stage.inputs["manifest"])
    return [pattern.format(site=site).format(**stage.wildcards) for site in sites]


@pytest.mark.parametrize("step", STEPS)
def test_a_rule_makes_what_the_graph_says(step: str, graph: dict[str, Stage]) -> None:
    patterns = PATTERN.findall(part(step, "output"))
    for stage in graph.values():
        if stage.step == step:
            made = [path for pattern in patterns for path in expanded(pattern, stage)]
            assert made == rule_outputs(stage)


@pytest.mark.parametrize("step", STEPS)
def test_a_rule_runs_what_dvc_runs(step: str, graph: dict[str, Stage]) -> None:
    shell = part(step, "shell").strip().strip('"')
    command = re.sub(r"^python -m elsewhere\.drivers\.gpu_slot \{resources\.gpu\} ", "", shell)
    command = command.removesuffix(" --expect {params.digest} > {log} 2>&1")
    for stage in graph.values():
        if stage.step == step:
            found = command
            for name, value in stage.wildcards.items():
                found = found.replace(f"{{wildcards.{name}}}", value)
            assert found == stage.command


@pytest.mark.parametrize("step", STEPS)
def test_the_log_says_the_wildcards(step: str, graph: dict[str, Stage]) -> None:
    stage = next(stage for stage in graph.values() if stage.step == step)
    expected = "/".join(["logs", step, *(f"{{{name}}}" for name in stage.wildcards)]) + ".log"
    assert part(step, "log").strip() == f'"{expected}",'
    assert (ROOT / "workflow/rules" / part(step, "conda").strip().strip('"')).is_file()


@pytest.mark.parametrize("step", [s.name for s in STEPS.values() if s.environment == "torch"])
def test_a_gpu_job_takes_a_slot(step: str) -> None:
    assert "gpu_slot {resources.gpu}" in part(step, "shell")
    assert f'needs("{step}", "gpu")' in part(step, "resources")


@pytest.mark.parametrize("step", STEPS)
def test_a_rule_asks_for_memory_and_time(step: str) -> None:
    """A cluster ends a job that takes more than it asked for, and delays one that asks for more."""
    for name in ("mem_mb", "runtime"):
        assert f'{name}=needs("{step}", "{name}")' in part(step, "resources")


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BIN / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.users_settings
def test_snakemake_finds_nothing_to_say() -> None:
    done = run("snakemake", "--lint")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Congratulations" in done.stdout + done.stderr


@pytest.mark.users_settings
def test_the_profile_is_used_without_being_named() -> None:
    """Snakemake looks for profiles/default beside the Snakefile, not below workflow."""
    done = run("snakemake", "--list-rules")
    assert "Using workflow specific profile" in done.stderr
    assert "profiles/default" in done.stderr


def test_the_rules_are_formatted() -> None:
    done = run("snakefmt", "--check", "Snakefile", "workflow")
    assert done.returncode == 0, done.stdout + done.stderr
