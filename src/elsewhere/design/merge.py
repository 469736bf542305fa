"""merge: params.yaml and the files of config/ become one set of tables, each value with its origin.

`params.yaml` is the user's, `config/` holds what the project ships, and a study that a user adds
(`config/studies/<name>.yaml`). All have the same tables, and four rules join them:

1. `scale` and `run` stand in `params.yaml` alone. A row stands in one file; in two, it is an error.
2. `like: <row>` starts a row from another row of the same table. Mappings are laid over each other,
   a list or a value replaces the other's. In one file, the row that is named has no `like` itself.
3. A row of `params.yaml` that is `like` its own name changes the row that config/ has of this name.
   It changes this row alone: rows that are `like` it stay as they were.
4. A table without rows may be left empty.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elsewhere.design import reading
from elsewhere.design.reading import ParamsError

USER = "params.yaml"
CONFIG = "config"
LIKE = "like"
ONLY_USER = ("scale", "run")
Key = tuple[str, ...]


@dataclass(frozen=True)
class Origin:
    """Where a value was written.

    Attributes
    ----------
    file
        Path below the project's top folder, such as ``config/methods.yaml``.
    row
        The row from which `like` took the value, such as ``budgets.nguyen-paper``; "" if the
        value stands in its own row.
    """

    file: str
    row: str = ""

    def __str__(self) -> str:
        """Return the file, and the row from which the value was taken."""
        return f"like {self.row} ({self.file})" if self.row else self.file


class Settings(dict[str, Any]):
    """The merged tables: plain values, and where each of them was written.

    Attributes
    ----------
    origins
        Key of each value that is no mapping, such as ``("sites", "mosmed", "layout")``, to its
        origin; and key of each row and table to the file that has it.
    """

    def __init__(self, values: Mapping[str, Any], origins: Mapping[Key, Origin]) -> None:
        super().__init__(values)
        self.origins = dict(origins)

    def __deepcopy__(self, memo: dict[int, Any]) -> Settings:
        """Copy the values; origins never change."""
        return Settings(copy.deepcopy(dict(self), memo), self.origins)

    def origin(self, key: Key) -> Origin:
        """Return the origin of a value, or of the nearest row or table that would hold it."""
        for end in range(len(key), 0, -1):
            if key[:end] in self.origins:
                return self.origins[key[:end]]
        return Origin(USER)


def files(top: Path = Path()) -> list[Path]:
    """Return the files of settings below a project's top folder, params.yaml first."""
    return [top / USER, *sorted((top / CONFIG).rglob("*.yaml"))]


def read(top: Path = Path()) -> Settings:
    """Read and merge the files of settings of a project.

    Raises
    ------
    ParamsError
        If a file cannot be read, or the files do not fit together; see `merge`.
    """
    return merge({path.relative_to(top).as_posix(): reading.read(path) for path in files(top)})


def merge(contents: Mapping[str, Mapping[str, Any]]) -> Settings:
    """Join the tables of several files.

    Parameters
    ----------
    contents
        Name of each file to its plain values; the user's is ``params.yaml``.

    Raises
    ------
    ParamsError
        If a row stands in two files, or a `like` names what cannot be taken.
    """
    values: dict[str, Any] = {}
    origins: dict[Key, Origin] = {}
    for table, found in _by_table(contents).items():
        values[table] = {}
        for file in found:
            origins.setdefault((table,), Origin(file))
        for name, row in _rows(table, found).items():
            values[table][name] = row.values
            origins[table, name] = Origin(row.file)
            origins |= {(table, name, *key): origin for key, origin in row.origins.items()}
    for file, content in contents.items():
        for key, value in content.items():
            if value is not None and not isinstance(value, dict):  # `scale`, `run`, or an error
                values[key], origins[key,] = copy.deepcopy(value), Origin(file)
    return Settings(values, origins)


@dataclass(frozen=True)
class _Row:
    """A row and the origins of its values."""

    file: str
    values: Any
    origins: dict[Key, Origin]


def _by_table(contents: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, dict[str, Any]]]:
    """Return table, file and the rows that it has of the table."""
    tables: dict[str, dict[str, dict[str, Any]]] = {}
    for file, content in contents.items():
        for table, rows in content.items():
            if table in ONLY_USER and file != USER:
                raise ParamsError(f"{file}: `{table}` is the user's; set it in {USER} alone")
            if rows is None or isinstance(rows, dict):
                tables.setdefault(table, {})[file] = rows or {}
    return {table: found for table, found in tables.items() if table not in ONLY_USER}


def _rows(table: str, found: dict[str, dict[str, Any]]) -> dict[str, _Row]:
    """Return the rows of a table, whatever they are `like` filled in."""
    written: dict[str, tuple[str, Any]] = {}
    changes: dict[str, Any] = {}
    for file, rows in found.items():
        for name, row in rows.items():
            if file == USER and _like(row) == name:
                changes[name] = row
            elif name in written:
                raise ParamsError(
                    f"{table}.{name} stands in {written[name][0]} and in {file}; rename or remove "
                    f"one, or write `{LIKE}: {name}` into that of {USER} to change the other"
                )
            else:
                written[name] = file, row
    made = {name: _filled(table, name, written, seen=()) for name in written}
    for name, row in changes.items():
        if name not in made:
            raise ParamsError(_unknown(USER, table, name, known=made, like=name))
        made[name] = _laid_over(made[name], _own(USER, row))
    return made


def _like(row: Any) -> Any:
    return row.get(LIKE) if isinstance(row, dict) else None


def _filled(
    table: str, name: str, written: dict[str, tuple[str, Any]], *, seen: tuple[str, ...]
) -> _Row:
    """Return a row laid over the one that it is `like`."""
    file, row = written[name]
    own = _own(file, row)
    if not isinstance(row, dict) or LIKE not in row:
        return own
    base = row[LIKE]
    if not isinstance(base, str) or base not in written:
        raise ParamsError(_unknown(file, table, name, known=written, like=base))
    other, other_row = written[base]
    if base in (name, *seen):
        raise ParamsError(f"{file}: {table}.{name}.{LIKE} leads back to '{base}'")
    if other == file and _like(other_row) is not None:
        raise ParamsError(
            f"{file}: {table}.{name} is like '{base}', which is like '{_like(other_row)}'; "
            "name a row that is written out"
        )
    filled = _filled(table, base, written, seen=(*seen, name))
    taken = {key: Origin(o.file, o.row or f"{table}.{base}") for key, o in filled.origins.items()}
    return _laid_over(_Row(file, filled.values, taken), own)


def _unknown(file: str, table: str, name: str, *, known: Mapping[str, Any], like: Any) -> str:
    others = ", ".join(sorted(set(known) - {name})) or "none"
    return f"{file}: {table}.{name}.{LIKE}: {like!r} is not in {table}; there are {others}"


def _own(file: str, row: Any) -> _Row:
    """Return what is written in a row itself."""
    values = copy.deepcopy(row)
    if isinstance(values, dict):
        values.pop(LIKE, None)
    return _Row(file, values, {key: Origin(file) for key in _leaves(values)})


def _leaves(value: Any, at: Key = ()) -> Iterator[Key]:
    if isinstance(value, dict) and value:
        for key, below in value.items():
            yield from _leaves(below, (*at, key))
    else:
        yield at


def _laid_over(base: _Row, own: _Row) -> _Row:
    """Return a row with the values of another over its own."""
    if not isinstance(base.values, dict) or not isinstance(own.values, dict):
        return own
    values = _joined(base.values, own.values)
    origins = base.origins | own.origins
    return _Row(own.file, values, {key: origins[key] for key in _leaves(values)})


def _joined(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    values = copy.deepcopy(base)
    for key, value in own.items():
        below = values.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            values[key] = _joined(below, value)
        else:
            values[key] = value
    return values
