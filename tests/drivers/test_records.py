"""records: Snakemake reads our records of stages as its own."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from snakemake.persistence.file import FilePersistence

from elsewhere.design import params as tables
from elsewhere.design.fingerprint import Hashes
from elsewhere.design.graph import stages
from elsewhere.design.stage import Stage
from elsewhere.drivers.records import CHANGED, Records
from elsewhere.drivers.state import Workspace, rule_inputs, rule_outputs

NAME = "predict--contrastive--joint--covid-ct-synthetic"


@pytest.fixture
def stage(checkout: Path) -> Stage:
    del checkout
    found = stages(tables.load())[NAME]
    for name, path in {**{p: p for p in found.files}, **found.outputs}.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        if Path(path).name == "arrays":
            Path(path).mkdir()
        else:
            Path(path).write_text(name)
    return found


@pytest.fixture
def workspace(checkout: Path) -> Workspace:
    del checkout
    return Workspace(tables.read(), Hashes())


def test_snakemake_reads_what_dvc_made(stage: Stage, workspace: Workspace) -> None:
    now = workspace.now(stage)
    assert Records(workspace).write(stage, now, now)
    for path in rule_outputs(stage):
        record = FilePersistence(nolock=True)._read_record(path)
        assert record.rule == "predict"
        assert record.input == rule_inputs(stage)
        assert record.params == [repr(now.digest(stage))]
        assert set(record.input_checksums) == set(record.input)
        assert not record.incomplete


def test_what_is_noted_is_not_written_again(stage: Stage, workspace: Workspace) -> None:
    now, records = workspace.now(stage), Records(workspace)
    assert records.write(stage, now, now)
    assert not records.write(stage, now, now)
    for path in rule_outputs(stage):
        os.utime(path, ns=(0, 0))
    assert records.write(stage, now, now), "Snakemake compares the time that it noted"
    other = replace(now, settings={**now.settings, "inputs.contrastive-demo": {}})
    assert records.write(stage, other, now)


def test_what_snakemake_has_no_note_of_can_be_forgotten_too(
    stage: Stage, workspace: Workspace
) -> None:
    """Without a note Snakemake believes every file that is there."""
    predictions, cost = rule_outputs(stage)
    Path(cost).unlink()
    Records(workspace).forget(stage)
    record = FilePersistence(nolock=True)._read_record(predictions)
    assert record.params == [CHANGED]
    assert FilePersistence(nolock=True)._read_record(cost) is None


def test_a_forgotten_stage_is_planned_again(stage: Stage, workspace: Workspace) -> None:
    now = workspace.now(stage)
    records = Records(workspace)
    records.write(stage, now, now)
    records.forget(stage)
    for path in rule_outputs(stage):
        record = FilePersistence(nolock=True)._read_record(path)
        assert record.params != [repr(now.digest(stage))]


def test_an_unfinished_job_that_is_shown_is_finished_for_snakemake(
    stage: Stage, workspace: Workspace
) -> None:
    """A killed Snakemake leaves the mark; its job may have ended after it."""
    now, records = workspace.now(stage), Records(workspace)
    store = FilePersistence(nolock=True)
    store._mark_incomplete(stage.outputs["cost"], external_jobid=None)
    records.write(stage, now, now)
    assert not FilePersistence(nolock=True)._filter_incomplete_keys(rule_outputs(stage))
