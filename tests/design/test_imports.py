"""imports: what a file imports is read once for each content, and again when it is another."""

import ast
import json
from pathlib import Path

import pytest

from elsewhere.design.imports import Memory


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "one.py"
    path.write_text("import os\nfrom elsewhere import files\n\ndef f():\n    from . import two\n")
    return path


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    return tmp_path / "imports.json"


def test_it_is_parsed_once_for_all_processes(
    source: Path, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Memory(memory)
    found = {"elsewhere", "elsewhere.files", "elsewhere.a", "elsewhere.a.two"}
    assert set(first.of(source, "elsewhere.a.one")) == found
    first.save()
    monkeypatch.setattr(ast, "parse", None)
    assert set(Memory(memory).of(source, "elsewhere.a.one")) == found
    with pytest.raises(TypeError):  # another place in the package: another `.`
        Memory(memory).of(source, "elsewhere.b.one")


def test_an_edit_counts_though_time_and_size_stay(source: Path, memory: Path) -> None:
    first = Memory(memory)
    first.of(source, "elsewhere.a.one")
    first.save()
    source.write_text(source.read_text().replace("files", "filet"))
    assert "elsewhere.filet" in Memory(memory).of(source, "elsewhere.a.one")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"code": "old", "known": {"x": []}}'])
def test_a_memory_that_is_damaged_or_of_other_code_is_made_anew(
    text: str, source: Path, memory: Path
) -> None:
    memory.write_text(text)
    first = Memory(memory)
    assert first.of(source, "elsewhere.one")
    first.save()
    assert len(json.loads(memory.read_text())["known"]) == 1


def test_no_folder_is_made_for_it(source: Path, tmp_path: Path) -> None:
    first = Memory(tmp_path / "none/imports.json")
    first.of(source, "elsewhere.one")
    first.save()
    assert not (tmp_path / "none").exists()


def test_a_memory_that_cannot_be_read_is_none(source: Path, tmp_path: Path) -> None:
    """Such as that of another user; a folder stands for it here, which root cannot read either."""
    assert Memory(tmp_path).of(source, "elsewhere.one")
