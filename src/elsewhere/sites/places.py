"""places: find the file that a path in a user's table means, as other systems write paths."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

_DRIVE = re.compile(r"^[A-Za-z]:")


class Places:
    """The files of a site by the places that a table may give for them.

    A path fits a file if both agree, without regard to case, slashes and composed letters, from the
    file's name upwards until one of the two ends: a table may name files from any folder on, above
    or below the site's. Of an absolute path, which some other machine wrote, only the name must
    agree; the file that shares most folders with it is meant.

    Parameters
    ----------
    files
        Paths relative to the site, with "/".
    suffixes
        Endings that a table may leave out.
    """

    def __init__(self, files: Iterable[str], suffixes: tuple[str, ...]) -> None:
        self._exact: dict[str, str] = {}
        self._by_name: dict[str, list[str]] = {}
        self._suffixes = tuple(sorted(suffixes, key=len, reverse=True))
        for place in sorted(files):
            self._exact.setdefault(unicodedata.normalize("NFC", place), place)
            name = _parts(place)[-1]
            for spelling in {name, self._stem(name)}:
                self._by_name.setdefault(spelling, []).append(place)

    def find(self, written: str) -> list[str]:
        """Return the files that a path fits best: none, the one that is meant, or several."""
        plain = written.strip().replace("\\", "/")
        as_written = unicodedata.normalize("NFC", plain.removeprefix("./"))
        if as_written in self._exact:
            return [self._exact[as_written]]
        parts = _parts(plain)
        if not parts:
            return []
        absolute = plain.startswith("/") or bool(_DRIVE.match(plain))
        agreeing: dict[int, list[str]] = {}
        for place in self._by_name.get(parts[-1], []):
            shared = _shared(parts[:-1], _parts(place)[:-1])
            if absolute or shared == min(len(parts), len(_parts(place))) - 1:
                agreeing.setdefault(shared, []).append(place)
        return agreeing[max(agreeing)] if agreeing else []

    def _stem(self, name: str) -> str:
        for suffix in self._suffixes:
            if name.endswith(suffix) and name != suffix:
                return name.removesuffix(suffix)
        return name


def _parts(place: str) -> tuple[str, ...]:
    plain = unicodedata.normalize("NFC", _DRIVE.sub("", place)).casefold()
    return tuple(part for part in PurePosixPath(plain).parts if part not in ("/", "//", "."))


def _shared(first: tuple[str, ...], second: tuple[str, ...]) -> int:
    """Return how many folders two paths share, counted from the file upwards."""
    pairs = zip(reversed(first), reversed(second), strict=False)
    differing = (count for count, (one, other) in enumerate(pairs) if one != other)
    return next(differing, min(len(first), len(second)))
