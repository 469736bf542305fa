"""problem: a setting that cannot be used, and the message that names file, key and reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elsewhere.design.merge import Settings


@dataclass(frozen=True)
class Problem:
    """A setting that cannot be used.

    Attributes
    ----------
    key
        Dotted key of the value, such as ``sites.mosmed.layout``.
    sentence
        What is wrong with it and what may stand there instead.
    """

    key: str
    sentence: str


def message(problems: Sequence[Problem], values: Mapping[str, Any]) -> str:
    """Return one line for each problem, with the file that holds the value where that is known.

    A value that rows take with `like` is one mistake, told of the row where it stands.
    """
    keys = {problem.key for problem in problems}
    own = [problem for problem in problems if _source(problem.key, values) not in keys]
    lines = list(dict.fromkeys(_line(problem, values) for problem in own))
    if len(lines) == 1:
        return lines[0]
    return f"{len(lines)} settings cannot be used:\n" + "\n".join(f"  {line}" for line in lines)


def _source(key: str, values: Mapping[str, Any]) -> str | None:
    """Return the key from which `like` took a value; None if it stands in its own row."""
    if not isinstance(values, Settings):
        return None
    parts = tuple(key.split("."))
    row = values.origin(parts).row
    return ".".join([row, *parts[2:]]) if row else None  # a row's key has two parts


def _line(problem: Problem, values: Mapping[str, Any]) -> str:
    line = f"{problem.key}: {problem.sentence}"
    if not isinstance(values, Settings):
        return line
    return f"{values.origin(tuple(problem.key.split('.'))).file}: {line}"


def listed(names: Any) -> str:
    """Return names in order, separated by commas; "none" if there are none."""
    return ", ".join(sorted(names)) or "none"


def missing(key: str, names: Any, table: Any, table_name: str) -> list[Problem]:
    """Return a problem for each name that a table does not have."""
    return [
        Problem(key, f"'{name}' is not in {table_name}; there are {listed(table)}")
        for name in names
        if name not in table
    ]
