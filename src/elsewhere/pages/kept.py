"""kept: what was made of files, until one of them changes."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar, cast

T = TypeVar("T")
Stamp = tuple[tuple[int, int, int] | None, ...]


class Kept:
    """Values that were made of files; a pipeline may rewrite these while pages are read.

    Parameters
    ----------
    most
        What the kept values may weigh together; the one that was asked for least recently goes
        first, and the last one stays whatever it weighs.
    weigh
        Returns what a value weighs; each weighs 1 by default.
    """

    def __init__(self, most: int, *, weigh: Callable[[Any], int] = lambda _: 1) -> None:
        self._most, self._weigh = most, weigh
        self._values: OrderedDict[Any, tuple[Stamp, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, key: Any, files: Iterable[str | Path], make: Callable[[], T]) -> T:
        """Return the value of a key, made anew where a file is another than when it was made.

        Parameters
        ----------
        key
            What the value is, such as a kind of value and a name.
        files
            What it is made of; one that is missing counts as such.
        make
            Makes it. What it raises is raised, and not kept.
        """
        stamp = tuple(_stamp(path) for path in files)
        with self._lock:
            held = self._values.get(key)
            if held is not None and held[0] == stamp:
                self._values.move_to_end(key)
                return cast(T, held[1])
        made = make()  # outside the lock: other pages go on; two may make the same
        with self._lock:
            self._values[key] = (stamp, made)
            self._values.move_to_end(key)
            while len(self._values) > 1 and self._weight() > self._most:
                self._values.popitem(last=False)
        return made

    def _weight(self) -> int:
        return sum(self._weigh(value) for _, value in self._values.values())


def _stamp(path: str | Path) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
