"""bridge: when it is on, and what it writes; tests/workflow tests what it does."""

import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from dvc.repo import Repo

from elsewhere.design import params as tables
from elsewhere.design.graph import stages
from elsewhere.drivers import bridge, receipts, versions
from elsewhere.drivers.state import MEMORY, mark, read_lock
from elsewhere.drivers.versions import SWITCH


def test_it_is_on_in_a_dvc_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(SWITCH, raising=False)
    assert not bridge.is_on()
    Repo.init(no_scm=True)
    assert bridge.is_on()
    monkeypatch.setenv(SWITCH, "off")
    assert not bridge.is_on()


def test_without_the_bridge_every_new_file_counts_as_new(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del checkout
    stage = stages(tables.load())["split--contrastive--covid-ct-synthetic"]
    monkeypatch.setenv(SWITCH, "off")
    assert not bridge.made_from(stage, str(stage.inputs["groups"]))


@pytest.mark.usefixtures("checkout")
def test_dvc_lock_is_read_once_until_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Snakemake asks for each split, and again for each after an audit."""
    stage = stages(tables.load())["split--contrastive--covid-ct-synthetic"]
    for path in (*stage.files, *stage.outputs.values()):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text("text")
    groups, md5s = str(stage.inputs["groups"]), ("1cb251ec0d568de6a929b520c4aed8d1", "0" * 32)
    Path(".dvc").mkdir()
    monkeypatch.delenv(SWITCH, raising=False)
    read = []
    monkeypatch.setattr(bridge, "read_lock", lambda: read.append(1) or read_lock())
    for time, (md5, made) in enumerate(zip(md5s, (True, False), strict=True), start=1):
        entry = {"cmd": stage.command, "deps": [{"path": groups, "md5": md5}]}
        Path("dvc.lock").write_text(yaml.safe_dump({"stages": {stage.name: entry}}))
        os.utime("dvc.lock", ns=(time, time))
        assert [bridge.made_from(stage, groups) for _ in range(3)] == [made] * 3
    assert len(read) == 2


@pytest.mark.usefixtures("checkout")
def test_a_result_that_is_seen_late_is_shown_when_it_is_asked_for_again() -> None:
    """The states of a plan are kept; the end of a run waits for what changes."""
    values = tables.read()
    graph = stages(tables.parse(values))
    name = "split--contrastive--covid-ct-synthetic"
    for path in graph[name].files:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text("text")
    found = bridge.Bridge(values, graph)
    assert not found.is_shown(name)
    for path in graph[name].outputs.values():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text("text")
    now = found.workspace.now(graph[name])
    hashes = found.workspace.hashes
    read = receipts.noted(graph[name].files, hashes)
    receipts.write(graph[name], now.digest(graph[name]), read, hashes)
    assert found.is_shown(name, again=True)
    assert None not in found.state(name)[0].outs.values(), "what is committed is what is there"


@pytest.mark.parametrize(
    ("argv", "main", "plans"),
    [
        (["snakemake", "-j8"], True, True),
        (["snakemake", "-n"], True, True),
        (["snakemake", "-j8"], False, False),
        (["snakemake", "--lint"], True, False),
        (["snakemake", "--unlock"], True, False),
        (["snakemake", "--report", "report.html"], True, False),
    ],
)
def test_only_the_process_that_plans_a_run_is_bridged(
    argv: list[str], main: bool, plans: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".dvc").mkdir()
    monkeypatch.delenv(SWITCH, raising=False)
    monkeypatch.setattr("sys.argv", argv)
    assert bridge.plans(SimpleNamespace(is_main_process=main)) is plans


@pytest.mark.usefixtures("checkout")
@pytest.mark.parametrize("dry", [True, False])
def test_when_it_is_off_raw_data_are_marked_and_nothing_else_is_written(
    dry: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Snakemake sees raw data through their marks alone."""
    raw = Path("data/raw/utsw-synthetic")
    raw.mkdir(parents=True)
    (raw / "slice.dcm").write_text("a slice")
    before = {*Path().rglob("*")}
    monkeypatch.setenv(SWITCH, "off")
    monkeypatch.setattr(versions, "RANGES", {"snakemake": versions.Range("0.1", "0.1", "0.2")})
    values = tables.read()
    bridge.before(values, tables.parse(values), dry=dry)
    assert Path(mark(str(raw))).is_file()
    assert not Path(mark("data/raw/mosmed-synthetic")).exists()
    assert {path.parts[0] for path in {*Path().rglob("*")} - before} == {".elsewhere"}


@pytest.mark.usefixtures("checkout")
def test_a_dry_run_before_the_first_run_changes_nothing_that_is_tracked() -> None:
    Repo.init(no_scm=True)
    before = {path for path in Path().rglob("*") if ".dvc" not in path.parts}
    values = tables.read()
    bridge.before(values, tables.parse(values), dry=True)
    after = {path for path in Path().rglob("*") if ".dvc" not in path.parts}
    new = {path.parts[0] for path in after - before}
    assert new <= {".elsewhere", ".snakemake"}
    assert json.loads(MEMORY.read_text())
