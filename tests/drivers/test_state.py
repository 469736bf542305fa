"""state: the workspace and dvc.lock are described alike, so that they can be compared."""

import os
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from elsewhere.design import params as tables
from elsewhere.design import reading
from elsewhere.design.fingerprint import Hashes, md5
from elsewhere.design.graph import stages
from elsewhere.design.plan import stage_digest
from elsewhere.design.stage import Stage
from elsewhere.drivers import pipeline
from elsewhere.drivers.state import (
    LOCK_MEMORY,
    State,
    Workspace,
    locked,
    mark,
    read_lock,
    rule_inputs,
    rule_outputs,
)

ONE = State("cmd", {"in": "1"}, {"key": 1}, {"out": "2"}, "results/settings/a.json")


@pytest.fixture
def graph(checkout: Path) -> dict[str, Stage]:
    del checkout
    return stages(tables.load())


@pytest.fixture
def workspace(checkout: Path) -> Workspace:
    del checkout
    return Workspace(tables.read(), Hashes())


def test_states_are_told_apart_by_what_made_them() -> None:
    assert ONE.made_by(replace(ONE, outs={"out": "3"}))
    for change in ({"command": "x"}, {"deps": {}}, {"settings": {}}, {"settings_file": "b"}):
        assert not ONE.made_by(replace(ONE, **change))  # type: ignore[arg-type]


def test_a_lock_entry_is_a_state() -> None:
    entry = {
        "cmd": "cmd",
        "deps": [{"path": "in", "hash": "md5", "md5": "1", "size": 3}],
        "params": {"results/settings/a.json": {"key": 1}},
        "outs": [{"path": "out", "hash": "md5", "md5": "2", "size": 3}],
    }
    assert locked(entry) == ONE
    listed = {"path": "data/inputs/x/a/arrays", "md5": "of an earlier version.dir"}
    assert locked({**entry, "deps": [*entry["deps"], listed]}) == ONE, "the index stands for it"
    assert locked(None) is None
    assert locked({"cmd": "cmd"}) == State("cmd", {}, {}, {})


def test_the_lock_is_read_and_may_be_missing(tmp_path: Path) -> None:
    path = tmp_path / "dvc.lock"
    assert read_lock(path) == {}
    path.write_text(yaml.safe_dump({"schema": "2.0", "stages": {"a": {"cmd": "x"}}}))
    assert read_lock(path) == {"a": {"cmd": "x"}}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"<<<<<<< HEAD\nstages: {}\n",
        b"- a list\n",
        b"stages:\n",
        b"stages: [1]\n",
        b"stages: {a: x}\n",
        b"stages: {a: {outs: []}}\n",
        b"stages: {a: {cmd: \xff}}\n",
    ],
)
def test_a_damaged_lock_is_named_with_what_brings_it_back(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "dvc.lock"
    path.write_bytes(text)
    os.utime(path, (time.time() - 60,) * 2)
    with pytest.raises(
        reading.ParamsError, match=r"dvc\.lock cannot be read: .*git checkout .*"
    ) as e:
        read_lock(path)
    assert "\n" not in str(e.value)


def test_a_lock_that_is_being_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "dvc.lock"
    path.write_text("stages: {a: {cm")
    timer = threading.Timer(0.3, path.write_text, ("stages: {a: {cmd: x}}\n",))
    timer.start()
    assert read_lock(path) == {"a": {"cmd": "x"}}
    timer.join()


def test_a_lock_that_was_read_before_is_as_yaml_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, memory = tmp_path / "dvc.lock", tmp_path / LOCK_MEMORY
    memory.parent.mkdir()
    values = {"no": 1e-5, "nan": float("inf"), "big": 2**70, "list": [None, True, "é"]}
    for entry in ({"cmd": "x", "params": {"file": values}}, {"cmd": "y"}):
        path.write_text(yaml.safe_dump({"stages": {"a": entry}}), encoding="utf-8")
        for _ in range(2):
            assert read_lock(path) == {"a": entry}
    with monkeypatch.context() as context:
        context.setattr(reading, "plain", None)  # so YAML is not asked again
        assert read_lock(path) == {"a": {"cmd": "y"}}
    for damaged in ("", "[]", "{}", '{"key": 1}'):
        memory.write_text(damaged, encoding="utf-8")
        assert read_lock(path) == {"a": {"cmd": "y"}}


def test_snakemake_sees_files_and_a_mark_for_raw_data(graph: dict[str, Stage]) -> None:
    for stage in graph.values():
        folders = {"volumes", "arrays", "outlines", "figures"}
        tracked = {path for name, path in stage.outputs.items() if name not in folders}
        assert set(rule_outputs(stage)) == tracked
        assert tracked, f"{stage.name} has only folders"
        found = rule_inputs(stage)
        assert found == sorted(set(found))
        assert not any(path.startswith("data/raw/") for path in found)
        assert not any(Path(path).name in folders for path in found)
    assert rule_inputs(graph["ingest--utsw-synthetic"]) == [
        ".elsewhere/marks/ingest--utsw-synthetic",
        ".elsewhere/raw/utsw-synthetic.md5",
    ]
    assert mark("data/raw/a") == ".elsewhere/raw/a.md5"


def test_every_folder_stands_beside_a_file_that_lists_it(graph: dict[str, Stage]) -> None:
    """A reader of a folder also reads the manifest or index, whose hashes say what is in it."""
    beside = {"volumes": "manifest", "arrays": "index", "outlines": "outlined"}
    for stage in graph.values():
        for name in stage.inputs:
            if name in beside:
                assert beside[name] in stage.inputs, stage.name


def test_the_digest_is_the_one_that_a_step_checks(
    graph: dict[str, Stage], workspace: Workspace
) -> None:
    values = tables.read()
    for stage in list(graph.values())[::10]:
        expected = stage_digest(stage, values, Hashes())
        assert workspace.now(stage).digest(stage) == expected
        assert workspace.digest(stage) == expected


def test_raw_data_are_hashed_and_where_they_are_missing_their_dvc_file_speaks(
    graph: dict[str, Stage], workspace: Workspace
) -> None:
    stage = graph["ingest--utsw-synthetic"]
    path = "data/raw/utsw-synthetic"
    assert workspace.now(stage).deps[path] is None
    Path("data/raw").mkdir(parents=True)
    Path(f"{path}.dvc").write_text("outs:\n- md5: abc.dir\n  path: utsw-synthetic\n")
    again = Workspace(tables.read(), Hashes())
    assert again.now(stage).deps[path] == "abc.dir"
    Path(path).mkdir()
    Path(path, "slice").write_text("x")
    third = Workspace(tables.read(), Hashes())
    assert third.now(stage).deps[path] == Hashes().folder(path)


def test_a_mark_moves_with_its_raw_data_alone(graph: dict[str, Stage]) -> None:
    one = {"ingest--utsw-synthetic": graph["ingest--utsw-synthetic"]}
    raw = Path("data/raw/utsw-synthetic")
    target = Path(mark(str(raw)))

    def write() -> int:
        Workspace({}, Hashes()).write_marks(one)
        return target.stat().st_mtime_ns if target.exists() else -1

    assert write() == -1
    raw.mkdir(parents=True)
    (raw / "slice").write_text("x")
    assert write() > 0
    os.utime(target, ns=(0, 0))
    assert write() == 0
    (raw / "slice").write_text("edited")
    assert write() > 0
    assert target.read_text() == f"{Hashes().folder(raw)}\n"
    (raw / "slice").unlink()
    raw.rmdir()
    assert write() == -1


def test_the_code_is_hashed_as_dvc_hashes_the_list(
    graph: dict[str, Stage], workspace: Workspace
) -> None:
    params = tables.load()
    pipeline.write_read_by_dvc(tables.read(), params)
    stage = graph["score--contrastive--joint--covid-ct-synthetic"]
    found = workspace.now(stage).deps[stage.code_list]
    assert found == md5(Path(stage.code_list).read_text()) == Hashes().file(stage.code_list)


def test_what_many_stages_read_is_looked_at_once_a_look(
    graph: dict[str, Stage], workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = graph["prepare--contrastive-demo--covid-ct-synthetic"].outputs["index"]
    readers = [stage for stage in graph.values() if made in stage.files]
    assert len(readers) > 2
    Path(made).parent.mkdir(parents=True)
    Path(made).write_text("early")
    asked, look = [], workspace.hashes.any

    def counted(path: str) -> str | None:
        asked.append(path)
        return look(path)

    monkeypatch.setattr(workspace.hashes, "any", counted)
    before = [workspace.now(stage).deps[made] for stage in readers]
    assert asked.count(made) == 1
    Path(made).write_text("late")
    workspace.look_again()
    after = [workspace.now(stage).deps[made] for stage in readers]
    assert not {*before} & {*after}


def test_a_folder_that_a_table_lists_counts_for_its_maker_alone(
    graph: dict[str, Stage], workspace: Workspace
) -> None:
    """DVC would list 200,000 files again for each of hundreds of stages that read them."""
    maker = graph["prepare--contrastive-demo--covid-ct-synthetic"]
    made = maker.outputs["arrays"]
    readers = [stage for stage in graph.values() if made in stage.files]
    assert len(readers) > 2
    Path(made).mkdir(parents=True)
    before = {stage.name: workspace.now(stage) for stage in (maker, *readers)}
    Path(made, "scan").write_text("late")
    workspace.look_again()
    assert workspace.now(maker) != before[maker.name]
    for stage in readers:
        assert workspace.now(stage) == before[stage.name]
