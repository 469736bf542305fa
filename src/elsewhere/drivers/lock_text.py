"""lock_text: changes a few stages in the text of dvc.lock without parsing the rest.

DVC parses and writes the whole file to keep its comments, which takes 27 ms per stage in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_HEAD = "schema: '2.0'\nstages:\n"
_NAME = re.compile(r"  ([\w.-]+):\n")
_ALIAS = re.compile(r"[&*]id\d")  # one stage's lines may need another's


def updated(text: str, entries: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Return the text with some stages replaced in their place, or added at its end.

    Parameters
    ----------
    text
        Of dvc.lock, empty if there is none.
    entries
        Stage's name to what DVC locks of it.

    Returns
    -------
    str or None
        What DVC itself would write; None if the text is not laid out as DVC does it, after an edit
        by hand for instance.
    """
    by_name = _entries(text or _HEAD)
    if by_name is None:
        return None
    by_name |= {name: _dumped(name, entry) for name, entry in entries.items()}
    return _HEAD + "".join(by_name.values())


def _entries(text: str) -> dict[str, str] | None:
    """Return each stage's lines; None where some belong to no stage."""
    if not text.startswith(_HEAD) or not text.endswith("\n") or _ALIAS.search(text):
        return None
    by_name: dict[str, list[str]] = {}
    lines: list[str] | None = None
    for line in text[len(_HEAD) :].splitlines(keepends=True):
        if not line.startswith("   ") and line != "\n":
            name = _NAME.fullmatch(line)
            if name is None or name[1] in by_name:
                return None
            lines = by_name[name[1]] = []
        if lines is None:
            return None
        lines.append(line)
    return {name: "".join(lines) for name, lines in by_name.items()}


def _dumped(name: str, entry: Mapping[str, Any]) -> str:
    from dvc.utils.serialize import dumps_yaml

    dumped: str = dumps_yaml({"stages": {name: entry}})
    return dumped.removeprefix("stages:\n")
