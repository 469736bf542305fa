"""code: which source files a step can import, so that a change reruns these steps and no other."""

from __future__ import annotations

import ast
import os
from collections.abc import Container, Iterator
from functools import cache, lru_cache
from pathlib import Path

PACKAGE = "elsewhere"

_File = tuple[str, int, int]  # path below the source folder, st_mtime_ns, st_size


def closure(*modules: str, source: Path) -> tuple[str, ...]:
    """Return the files that importing `modules` can load from the package, sorted.

    Every import statement counts, also one inside a function or under ``TYPE_CHECKING``: too many
    files cost a rerun, too few would leave a stale result.

    Parameters
    ----------
    modules
        Dotted names such as ``elsewhere.steps.train``.
    source
        Folder that holds the package, ``src`` in a checkout.

    Returns
    -------
    tuple of str
        Paths below `source`, with `source` in front, with forward slashes.

    Raises
    ------
    FileNotFoundError
        If one of `modules` does not exist.
    """
    return _closure(modules, source, tuple(_files(source)))


@lru_cache(maxsize=512)
def _closure(modules: tuple[str, ...], source: Path, files: tuple[_File, ...]) -> tuple[str, ...]:
    """Do the same for the files as they are: the stages of a graph ask for the same few again."""
    states = {path: (mtime_ns, size) for path, mtime_ns, size in files}
    found: dict[str, str] = {}
    todo = list(modules)
    for name in modules:
        if _file(name, states) is None:
            raise FileNotFoundError(f"no module {name} below {source}")
    while todo:
        name = todo.pop()
        path = _file(name, states)
        if path is None or name in found:
            continue
        mtime_ns, size = states[path]
        where = source / path
        found[name] = where.as_posix() if size else ""
        todo += _imports(where, name, mtime_ns)
        if "." in name:
            todo.append(name.rpartition(".")[0])
    return tuple(sorted(path for path in found.values() if path))


def _files(source: Path) -> Iterator[_File]:
    """Yield each Python file of the package: path below `source`, modification time, size."""
    todo = [PACKAGE]
    while todo:
        folder = todo.pop()
        with os.scandir(source / folder) as entries:
            for entry in entries:
                path = f"{folder}/{entry.name}"
                if entry.is_dir():
                    todo.append(path)
                elif entry.name.endswith(".py"):
                    status = entry.stat()
                    yield path, status.st_mtime_ns, status.st_size


def _file(name: str, known: Container[str]) -> str | None:
    base = name.replace(".", "/")
    for path in (f"{base}.py", f"{base}/__init__.py"):
        if path in known:
            return path
    return None


@cache
def _imports(path: Path, name: str, mtime_ns: int) -> tuple[str, ...]:
    """Names that a file imports from the package; a name may be a module or a thing in one."""
    del mtime_ns  # part of the cache key: an edited file is read again
    found = []
    for node in ast.walk(ast.parse(path.read_bytes(), filename=str(path))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, name, is_package=path.name == "__init__.py")
            found += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return tuple(item for item in found if item.split(".")[0] == PACKAGE)


def _absolute(node: ast.ImportFrom, name: str, *, is_package: bool) -> str:
    if not node.level:
        return node.module or ""
    up = node.level - 1 if is_package else node.level
    base = name.split(".")[: len(name.split(".")) - up]
    return ".".join([*base, node.module] if node.module else base)
