"""restoring: what the cache holds comes back, and a damaged object is found by its content."""

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
