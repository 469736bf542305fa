"""fingerprint: compute content hashes of files, folders and settings as DVC does."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_IGNORED_FOLDERS = {"__pycache__", ".git", ".dvc"}


def canonical(value: Any) -> str:
    """Return the canonical JSON text of a value: equal values give equal texts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(command: str, settings: Mapping[str, Any], code: str) -> str:
    """Return the digest of a stage: of all that decides its result except the input files.

    Parameters
    ----------
    command
        The command of the stage.
    settings
        Dotted key to the plain value in the settings.
    code
        Hash of the list of its source files.
    """
    text = canonical([command, dict(settings), code])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def md5(text: str) -> str:
    """Return the MD5 of a text, which is DVC's hash of a file with this content."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class Hashes:
    """MD5 of files and folders, cached by modification time, size and inode.

    Parameters
    ----------
    memory
        JSON file that keeps the cache between processes; ``None``: no file. A file that
        cannot be read is ignored, because all hashes can be computed again.
    """

    def __init__(self, memory: Path | None = None) -> None:
        self._memory = memory
        self._known: dict[str, list[Any]] = {}
        self._salt = secrets.token_hex(16)
        self._new = False
        if memory is not None and memory.is_file():
            try:
                kept = json.loads(memory.read_text(encoding="utf-8"))
                self._salt, self._known = str(kept["salt"]), dict(kept["known"])
            except (OSError, ValueError, KeyError, TypeError):
                self._known = {}

    def file(self, path: str | Path, *, algorithm: str = "md5") -> str | None:
        """Return the hash of a file; None if it does not exist."""
        try:
            status = os.stat(path)
        except OSError:
            return None
        # names of raw files may contain patients' names, so the cache stores salted hashes of paths
        salt = self._salt.encode()
        name = hashlib.blake2b(os.fsencode(path), digest_size=16, key=salt).hexdigest()
        key = f"{algorithm}:{name}"
        state = [status.st_mtime_ns, status.st_size, status.st_ino]
        known = self._known.get(key)
        if known is not None and known[0] == state:
            return str(known[1])
        with open(path, "rb") as stream:
            content_hash = hashlib.file_digest(stream, algorithm).hexdigest()
        self._known[key] = [state, content_hash]
        self._new = True
        return content_hash

    def folder(self, path: str | Path) -> str | None:
        """Return DVC's hash of a folder (``<md5>.dir``); None if it does not exist."""
        top = Path(path)
        if not top.is_dir():
            return None
        rows = [{"md5": self.file(item), "relpath": name} for name, item in files_below(top)]
        rows.sort(key=lambda row: str(row["relpath"]))
        return md5(json.dumps(rows, sort_keys=True)) + ".dir"

    def any(self, path: str | Path) -> str | None:
        """Return the hash of a file or a folder; None if neither exists."""
        return self.folder(path) if os.path.isdir(path) else self.file(path)

    def save(self) -> None:
        """Write the cache to its file, whole or not at all."""
        if self._memory is None or not self._new:
            return
        self._memory.parent.mkdir(parents=True, exist_ok=True)
        part = self._memory.with_name(f"{self._memory.name}.{secrets.token_hex(8)}")
        try:
            part.touch(mode=0o600)
        except PermissionError:  # another user's project; all is hashed again the next time
            return
        part.write_text(json.dumps({"salt": self._salt, "known": self._known}), encoding="utf-8")
        part.replace(self._memory)
        self._new = False


def files_below(top: Path) -> Iterator[tuple[str, str]]:
    """Yield name and path of each file that DVC sees below a folder, in no order.

    The name is relative to the folder, with forward slashes.
    """
    pending = [(str(top), "")]
    while pending:
        folder, prefix = pending.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir():  # a link to a folder is left out, as DVC does
                    if entry.name not in _IGNORED_FOLDERS and not entry.is_symlink():
                        pending.append((entry.path, f"{prefix}{entry.name}/"))
                elif entry.name != ".snakemake_timestamp":
                    yield prefix + entry.name, entry.path
