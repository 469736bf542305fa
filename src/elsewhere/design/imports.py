"""imports: the names that a source file imports from the package, remembered by its content.

To parse the sources takes a seventh of a `snakemake -n`, and most of the start of a short job. What
a file imports depends on its text alone, so an entry cannot be older than the file that it is of.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from elsewhere.files import whole

PACKAGE = "elsewhere"
MEMORY = Path(".elsewhere/imports.json")
_MOST = 5000  # entries; some hundred are of the present sources, the others of earlier ones


class Memory:
    """What files import, by content; kept between processes.

    Parameters
    ----------
    path
        The file in which it is kept, where its folder is there and may be written. A damaged one is
        ignored, because all of it can be read again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = _kept(path)
        self._new = False

    def of(self, path: Path, name: str) -> tuple[str, ...]:
        """Return the dotted names that a file imports from the package: modules, or items in one.

        Parameters
        ----------
        path
            The file.
        name
            Its dotted name as a module.
        """
        content = path.read_bytes()
        is_package = path.name == "__init__.py"
        key = hashlib.md5(content, usedforsecurity=False).hexdigest() + f" {name} {is_package}"
        if key not in self._known:
            tree = ast.parse(content, filename=str(path))
            self._known[key] = list(_imported(tree, name, is_package=is_package))
            self._new = True
        return tuple(self._known[key])

    def save(self) -> None:
        """Write it to its file if there is something new, whole or not at all."""
        if not self._new or not os.access(self._path.parent, os.W_OK):
            return
        kept = dict([*self._known.items()][-_MOST:])
        with whole(self._path) as part:
            part.write_text(json.dumps({"code": _code(), "known": kept}), encoding="utf-8")
        self._new = False


def _kept(path: Path) -> dict[str, list[str]]:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return dict(kept["known"]) if kept["code"] == _code() else {}
    except (OSError, ValueError, KeyError, TypeError):  # of another user, damaged, not there
        return {}


@cache
def _code() -> str:
    """Return the hash of this module: what another one read may be read otherwise here."""
    return hashlib.md5(Path(__file__).read_bytes(), usedforsecurity=False).hexdigest()


def _imported(tree: ast.Module, name: str, *, is_package: bool) -> Iterator[str]:
    for node in _statements(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, name, is_package=is_package)
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        yield from (item for item in names if item.split(".")[0] == PACKAGE)


def _statements(tree: ast.Module) -> Iterator[ast.stmt]:
    """Yield every statement; no import stands in an expression, and most nodes are expressions."""
    pending: list[ast.AST] = [*tree.body]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.stmt):
            yield node
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            children = getattr(node, name, ())
            if isinstance(children, list):
                pending += children


def _absolute(node: ast.ImportFrom, name: str, *, is_package: bool) -> str:
    if not node.level:
        return node.module or ""
    levels_up = node.level - 1 if is_package else node.level
    base = name.split(".")[: len(name.split(".")) - levels_up]
    return ".".join([*base, node.module] if node.module else base)
