"""compared: whether a record of a stage is of the settings, code and files of now, unhashed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from elsewhere.design import params as tables
from elsewhere.design.fingerprint import digest
from elsewhere.design.stage import Stage
from elsewhere.drivers.recorded import Record
from elsewhere.drivers.state import BESIDE, RAW, mark

NEVER = "it was never made"
GONE = "its outputs are not here"
BEFORE = "its inputs are to be made before"
OTHERS = "its outputs are not those that were made"


class Compared:
    """One comparison of all stages, in the order of the graph.

    Parameters
    ----------
    root
        Folder of the project.
    values
        The settings, plain.
    code
        List of code to its hash; of one that is not there, the code is not compared.
    """

    def __init__(self, root: Path, values: Mapping[str, Any], code: Mapping[str, str]) -> None:
        self._root, self._values, self._code = root, values, code
        self._written: dict[str, set[str | None]] = {}  # of the stages that are done
        self._undone: set[str] = set()

    def difference(self, stage: Stage, records: Sequence[Record]) -> str:
        """Say why a stage must be made, "" if one of its records shows that it need not."""
        why = [self._difference(stage, record) for record in records] or [NEVER]
        shown = [record for record, reason in zip(records, why, strict=False) if not reason]
        for path in stage.outputs.values():
            if shown:
                self._written[path] = {record.written.get(path) for record in shown}
            else:
                self._undone.add(path)
        return "" if shown else why[0]

    def _difference(self, stage: Stage, record: Record) -> str:
        return (
            self._of_settings(stage, record)
            or self._of_outputs(stage, record)
            or self._of_inputs(stage, record)
        )

    def _of_settings(self, stage: Stage, record: Record) -> str:
        """Compare the command, settings and code; a receipt has one digest of the three."""
        settings = {key: tables.at_key(self._values, key) for key in stage.keys}
        code = self._code.get(stage.code_list)
        if record.digest is not None:
            now = None if code is None else digest(stage.command, settings, code)
            return "its settings or its code differ" if now not in (None, record.digest) else ""
        if (record.command, record.settings) != (stage.command, settings):
            return "its settings differ"
        return "its code differs" if code not in (None, record.code) else ""

    def _of_outputs(self, stage: Stage, record: Record) -> str:
        for path in stage.outputs.values():
            try:
                size = os.stat(self._root / path).st_size
            except OSError:
                return GONE
            if record.sizes.get(path, size) != size:
                return OTHERS
        return ""

    def _of_inputs(self, stage: Stage, record: Record) -> str:
        paths = [*_tracked(stage)]
        if any(path in self._undone for path in paths):
            return BEFORE
        changed = any(self._is_other(path, record.read.get(path)) for path in paths)
        return "its inputs differ" if changed else ""

    def _is_other(self, path: str, content: str | None) -> bool:
        """Return whether an input is recorded with another content than it has now."""
        if path.startswith(RAW):
            noted = self._raw(path)
            return None not in (noted, content) and noted != content
        return path in self._written and content not in self._written[path]

    def _raw(self, path: str) -> str | None:
        """Return the hash that Snakemake noted of raw data when it planned last."""
        try:
            return (self._root / mark(path)).read_text(encoding="utf-8").strip()
        except OSError:
            return None


def _tracked(stage: Stage) -> Iterator[str]:
    """Yield the inputs whose hashes both records have.

    The file beside a folder lists its content, and stands for it (`state.rule_inputs`).
    """
    for name, paths in stage.inputs.items():
        if name not in BESIDE:
            yield from paths.values() if isinstance(paths, dict) else [paths]
