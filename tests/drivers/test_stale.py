"""stale: which stages are out of date, and why; tests/workflow compares with both drivers."""

import copy
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from elsewhere.design import params as tables
from elsewhere.design.fingerprint import Hashes
from elsewhere.design.graph import stages
from elsewhere.design.stage import Stage
from elsewhere.drivers import receipts
from elsewhere.drivers.stale import behind, stale
from elsewhere.drivers.state import Workspace

SITE = "covid-ct-synthetic"
SPLIT = f"split--contrastive--{SITE}"
MANIFEST = Path(f"data/scans/{SITE}/manifest.parquet")


@pytest.fixture
def made(checkout: Path) -> tuple[dict[str, Stage], dict[str, Any]]:
    """One stage whose files are there and in dvc.lock, and the settings."""
    del checkout
    values = tables.read()
    one = {SPLIT: stages(tables.parse(values))[SPLIT]}
    for path in (*one[SPLIT].files, *one[SPLIT].outputs.values()):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(f"content of {path}")
    lock(one, values)
    return one, values


def lock(one: dict[str, Stage], values: dict[str, Any]) -> None:
    """Write dvc.lock as DVC has it."""
    now = asdict(Workspace(values, Hashes()).now(one[SPLIT]))
    entry = {
        "cmd": now["command"],
        "deps": [{"path": path, "md5": md5} for path, md5 in now["deps"].items()],
        "params": {one[SPLIT].settings_file: now["settings"]},
        "outs": [{"path": path, "md5": md5} for path, md5 in now["outs"].items()],
    }
    Path("dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": {SPLIT: entry}}))


def test_what_stands_here_as_it_was_made_is_not_stale(
    made: tuple[dict[str, Stage], dict[str, Any]],
) -> None:
    assert stale(*made) == {}


def edit_input() -> None:
    MANIFEST.write_text("other patients")


def edit_output() -> None:
    Path(f"results/contrastive/splits/{SITE}.csv").write_text("by hand")


def edit_code() -> None:
    path = Path("src/elsewhere/steps/split.py")
    path.write_text(path.read_text() + "# a word\n")


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        (edit_input, "its inputs differ"),
        (edit_output, "its outputs are not those that were made"),
        (edit_code, "its code differs"),
        (Path("dvc.lock").unlink, "it was never made"),
    ],
)
def test_each_kind_of_change_is_told(
    edit: Callable[[], None], found: str, made: tuple[dict[str, Stage], dict[str, Any]]
) -> None:
    edit()
    assert stale(*made) == {SPLIT: found}


def test_another_setting_makes_stale(made: tuple[dict[str, Stage], dict[str, Any]]) -> None:
    one, values = made
    changed = copy.deepcopy(values)
    changed["studies"]["contrastive"]["split"]["seed"] += 1
    assert stale(one, changed) == {SPLIT: "its settings differ"}


def test_what_a_job_finished_and_dvc_does_not_know_yet_is_not_stale(
    made: tuple[dict[str, Stage], dict[str, Any]],
) -> None:
    one, values = made
    Path("dvc.lock").unlink()
    workspace = Workspace(values, Hashes())
    stage, hashes = one[SPLIT], workspace.hashes
    digest = workspace.now(stage).digest(stage)
    assert receipts.write(stage, digest, receipts.noted(stage.files, hashes), hashes)
    assert stale(one, values) == {}
    edit_input()
    assert stale(one, values) == {SPLIT: "it was never made"}


def test_behind_a_stage_stands_all_that_it_is_made_of_and_nothing_else(checkout: Path) -> None:
    del checkout
    graph = stages(tables.load())
    found = behind(graph, f"score--contrastive--single-a--{SITE}")
    steps = {stage.step for stage in found.values()}
    assert steps == {"ingest", "prepare", "audit", "split", "train", "predict", "score"}
    assert {stage.wildcards.get("arm") for stage in found.values()} == {None, "single-a"}
    assert [*found] == [name for name in graph if name in found]
    assert [*behind(graph, f"ingest--{SITE}")] == [f"ingest--{SITE}"]
