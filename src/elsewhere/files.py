"""files: write a file, a folder or a CSV whole or not at all; walk over a tree of them."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` on success, remove it on error.

    The temporary name ends like `path`, for writers that look at the suffix. The caller may make
    it a file or a folder; an older file or folder at `path` is replaced.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".part-{os.getpid()}-{path.name}")
    remove(part)
    try:
        yield part
        if part.exists() and (part.is_dir() or path.is_dir()):
            remove(path)
        os.replace(part, path)
    finally:
        remove(part)


def write_rows(rows: Iterable[Mapping[str, Any]], path: Path, *, columns: Sequence[str]) -> None:
    """Write rows as CSV under a header, whole or not at all; None is an empty field.

    Raises
    ------
    ValueError
        If a row has a key that is no column.
    """
    with whole(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def remove(path: Path) -> None:
    """Remove a file or a folder if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def walk(root: Path, closed: set[Path]) -> Iterator[Path]:
    """Yield everything below a folder that is no folder, hidden or not, in a fixed order.

    Links are followed; a folder that they reach twice is walked once.

    Parameters
    ----------
    root
        The folder.
    closed
        Gets the folders that cannot be listed; what lies in them is not known.
    """
    known: set[tuple[int, int]] = set()
    todo = [str(root)]
    while todo:
        at = todo.pop()
        try:
            status = os.stat(at)
            with os.scandir(at) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except FileNotFoundError:
            continue  # removed since its parent was listed
        except OSError:
            closed.add(Path(at))
            continue
        if (status.st_dev, status.st_ino) in known:
            continue
        known.add((status.st_dev, status.st_ino))
        # as deep as it goes before the next, so that it is always the same path that counts
        folders = [entry.path for entry in found if os.path.isdir(entry.path)]
        todo += reversed(folders)
        inside = {*folders}
        yield from (Path(entry.path) for entry in found if entry.path not in inside)
