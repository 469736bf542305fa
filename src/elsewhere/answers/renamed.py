"""renamed: names of ours for files of strangers, whose own names may be those of patients."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from elsewhere.imaging.formats import slice_number
from elsewhere.imaging.volume import Unusable
from elsewhere.imaging.volume_header import EVERY_SUFFIX
from elsewhere.sites.layout import HIDDEN

_KEPT = (*EVERY_SUFFIX, ".dcm", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_NAME = 200  # characters of a name that are looked at
_DIGITS = re.compile(r"(\d+)")


def kept_names(names: Sequence[str]) -> list[str]:
    """Return under which path each file of a stranger is kept; nothing of its own name stays.

    What readers need of names stays true: which files share a folder, which are hidden, the order
    of all of them and of the numbers of slices, that two slices have one number or a file has none,
    and the ending where it is a known one.

    Parameters
    ----------
    names
        Paths below what was sent, with folders of whatever system.
    """
    said = [_parts(name) for name in names]
    order = sorted(range(len(said)), key=lambda at: [_natural(part) for part in said[at]])
    folders: dict[tuple[str, ...], list[int]] = {}
    for at in order:
        folders.setdefault(said[at][:-1], []).append(at)
    place = {at: _letters(number) for number, at in enumerate(order)}
    kept = [""] * len(names)
    for number, members in enumerate(folders.values()):
        ranks = _ranks([said[at][-1] for at in members])
        for at, rank in zip(members, ranks, strict=True):
            kept[at] = f"{_letters(number)}/{_ours(said[at], place[at], rank)}"
    return kept


def _parts(said: str) -> tuple[str, ...]:
    """Return folders and name of a file as a stranger says them, of whatever system."""
    found = re.split(r"[/\\]+", said[-20 * _NAME :])
    return (*(part[-_NAME:] for part in found[:-1] if part), found[-1][-_NAME:])


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Return what sorts a2 before a10."""
    pieces = _DIGITS.split(text.casefold())
    return [(0, int(one), "") if one.isdecimal() else (1, 0, one) for one in pieces]


def _letters(number: int) -> str:
    """Return a number as four letters: digits in a name would count as a slice's."""
    found = ""
    for _ in range(4):
        number, rest = divmod(number, len(_LETTERS))
        found = _LETTERS[rest] + found
    return found


def _ranks(names: list[str]) -> list[int | None]:
    """Return the place of each name's slice number among all of them; None without a number."""
    numbers = [_number(name) for name in names]
    places = {n: i for i, n in enumerate(sorted({n for n in numbers if n is not None}))}
    return [None if number is None else places[number] for number in numbers]


def _number(name: str) -> int | None:
    try:
        return slice_number(Path(name))
    except (Unusable, ValueError):
        return None


def _ours(said: tuple[str, ...], letters: str, rank: int | None) -> str:
    hidden = "." if any(part.startswith(HIDDEN) for part in said) else ""
    suffix = max((end for end in _KEPT if said[-1].lower().endswith(end)), key=len, default="")
    place = "" if rank is None else f"-{rank:05d}"
    return f"{hidden}{letters}{place}{suffix}"
