"""fingerprint: content hashes of files, folders and settings, as DVC computes them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_IGNORED_FOLDERS = {"__pycache__", ".git", ".dvc"}


def canonical(value: Any) -> str:
    """Return one text for equal values."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(command: str, settings: Mapping[str, Any], code: str) -> str:
    """Return what tells two executions of a stage apart, inputs aside.

    Parameters
    ----------
    command
        The stage's command.
    settings
        Dotted key to the plain value in the settings.
    code
        Hash of the list of its source files.
    """
    text = canonical([command, dict(settings), code])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def md5(text: str) -> str:
    """Return the MD5 of a text, as DVC has it of a file with this content."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class Hashes:
    """MD5 of files and folders, remembered by modification time, size and inode.

    Parameters
    ----------
    memory
        JSON file that keeps hashes between processes; ``None`` keeps nothing. A damaged one is
        ignored: it is only a memory.
    """

    def __init__(self, memory: Path | None = None) -> None:
        self._memory = memory
        self._known: dict[str, list[Any]] = {}
        self._new = False
        if memory is not None and memory.is_file():
            try:
                self._known = json.loads(memory.read_text(encoding="utf-8"))
            except ValueError:
                self._known = {}

    def file(self, path: str | Path, *, algorithm: str = "md5") -> str | None:
        """Return the hash of a file, None if there is none."""
        try:
            status = os.stat(path)
        except OSError:
            return None
        # raw file names hold what patients are called: the memory knows paths by their hash
        name = hashlib.blake2b(os.fsencode(path), digest_size=16).hexdigest()
        key = f"{algorithm}:{name}"
        state = [status.st_mtime_ns, status.st_size, status.st_ino]
        known = self._known.get(key)
        if known is not None and known[0] == state:
            return str(known[1])
        with open(path, "rb") as stream:
            found = hashlib.file_digest(stream, algorithm).hexdigest()
        self._known[key] = [state, found]
        self._new = True
        return found

    def folder(self, path: str | Path) -> str | None:
        """Return DVC's hash of a folder (``<md5>.dir``), None if there is none."""
        top = Path(path)
        if not top.is_dir():
            return None
        rows = [{"md5": self.file(item), "relpath": name} for name, item in _walk(top)]
        rows.sort(key=lambda row: str(row["relpath"]))
        return md5(json.dumps(rows, sort_keys=True)) + ".dir"

    def any(self, path: str | Path) -> str | None:
        """Return the hash of a file or a folder, None if there is neither."""
        return self.folder(path) if os.path.isdir(path) else self.file(path)

    def save(self) -> None:
        """Write the memory, whole or not at all."""
        if self._memory is None or not self._new:
            return
        self._memory.parent.mkdir(parents=True, exist_ok=True)
        part = self._memory.with_name(f"{self._memory.name}.{os.getpid()}")
        part.write_text(json.dumps(self._known), encoding="utf-8")
        part.replace(self._memory)
        self._new = False


def _walk(top: Path) -> Iterator[tuple[str, str]]:
    """Yield each file below `top`: name relative to it, with forward slashes, and path."""
    todo = [(str(top), "")]
    while todo:
        folder, prefix = todo.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir():  # a link to a folder is left out, as DVC does
                    if entry.name not in _IGNORED_FOLDERS and not entry.is_symlink():
                        todo.append((entry.path, f"{prefix}{entry.name}/"))
                elif entry.name != ".snakemake_timestamp":
                    yield prefix + entry.name, entry.path
