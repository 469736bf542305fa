"""files: write a file or a folder whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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


def remove(path: Path) -> None:
    """Remove a file or a folder if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
