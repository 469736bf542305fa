"""recorded: what dvc.lock and the receipts say of a finished stage, without hashing any data."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elsewhere.design import reading
from elsewhere.design.stage import Stage
from elsewhere.drivers import receipts
from elsewhere.drivers.state import LOCK

_ENTRY = re.compile(r"^  (?=[\w.-]+:\n)", re.M)


@dataclass(frozen=True)
class Record:
    """How a stage was made, as DVC or its job noted it.

    Attributes
    ----------
    read, written
        Path to the hash of its content; a receipt knows a folder by the times of its files.
    sizes
        Path to bytes, of files that were written; only DVC notes them.
    command, settings, code
        As DVC notes them; None in a receipt, which has their digest.
    digest
        Of command, settings and code; None in dvc.lock.
    """

    read: Mapping[str, str | None]
    written: Mapping[str, str | None]
    sizes: Mapping[str, int]
    command: str | None = None
    settings: Mapping[str, Any] | None = None
    code: str | None = None
    digest: str | None = None


class Records:
    """The records of a project; what did not change since the last look is not read again."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock: dict[str, Any] = {}
        self._parsed: dict[str, dict[str, Any]] = {}
        self._lock_state: tuple[int, int] | None = None
        self._receipts: dict[str, tuple[tuple[int, int], Record | None]] = {}

    def of(self, stage: Stage) -> Iterator[Record]:
        """Yield what is recorded of a stage, that of DVC first."""
        entry = self._entries().get(stage.name)
        if entry is not None:
            yield _of_lock(entry, stage)
        receipt = self._receipt(stage)
        if receipt is not None:
            yield receipt

    def _entries(self) -> dict[str, Any]:
        """Return the stages of dvc.lock; DVC writes it anew after each stage that it ran."""
        path = self._root / LOCK
        state = _state(path)
        if state != self._lock_state:
            try:
                text = path.read_text(encoding="utf-8") if state else "\n"
                if not text.endswith("\n"):
                    return self._lock  # it is being written: the next look reads it
                self._lock = self._stages(text)
            except (OSError, ValueError):
                return self._lock
            self._lock_state = state
        return self._lock

    def _stages(self, text: str) -> dict[str, Any]:
        """Parse only the stages whose lines changed: the whole takes seconds in a large graph."""
        parts = _ENTRY.split(text)[1:]
        self._parsed = {
            part: self._parsed.get(part) or reading.plain(part, str(LOCK)) for part in parts
        }
        return {name: row for part in self._parsed.values() for name, row in part.items()}

    def _receipt(self, stage: Stage) -> Record | None:
        path = self._root / receipts.path(stage)
        state = _state(path)
        if state is None:
            return None
        known = self._receipts.get(stage.name)
        if known is None or known[0] != state:
            known = self._receipts[stage.name] = (state, _of_receipt(path))
        return known[1]


def _state(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _of_lock(entry: Mapping[str, Any], stage: Stage) -> Record:
    read = {row["path"]: row.get("md5") for row in entry.get("deps", [])}
    outs = entry.get("outs", [])
    # of any file: earlier versions kept the settings of all stages in one
    settings: Mapping[str, Any] = next(iter(entry.get("params", {}).values()), {})
    return Record(
        code=read.pop(stage.code_list, None),
        read=read,
        written={row["path"]: row.get("md5") for row in outs},
        sizes={row["path"]: row["size"] for row in outs if "size" in row and "nfiles" not in row},
        command=entry.get("cmd"),
        settings=settings,
    )


def _of_receipt(path: Path) -> Record | None:
    try:
        receipt = json.loads(path.read_text(encoding="utf-8"))
        noted = receipt["digest"], dict(receipt["read"]), dict(receipt["written"])
    except (OSError, ValueError, KeyError, TypeError):  # a damaged receipt shows nothing
        return None
    return Record(digest=noted[0], read=noted[1], written=noted[2], sizes={})
