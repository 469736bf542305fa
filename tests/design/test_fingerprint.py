"""fingerprint: the same hashes as DVC's, each file read once."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from dvc.repo import Repo
from dvc.utils.serialize import load_yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from elsewhere.design.fingerprint import Hashes, canonical, digest, md5

ROOT = Path(__file__).parents[2]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".dvcignore").write_text((ROOT / ".dvcignore").read_text())
    return Repo.init(no_scm=True)


def _tree(top: Path) -> None:
    """Names that sort otherwise as text than as paths, that are no ASCII, that look like code."""
    for name in ("b", "a.b", "a/b ", "a-b", "a/b.c/d", "Z", "größe 1", "empty/.hidden", "日本"):
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content of {name}\n")
    (top / "nothing").write_bytes(b"")
    (top / "no files").mkdir()
    (top / "windows.txt").write_bytes(b"line\r\nline\r\n")
    (top / "link").symlink_to(top / "b")
    (top / "linked").symlink_to(top / "a", target_is_directory=True)
    (top / "__pycache__").mkdir()
    (top / "__pycache__/x.pyc").write_bytes(b"0")
    (top / ".snakemake_timestamp").write_bytes(b"")


def test_a_folder_has_the_hash_that_dvc_gives_it(repo: Repo, tmp_path: Path) -> None:
    _tree(tmp_path / "raw")
    repo.add("raw")
    assert Hashes().folder("raw") == load_yaml("raw.dvc")["outs"][0]["md5"]
    assert Hashes().any(tmp_path / "raw") == Hashes().folder("raw")


def test_a_link_to_a_folder_has_the_hash_of_the_folder(repo: Repo, tmp_path: Path) -> None:
    """Raw data often lie on another disk."""
    _tree(tmp_path / "elsewhere")
    Path("raw").symlink_to("elsewhere", target_is_directory=True)
    assert Hashes().folder("raw") == Hashes().folder("elsewhere")
    stage = repo.stage.add(name="s", cmd="echo", deps=["raw"])
    stage.save_deps()
    assert stage.deps[0].hash_info.value == Hashes().folder("raw")


def test_a_file_has_the_hash_that_dvc_gives_it(repo: Repo) -> None:
    Path("file").write_bytes(bytes(range(256)) * 5000)
    repo.add("file")
    assert Hashes().any("file") == load_yaml("file.dvc")["outs"][0]["md5"]
    assert (
        Hashes().file("file", algorithm="sha256")
        == hashlib.sha256(Path("file").read_bytes()).hexdigest()
    )


def test_what_is_not_there_has_no_hash(tmp_path: Path) -> None:
    assert Hashes().any(tmp_path / "x") is None
    assert Hashes().file(tmp_path / "x") is None
    assert Hashes().folder(tmp_path / "x") is None


def test_hashes_are_kept_between_processes_and_a_changed_file_is_read_again(tmp_path: Path) -> None:
    memory, path = tmp_path / "deep/memory.json", tmp_path / "file"
    path.write_text("old")
    first = Hashes(memory)
    assert first.file(path) == md5("old")
    first.save()
    kept = json.loads(memory.read_text())
    assert path.name not in memory.read_text()
    assert memory.stat().st_mode & 0o777 == 0o600
    kept["known"][next(iter(kept["known"]))][1] = "from memory"
    memory.write_text(json.dumps(kept))
    assert Hashes(memory).file(path) == "from memory"
    path.write_text("new")
    assert Hashes(memory).file(path) == md5("new")


def test_a_file_that_was_replaced_within_one_tick_of_the_clock_is_read_again(
    tmp_path: Path,
) -> None:
    old, new = tmp_path / "file", tmp_path / "other"
    hashes = Hashes()
    old.write_text("old")
    new.write_text("new")
    os.utime(old, ns=(0, 0))
    os.utime(new, ns=(0, 0))
    assert hashes.file(old) == md5("old")
    new.replace(old)
    assert hashes.file(old) == md5("new")


def test_a_damaged_memory_is_no_memory(tmp_path: Path) -> None:
    memory, path = tmp_path / "memory.json", tmp_path / "file"
    path.write_text("x")
    for damage in ("{", "", '{"a": 1}', '{"md5:file": [[1,'):
        memory.write_text(damage)
        assert Hashes(memory).file(path) == md5("x")


def test_nothing_new_writes_nothing(tmp_path: Path) -> None:
    Hashes(tmp_path / "memory.json").save()
    assert not list(tmp_path.iterdir())


@settings(max_examples=25)
@given(st.dictionaries(st.text(), VALUES, min_size=2))
def test_equal_values_have_one_text(value: dict[str, Any]) -> None:
    assert canonical(dict(reversed(value.items()))) == canonical(value)
    assert json.loads(canonical(value)) == value


def test_each_part_of_a_stage_changes_its_digest() -> None:
    one = digest("cmd", {"a": 1, "b": 2}, "code")
    assert digest("cmd", {"b": 2, "a": 1}, "code") == one
    others = [
        digest("cmd2", {"a": 1, "b": 2}, "code"),
        digest("cmd", {"a": 1, "b": 3}, "code"),
        digest("cmd", {"a": 1}, "code"),
        digest("cmd", {"a": 1, "b": "2"}, "code"),
        digest("cmd", {"a": 1, "b": 2}, "code2"),
    ]
    assert len({one, *others}) == 6


def test_a_memory_of_another_user_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, file = tmp_path / "memory.json", tmp_path / "file"
    file.write_text("content")
    first = Hashes(memory)
    expected = first.file(file)
    first.save()

    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError(memory)

    monkeypatch.setattr(Path, "read_text", forbidden)
    monkeypatch.setattr(Path, "touch", forbidden)
    second = Hashes(memory)
    assert second.file(file) == expected
    second.save()
