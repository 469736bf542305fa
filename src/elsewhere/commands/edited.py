"""edited: changes the user's settings file, and keeps its comments and formatting."""

from __future__ import annotations

import difflib
import io
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from textwrap import indent
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from elsewhere.design.params import ParamsError
from elsewhere.design.reading import plain

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
    """Return the text of a YAML file after a change; lines that are not concerned stay as they are.

    Parameters
    ----------
    path
        The file.
    change
        Changes the tables that it is given.

    Raises
    ------
    ParamsError
        If the file cannot be read, or is written so that its lines could not be kept: the message
        then shows those that are to be added by hand.
    """
    raw = path.read_bytes().decode("utf-8")
    end = "\r\n" if "\r\n" in raw else "\n"
    text = raw.replace("\r\n", "\n").removesuffix("\n") + "\n"
    yaml = _yaml()
    try:
        tables = yaml.load(text) or CommentedMap()
    except YAMLError as error:
        raise ParamsError(f"{path}: not valid YAML: {error}") from error
    before = _dumped(yaml, tables)
    change(tables)
    after = _dumped(yaml, tables)
    # the library may write a line otherwise: what it changes is carried over, line by line
    lines = text.splitlines(keepends=True)
    if len(before) == len(lines):
        new_text = "".join(_carried_over(lines, before, after))
        if plain(new_text, str(path)) == plain("".join(after), str(path)):
            return new_text.replace("\n", end)
    raise ParamsError(
        f"{path} is formatted in a way that would be lost; add these lines by hand:\n"
        + "".join(line[2:] for line in difflib.ndiff(before, after) if line.startswith("+ "))
    )


def _carried_over(lines: list[str], before: list[str], after: list[str]) -> Iterator[str]:
    matcher = difflib.SequenceMatcher(a=before, b=after, autojunk=False)
    for change, start, stop, new_start, new_stop in matcher.get_opcodes():
        yield from lines[start:stop] if change == "equal" else after[new_start:new_stop]


def row(text: str) -> CommentedMap:
    """Return a row with its comments, from YAML; they keep their columns below a table."""
    commented: CommentedMap = _yaml().load(indent(text, " " * 4))
    return commented


def scalar(value: Any) -> str:
    """Return a value as it stands behind a key in one line of YAML."""
    stream = io.StringIO()
    yaml = _yaml()
    yaml.default_flow_style = True
    yaml.dump(value, stream)
    return stream.getvalue().strip().removesuffix("...").strip()


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = _WIDE
    return yaml


def _dumped(yaml: YAML, tables: CommentedMap) -> list[str]:
    stream = io.StringIO()
    yaml.dump(tables, stream)
    return stream.getvalue().splitlines(keepends=True)
