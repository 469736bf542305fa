"""marks: by their time alone Snakemake plans a stage or leaves it."""

import os
import time
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


SINCE = 1_700_000_000


def linked(folder: Path, names: dict[str, str], **times_of: int) -> None:
    """Write files with these times; a name of `names` is a second name of another file."""
    for name, seconds in times_of.items():
        (folder / name).write_text(name)
        os.utime(folder / name, (SINCE + seconds, SINCE + seconds))
    for name, other in names.items():
        (folder / name).hardlink_to(folder / other)


def chain(*reads: tuple[str, tuple[str, ...]]) -> list[Stage]:
    """Return a stage for each output, named as it, with what it reads."""
    return [
        Stage(out, {}, {name: name for name in ins}, {"out": out}, {}, {}) for out, ins in reads
    ]


CHAIN = chain(("a", ("raw",)), ("d", ("a",)), ("b", ("d", "c")), ("e", ("b", "a")))


@pytest.mark.parametrize("second", [{"b": "a"}, {"e": "a"}, {"b": "a", "e": "d"}, {"e": "raw"}])
def test_results_that_are_one_file_are_all_in_order(
    second: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A time that is set for one of its names is set for all, also for an input of an input."""
    monkeypatch.chdir(tmp_path)
    own = {"raw": 9, "c": 12, "a": 5, "d": 7, "b": 3, "e": 1}
    linked(tmp_path, second, **{name: t for name, t in own.items() if name not in second})
    marks.write(CHAIN, [])
    assert not [stage.name for stage in CHAIN if is_planned(stage)]
    assert max(times([*own])) == (SINCE + 12) * 10**9, "no time is made up"
    marks.write(CHAIN[:2] + CHAIN[3:], CHAIN[2:3])
    assert is_planned(CHAIN[2])


@pytest.mark.parametrize("kept_ns", [1000, 10**9, 2 * 10**9])
def test_a_disk_that_cuts_times_ends(
    kept_ns: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Results on a disk of coarse times, made from those of another disk."""
    monkeypatch.chdir(tmp_path)
    linked(tmp_path, {}, raw=9, c=12, a=5, d=7, b=3, e=1)
    os.utime("raw", ns=(0, (SINCE + 9) * 10**9 + 123_456_789))
    exact = os.utime

    def cut(path: str, *, ns: tuple[int, int], follow_symlinks: bool = True) -> None:
        exact(path, ns=(ns[0], ns[1] // kept_ns * kept_ns), follow_symlinks=follow_symlinks)

    monkeypatch.setattr(os, "utime", cut)
    marks.write(CHAIN, [])
    assert not [stage.name for stage in CHAIN if is_planned(stage)]


def test_all_that_snakemake_tracks_may_be_written(stage: Stage) -> None:
    for path in rule_outputs(stage):
        Path(path).chmod(0o444)
    for shown, called in (([stage], []), ([], [stage])):
        marks.write(shown, called)
        assert all(os.stat(path).st_mode & 0o200 for path in rule_outputs(stage))
        assert bool(called) is is_planned(stage)


def test_a_result_of_a_clock_that_is_ahead_is_not_newer_than_what_follows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ahead = int(time.time()) + 3600 - SINCE
    linked(tmp_path, {}, raw=1, c=1, a=ahead, d=5, b=ahead - 5, e=7)
    marks.write(CHAIN, [])
    assert not [stage.name for stage in CHAIN if is_planned(stage)]
    marks.write(CHAIN[1:], CHAIN[:1])
    assert is_planned(CHAIN[0]), "and is made again when it must be"
