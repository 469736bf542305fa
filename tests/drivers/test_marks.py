"""marks: by their time alone Snakemake plans a stage or leaves it."""

import os
from pathlib import Path

import pytest

from elsewhere.design import params as tables
from elsewhere.design.graph import stages
from elsewhere.design.stage import Stage
from elsewhere.drivers import marks
from elsewhere.drivers.state import rule_inputs, rule_outputs, stage_mark

NAME = "predict--contrastive--joint--covid-ct-synthetic"


@pytest.fixture
def stage(checkout: Path) -> Stage:
    """A stage whose inputs are newer than its outputs, as after `dvc pull`, by a clock ahead."""
    del checkout
    found = stages(tables.load())[NAME]
    for path in [*rule_outputs(found), *found.files]:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(path)
        os.utime(path, ns=(2 * 10**18, 2 * 10**18 + (path in found.files)))
    return found


def times(paths: list[str]) -> list[int]:
    return [os.stat(path).st_mtime_ns for path in paths]


def is_planned(stage: Stage) -> bool:
    """Return whether an input is newer than an output, which is Snakemake's rule."""
    return max(times(rule_inputs(stage))) > min(times(rule_outputs(stage)))


def test_a_mark_is_an_input_of_the_rule(stage: Stage) -> None:
    assert stage_mark(stage) in rule_inputs(stage)


def test_what_is_shown_is_not_planned_and_what_is_called_is(stage: Stage) -> None:
    marks.show(stage)
    assert not is_planned(stage)
    marks.call(stage)
    assert is_planned(stage)
    marks.show(stage)
    assert not is_planned(stage)


def test_what_is_in_order_is_not_touched(stage: Stage) -> None:
    assert marks.show(stage)
    paths = [*rule_inputs(stage), *rule_outputs(stage)]
    before = times(paths)
    assert not marks.show(stage)
    assert times(paths) == before


def test_a_call_changes_no_output(stage: Stage) -> None:
    before = times(rule_outputs(stage))
    marks.call(stage)
    assert times(rule_outputs(stage)) == before


def test_each_call_has_another_content(stage: Stage) -> None:
    """Else Snakemake would find in its notes that a stage was made from this very mark."""
    contents = set()
    for _ in range(3):
        marks.call(stage)
        contents.add(Path(stage_mark(stage)).read_text())
    assert len(contents) == 3


def test_outputs_that_are_absent_are_no_fault(stage: Stage) -> None:
    for path in rule_outputs(stage):
        Path(path).unlink()
    marks.call(stage)
    assert Path(stage_mark(stage)).is_file()
