"""restoring: what the cache holds comes back, and a damaged object is found by its content."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from dvc.repo import Repo

from elsewhere.design.fingerprint import Hashes
from elsewhere.design.stage import Stage
from elsewhere.drivers import restoring
from elsewhere.drivers.state import State, locked, read_lock

OUTPUTS = {"first": "a.txt", "second": "b.txt"}
GRAPH = {
    "first": Stage("first", {}, {"in": "in"}, {"out": "a.txt"}, {}, {}),
    "second": Stage("second", {}, {"in": "a.txt"}, {"out": "b.txt"}, {}, {}),
}


@pytest.fixture(autouse=True)
def _repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two stages, one made of the other, run once by DVC."""
    monkeypatch.chdir(tmp_path)
    Repo.init(no_scm=True)
    Path("in").write_text("input")
    entries = {
        "first": {"cmd": "sed s/^/1/ in > a.txt", "deps": ["in"], "outs": ["a.txt"]},
        "second": {"cmd": "sed s/^/2/ a.txt > b.txt", "deps": ["a.txt"], "outs": ["b.txt"]},
    }
    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": entries}))
    with Repo() as repo:
        repo.reproduce()


def state(name: str) -> tuple[State, State | None]:
    """Return a stage as it is now, and as dvc.lock has it; the command has not changed."""
    found, hashes = locked(LOCK[name]), Hashes()
    assert found is not None
    deps = {path: hashes.any(path) for path in found.deps}
    outs = {path: hashes.any(path) for path in found.outs}
    return replace(found, deps=deps, outs=outs), locked(read_lock().get(name))


LOCK: dict[str, dict[str, object]] = {}


@pytest.fixture(autouse=True)
def _lock(_repo: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "LOCK", read_lock())


def restored() -> restoring.Restored:
    return restoring.restore(restoring.restorable(GRAPH, state), GRAPH, Hashes())


def object_of(name: str) -> Path:
    (content,) = state(name)[1].outs.values()  # type: ignore[union-attr]
    return Path(f".dvc/cache/files/md5/{str(content)[:2]}/{str(content)[2:]}")


def test_what_is_as_it_was_is_left_alone() -> None:
    assert restoring.restorable(GRAPH, state) == {}


@pytest.mark.parametrize("run_cache", [True, False])
def test_edited_and_lost_outputs_come_back(run_cache: bool) -> None:
    """dvc.lock and the objects are enough: a clone has no run-cache."""
    if not run_cache:
        for entry in Path(".dvc/cache/runs").rglob("*"):
            if entry.is_file():
                entry.unlink()
    Path("a.txt").write_text("edited")
    Path("b.txt").unlink()
    assert restored().stages == ["first", "second"]
    assert Path("b.txt").read_text() == "21input"


def test_without_a_lock_the_run_cache_is_enough() -> None:
    Path("dvc.lock").unlink()
    for path in OUTPUTS.values():
        Path(path).unlink()
    assert restored().stages == ["first", "second"]
    assert read_lock().keys() == GRAPH.keys()


def test_a_damaged_object_is_told_and_removed_and_nothing_is_made_of_it() -> None:
    Path("a.txt").unlink()
    Path("b.txt").unlink()
    damaged = object_of("first")
    damaged.chmod(0o644)
    damaged.write_text("1inpuX")
    damaged.chmod(0o444)
    found = restored()
    assert found.stages == []
    (warning,) = found.warnings
    assert warning.startswith(f"a.txt: the object {damaged.parent.name}{damaged.name} in DVC's")
    assert not damaged.exists()
    assert not Path("a.txt").exists()
    assert not Path("b.txt").exists(), "its input is not there"
    assert restoring.restorable(GRAPH, state) == {}


def test_what_depends_on_something_else_is_not_restored() -> None:
    Path("in").write_text("other")
    assert restoring.restorable(GRAPH, state) == {}


# what colleagues made, and their remote


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """A folder that has all that was made, of which no object is here."""
    folder = tmp_path / "remote"
    Path(".dvc/config").write_text(
        f"[core]\n    no_scm = true\n    remote = ours\n['remote \"ours\"']\n    url = {folder}\n"
    )
    shutil.copytree(".dvc/cache/files", folder / "files")
    shutil.rmtree(".dvc/cache/files")
    for path in OUTPUTS.values():
        Path(path).unlink()
    Path("dvc.lock").unlink()
    return folder


def fetched() -> tuple[list[str], list[str]]:
    """Fetch and restore; return what was said, and the stages that need not run."""
    todo = restoring.restorable(GRAPH, state)
    assert [entry.here for entry in todo.values()] == [False] * len(todo)
    return restoring.fetch(todo), restoring.restore(todo, GRAPH, Hashes()).stages


@pytest.mark.usefixtures("remote")
def test_what_was_made_elsewhere_is_fetched() -> None:
    assert fetched() == ([], ["first", "second"])
    assert Path("b.txt").read_text() == "21input"


def test_what_was_made_elsewhere_is_fetched_as_far_as_the_remote_has_it(remote: Path) -> None:
    """The outputs of the second stage were never pushed."""
    (content,) = (str(content) for content in locked_outs("second"))
    (remote / f"files/md5/{content[:2]}/{content[2:]}").unlink()
    said, stages = fetched()
    assert stages == ["first"]
    (sentence,) = said
    assert sentence.startswith("1 stages were made elsewhere, but remote 'ours' has not all of")


def test_a_remote_that_gives_nothing_is_told(remote: Path) -> None:
    shutil.rmtree(remote)
    Path(".dvc/config").write_text(
        "[core]\n    no_scm = true\n    remote = ours\n['remote \"ours\"']\n    url = ssh://127.0.0.1:1/nowhere\n"
    )
    said, stages = fetched()
    assert stages == []
    (sentence,) = said
    assert sentence.startswith("2 stages were made elsewhere, but remote 'ours' gives nothing, so")
    assert "Connect call failed" in sentence


@pytest.mark.usefixtures("remote")
def test_without_a_remote_nothing_is_fetched() -> None:
    Path(".dvc/config").write_text("[core]\n    no_scm = true\n")
    assert restoring.restorable(GRAPH, state) == {}


@pytest.mark.parametrize("here", [True, False])
def test_of_several_entries_one_that_is_here_is_taken(here: bool, remote: Path) -> None:
    """A colleague's is newer, but their bytes need not be fetched; half a transfer is no entry."""
    if here:
        shutil.copytree(remote / "files", ".dvc/cache/files")
    (own,) = Path(".dvc/cache/runs").glob(f"*/*/{entry_of('first')}")
    theirs = own.with_name("0" * 64)
    theirs.write_text(own.read_text().replace(*("".join(locked_outs("first")), "a" * 32)))
    for age, path in enumerate((own.with_name(".killed.tmp"), own.with_name("1" * 64), theirs)):
        if age < 2:
            path.write_text("outs:\n- path")
        os.utime(path, (4e9 - age, 4e9 - age))
    todo = restoring.restorable(GRAPH, state)
    assert todo["first"].here == here
    assert todo["first"].file == (own if here else theirs)
    if here:
        assert restoring.restore(todo, GRAPH, Hashes()).stages == ["first", "second"]
        assert Path("a.txt").read_text() == "1input"


def locked_outs(name: str) -> list[str]:
    """Return the hashes of a stage's outputs, as they were made at first."""
    found = locked(LOCK[name])
    assert found is not None
    return [str(content) for content in found.outs.values()]


def entry_of(name: str) -> str:
    """Return the name of the entry in the run-cache that has a stage's outputs."""
    (content,) = locked_outs(name)
    files = [path for path in Path(".dvc/cache/runs").rglob("*") if path.is_file()]
    (found,) = (
        path.name
        for path in files
        if f"a.txt\n  hash: md5\n  md5: {content}" in path.read_text()
        and "cmd: sed s/^/1/" in path.read_text()
    )
    return found
