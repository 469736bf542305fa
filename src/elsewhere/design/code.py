"""code: find the source files that a step can import, so that a change reruns only such steps."""

from __future__ import annotations

import os
from collections.abc import Container, Iterator
from functools import cache, lru_cache
from pathlib import Path

from elsewhere.design.imports import MEMORY, PACKAGE, Memory

_File = tuple[str, int, int]  # path below the source folder, st_mtime_ns, st_size


def closure(*modules: str, source: Path) -> tuple[str, ...]:
    """Return the files that importing `modules` can load from the package, sorted.

    Every import statement counts, also inside a function or under ``TYPE_CHECKING``: a file too
    many costs a rerun, a file too few leaves a stale result.

    Parameters
    ----------
    modules
        Dotted names such as ``elsewhere.steps.train``.
    source
        Folder that holds the package, ``src`` in a checkout.

    Returns
    -------
    tuple of str
        Paths that begin with `source`, with forward slashes.

    Raises
    ------
    FileNotFoundError
        If one of `modules` does not exist.
    """
    return _closure(modules, source, tuple(_files(source)))


def remember() -> None:
    """Keep what was read of the sources for later processes.

    Called by what plans: jobs on several machines would write one file at the same time.
    """
    _memory().save()


@lru_cache(maxsize=512)
def _closure(modules: tuple[str, ...], source: Path, files: tuple[_File, ...]) -> tuple[str, ...]:
    """Compute `closure`; cached by the state of all files, as many stages need the same result."""
    states = {path: (mtime_ns, size) for path, mtime_ns, size in files}
    paths: dict[str, str] = {}
    pending = list(modules)
    for name in modules:
        if _file(name, states) is None:
            raise FileNotFoundError(f"no module {name} below {source}")
    while pending:
        name = pending.pop()
        path = _file(name, states)
        if path is None or name in paths:
            continue
        mtime_ns, size = states[path]
        source_path = source / path
        paths[name] = source_path.as_posix() if size else ""
        pending += _imports(source_path, name, mtime_ns)
        if "." in name:
            pending.append(name.rpartition(".")[0])
    return tuple(sorted(path for path in paths.values() if path))


def _files(source: Path) -> Iterator[_File]:
    """Yield each Python file of the package: path below `source`, modification time, size."""
    pending = [PACKAGE]
    while pending:
        folder = pending.pop()
        with os.scandir(source / folder) as entries:
            for entry in entries:
                path = f"{folder}/{entry.name}"
                if entry.is_dir():
                    pending.append(path)
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
    del mtime_ns  # part of the cache key: an edited file is read again
    return _memory().of(path, name)


@cache
def _memory() -> Memory:
    return Memory(MEMORY)
