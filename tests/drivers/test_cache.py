"""cache: entries of DVC's run-cache are found by file name, as DVC itself stores them."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from dvc.repo import Repo

from elsewhere.drivers import cache
from elsewhere.drivers.state import State, locked, read_lock
from elsewhere.files import remove

PARAMS = {"a": {"x": 1.0e-5, "names": ["no", "on"], "none": None, "yes": True}, "b": "text"}
STAGE = {
    "cmd": "mkdir -p out.d/sub && cat in > out.d/sub/one && cp in out && date +%N > time",
    "deps": ["in", "raw"],
    "params": [{"results/settings.json": ["a", "b"]}],
    "outs": ["out.d", "out", "time"],
}


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A DVC repository with one stage, run once by DVC."""
    monkeypatch.chdir(tmp_path)
    Repo.init(no_scm=True)
    Path("results").mkdir()
    Path("results/settings.json").write_text(json.dumps(PARAMS))
    Path("in").write_text("input")
    Path("raw").mkdir()
    Path("raw/slice").write_text("raw")
    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": {"one": STAGE}}))
    reproduce()
    return tmp_path


def reproduce() -> list[str]:
    with Repo() as repo:
        return [stage.addressing for stage in repo.reproduce()]


def state() -> State:
    found = locked(read_lock()["one"])
    assert found is not None
    return found


def found(made: State) -> Mapping[str, str] | None:
    """Return the outputs of the newest entry if the cache holds them."""
    entries = [entry for entry in cache.run_cache_entries(made) if entry.here]
    return entries[0].outs if entries else None


def forget_outputs() -> None:
    for path in ("out.d", "out", "time"):
        remove(Path(path))


@pytest.mark.usefixtures("repo")
def test_what_dvc_stored_is_found() -> None:
    assert found(state()) == state().outs
    assert sorted(state().outs) == ["out", "out.d", "time"]


@pytest.mark.usefixtures("repo")
def test_dvc_and_the_look_up_agree_on_every_change() -> None:
    first = state()
    for change in (
        {"command": "true"},
        {"deps": {**first.deps, "in": "0" * 32}},
        {"deps": {**first.deps, "in": None}},
        {"deps": {"in": first.deps["in"]}},
        {"settings": {**first.settings, "b": "other"}},
        {"settings": {**first.settings, "a": {**PARAMS["a"], "yes": 1.5}}},  # type: ignore[dict-item]
        {"settings": {}},
        {"settings_file": "results/other.json"},
        {"outs": {"out": None, "out.d": None}},
    ):
        assert cache.run_cache_entries(replace(first, **change)) == []  # type: ignore[arg-type]


@pytest.mark.usefixtures("repo")
def test_a_setting_that_went_away_and_came_back_is_found_without_dvc() -> None:
    first = state()
    Path("results/settings.json").write_text(json.dumps({**PARAMS, "b": "other"}))
    assert reproduce() == ["one"]
    second = state()
    assert second.outs["time"] != first.outs["time"]
    assert found(second) == second.outs
    assert found(first) == first.outs


@pytest.mark.usefixtures("repo")
def test_an_entry_whose_files_are_gone_is_none() -> None:
    md5 = str(state().outs["out"])
    Path(f".dvc/cache/files/md5/{md5[:2]}/{md5[2:]}").unlink()
    assert found(state()) is None


@pytest.mark.usefixtures("repo")
def test_a_stage_is_restored_as_it_was() -> None:
    before = Path("time").read_text()
    forget_outputs()
    Path("dvc.lock").unlink()
    with cache.opened() as opened:
        assert opened.restore("one")
        opened.commit("one")
    assert Path("time").read_text() == before
    assert Path("out.d/sub/one").read_text() == "input"
    assert reproduce() == []


@pytest.mark.usefixtures("repo")
def test_what_the_cache_has_not_is_not_restored() -> None:
    Path("in").write_text("new")
    forget_outputs()
    with cache.opened() as opened:
        assert not opened.restore("one")
    assert not Path("out").exists()


@pytest.mark.usefixtures("repo")
def test_a_folder_of_which_a_file_is_lost_is_not_restored() -> None:
    for item in Path(".dvc/cache/files/md5").rglob("*"):
        if item.is_file() and item.read_bytes() == b"input":
            item.unlink()
    forget_outputs()
    with cache.opened() as opened:
        assert not opened.restore("one")


@pytest.mark.usefixtures("repo")
def test_the_lost_file_of_a_folder_is_fetched() -> None:
    """As after a pull that was killed: the list of the folder is there."""
    shutil.copytree(".dvc/cache/files", "remote/files")
    Path(".dvc/config").write_text(
        "[core]\n    no_scm = true\n    remote = ours\n['remote \"ours\"']\n    url = ../remote\n"
    )
    (entry,) = cache.run_cache_entries(state())
    assert entry.here
    (lost,) = (p for p in Path(".dvc/cache/files").rglob("*") if _content(p) == b"input")
    lost.unlink()
    assert not entry.here
    with cache.opened() as opened:
        opened.fetch(entry.outs.values())
    assert entry.here
    assert lost.read_bytes() == b"input"


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def flip(path: Path) -> None:
    """Damage a file as a disk does, which leaves mode and size."""
    mode = path.stat().st_mode
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    path.chmod(mode)


@pytest.mark.usefixtures("repo")
@pytest.mark.parametrize("out", ["out", "out.d"])
def test_damaged_objects_are_found_and_removed(out: str) -> None:
    content = str(state().outs[out])
    objects = Path(".dvc/cache/files/md5")
    assert cache.remove_damaged(content) == []
    (damaged,) = (p for p in objects.rglob("*") if p.is_file() and p.read_bytes() == b"input")
    flip(damaged)
    assert cache.remove_damaged(content) == [damaged.parent.name + damaged.name]
    assert not damaged.exists()
    assert not cache.holds(state().outs), "two outputs have this content"


@pytest.mark.usefixtures("repo")
def test_what_another_tool_made_is_committed() -> None:
    Path("in").write_text("new")
    forget_outputs()
    Path("out.d").mkdir()
    for path in ("out.d/other", "out", "time"):
        Path(path).write_text("made by hand")
    with cache.opened() as opened:
        opened.commit("one")
    assert reproduce() == []
    assert found(state()) == state().outs


def _commit(*names: str) -> None:
    with cache.opened() as opened:
        for name in names:
            opened.commit(name)


@pytest.mark.usefixtures("repo")
def test_what_was_committed_before_an_error_is_kept() -> None:
    Path("out").write_text("made by hand")
    old = state().outs["out"]
    with pytest.raises(KeyError):
        _commit("one", "no such stage")
    assert state().outs["out"] != old


@pytest.mark.parametrize("place", ["relative", "absolute"])
def test_the_cache_may_lie_elsewhere(
    place: str, repo: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = str(tmp_path_factory.mktemp("cache")) if place == "absolute" else "../shared"
    target = Path(".dvc", folder)
    if target.exists():
        target.rmdir()
    shutil.move(repo / ".dvc/cache", target)
    assert found(state()) is None
    Path(".dvc/config.local").write_text(f"[cache]\n    dir = {folder}\n")
    assert found(state()) == state().outs
    with Repo() as opened:
        assert Path(opened.cache.local.path).resolve() == Path(target, "files/md5").resolve()
