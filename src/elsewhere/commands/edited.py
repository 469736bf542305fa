"""edited: change the user's settings file and keep its comments and its formatting."""

from __future__ import annotations

import difflib
import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from textwrap import indent
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from elsewhere.design.params import ParamsError

# how far a sequence is indented below its key, and its dash in it: the ways in which people write
_INDENTS = ((4, 2), (2, 0))
_WIDE = 10**6  # no line is broken


def with_row(path: Path, table: str, name: str, text: str) -> str:
    """Return the text of a YAML file with a row more in one of its tables.

    The row comes last, or first where it would otherwise stand behind a comment on what follows.

    Parameters
    ----------
    path
        The file.
    table, name
        Of the row.
    text
        The row in YAML, with comments.

    Raises
    ------
    ParamsError
        As `edited`.
    """
    texts = [
        edited(path, partial(_put, table=table, name=name, text=text, first=first))
        for first in (False, True)
    ]
    before = path.read_text(encoding="utf-8").splitlines()
    return next((after for after in texts if not _behind_comment(before, after)), texts[0])


def _put(tables: CommentedMap, *, table: str, name: str, text: str, first: bool) -> None:
    if not isinstance(tables.get(table), CommentedMap):
        tables[table] = CommentedMap()
    rows = tables[table]
    rows.insert(0 if first else len(rows), name, row(text))


def _behind_comment(before: list[str], after: str) -> bool:
    """Whether the first line that is new stands behind a comment or an empty line."""
    lines = after.splitlines()
    new = next((n for n, line in enumerate(lines) if n == len(before) or line != before[n]), 0)
    return new > 0 and lines[new - 1].strip()[:1] in ("", "#")


def edited(path: Path, change: Callable[[CommentedMap], None]) -> str:
    """Return the text of a YAML file after a change; every other byte stays.

    Parameters
    ----------
    path
        The file.
    change
        Changes the tables that it is given.

    Raises
    ------
    ParamsError
        If the file cannot be read, or is written so that it could not be written again unchanged:
        the message then shows the lines that are to be added by hand.
    """
    text = path.read_text(encoding="utf-8")
    for sequence, offset in _INDENTS:
        yaml = _yaml(sequence, offset)
        try:
            tables = yaml.load(text) or CommentedMap()
        except YAMLError as error:
            raise ParamsError(f"{path}: not valid YAML: {error}") from error
        kept = _dumped(yaml, tables) == text
        change(tables)
        after = _dumped(yaml, tables)
        if kept:
            return after
    raise ParamsError(
        f"{path} is formatted in a way that would be lost; add these lines by hand:\n"
        + "".join(_added(text, after))
    )


def row(text: str) -> CommentedMap:
    """Return a row with its comments, from YAML; they keep their columns below a table."""
    found: CommentedMap = _yaml(*_INDENTS[0]).load(indent(text, " " * 4))
    return found


def scalar(value: Any) -> str:
    """Return a value as it stands behind a key in one line of YAML."""
    stream = io.StringIO()
    yaml = _yaml(*_INDENTS[0])
    yaml.default_flow_style = True
    yaml.dump(value, stream)
    return stream.getvalue().strip().removesuffix("...").strip()


def _yaml(sequence: int, offset: int) -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = _WIDE
    yaml.indent(mapping=2, sequence=sequence, offset=offset)
    return yaml


def _dumped(yaml: YAML, tables: CommentedMap) -> str:
    stream = io.StringIO()
    yaml.dump(tables, stream)
    return stream.getvalue()


def _added(before: str, after: str) -> list[str]:
    lines = difflib.ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True))
    return [line[2:] for line in lines if line.startswith("+ ")]
