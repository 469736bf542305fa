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
from elsewhere.drivers.state import State, Workspace, rule_inputs, rule_outputs

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


def test_dvcs_stages_are_not_taken_for_snakemakes(stage: Stage, workspace: Workspace) -> None:
    now, records = workspace.now(stage), Records(workspace)
    assert not records.finished(stage, now)
    records.write(stage, now, now)
    assert not records.finished(stage, now)


def _ran(stage: Stage, now: State, workspace: Workspace) -> Records:
    """Note the stage as Snakemake does when a job of its own ends."""
    records = Records(workspace)
    records.made(stage, now)
    return records


def test_a_job_that_snakemake_ended_is_finished(stage: Stage, workspace: Workspace) -> None:
    now = workspace.now(stage)
    records = _ran(stage, now, workspace)
    assert records.finished(stage, now)
    other = replace(now, settings={**now.settings, "inputs.contrastive-demo": {}})
    assert not records.finished(stage, other), "made with another setting"
    missing = replace(now, outs=dict.fromkeys(now.outs))
    assert not records.finished(stage, missing), "an output is gone"


def test_an_edited_input_or_output_is_not_finished(stage: Stage, workspace: Workspace) -> None:
    now = workspace.now(stage)
    records = _ran(stage, now, workspace)
    index = Path(str(stage.inputs["index"]))
    text = index.read_text()
    index.write_text("other")
    assert not records.finished(stage, workspace.now(stage))
    index.write_text(text)
    assert records.finished(stage, workspace.now(stage))
    Path(stage.outputs["predictions"]).write_text("by hand")
    assert not records.finished(stage, workspace.now(stage))


def test_an_unfinished_job_is_not_finished(stage: Stage, workspace: Workspace) -> None:
    now = workspace.now(stage)
    records = _ran(stage, now, workspace)
    records._store._mark_incomplete(stage.outputs["cost"], external_jobid=None)
    assert not records.finished(stage, now)


def test_what_was_made_is_noted_with_its_command_and_inputs(
    stage: Stage, workspace: Workspace
) -> None:
    now = workspace.now(stage)
    _ran(stage, now, workspace)
    for path in rule_outputs(stage):
        record = FilePersistence(nolock=True)._read_record(path)
        assert record.shellcmd == stage.command
        assert record.input == rule_inputs(stage)
        assert record.endtime == os.lstat(path).st_mtime


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
    records = _ran(stage, now, workspace)
    records.forget(stage)
    for path in rule_outputs(stage):
        record = FilePersistence(nolock=True)._read_record(path)
        assert record.params != [repr(now.digest(stage))]
    assert not records.finished(stage, now)


def test_a_file_written_anew_with_its_old_content_is_what_a_stage_was_made_from(
    stage: Stage, workspace: Workspace
) -> None:
    now, records, index = workspace.now(stage), Records(workspace), str(stage.inputs["index"])
    assert not records.made_from(stage, index), "nothing is noted yet"
    records.write(stage, now, now)
    text = Path(index).read_text()
    Path(index).write_text(text)
    assert records.made_from(stage, index)
    Path(index).write_text("other")
    assert not records.made_from(stage, index)
    Path(index).unlink()
    assert not records.made_from(stage, index)
