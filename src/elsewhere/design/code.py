"""code: which source files a step can import, so that a change reruns these steps and no other."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

PACKAGE = "elsewhere"


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
    found: dict[str, str] = {}
    todo = list(modules)
    for name in modules:
        if _file(name, source) is None:
            raise FileNotFoundError(f"no module {name} below {source}")
    while todo:
        name = todo.pop()
        path = _file(name, source)
        if path is None or name in found:
            continue
        status = path.stat()
        found[name] = path.as_posix() if status.st_size else ""
        todo += _imports(path, name, status.st_mtime_ns)
        if "." in name:
            todo.append(name.rpartition(".")[0])
    return tuple(sorted(path for path in found.values() if path))


def _file(name: str, source: Path) -> Path | None:
    base = source.joinpath(*name.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
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
