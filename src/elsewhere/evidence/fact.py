"""fact: what the artefacts of a study say of one subject, with the files that say it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elsewhere.evidence.finished import Finished


@dataclass(frozen=True)
class Fact:
    """A statement that files on disk support.

    Attributes
    ----------
    text
        Sentences with numbers; nothing that the files do not hold.
    files
        The files, and nothing but files that exist: without any, there is no fact.
    lacks
        What the files cannot say and authors must, such as which images are of one patient.
    """

    text: str
    files: tuple[Path, ...]
    lacks: str = ""


Asked = Callable[[Finished], Fact | None]


@dataclass(frozen=True)
class Subject:
    """A subject that items of checklists ask about.

    Attributes
    ----------
    title
        In words, such as "calibration".
    of
        Returns what a study's artefacts say of it; None if they say nothing.
    """

    title: str
    of: Asked


def stated(
    sentences: Iterable[str], files: Iterable[Path | None], *, lacks: str = ""
) -> Fact | None:
    """Return a fact of the sentences that are not empty and the files that exist.

    Returns
    -------
    Fact or None
        None where nothing is said, or no file supports it.
    """
    said = [sentence for sentence in sentences if sentence]
    there = tuple(dict.fromkeys(path for path in files if path is not None and path.exists()))
    return Fact(" ".join(said), there, lacks) if said and there else None


def drawn(study: Finished, sentence: str, *patterns: str) -> Fact | None:
    """Return that the study has figures of these names, if it has."""
    files = study.figures(*patterns)
    return stated([sentence], files) if files else None


def settings(row: Mapping[str, Any], *, without: tuple[str, ...] = ()) -> str:
    """Write the settings of a row that are set: ``kind volume, matrix 32, depth 32``."""
    shown = {key: value for key, value in row.items() if value is not None and key not in without}
    return ", ".join(f"{key} {_written(value)}" for key, value in shown.items())


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "{" + settings(value) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_written, value)) + "]"
    return f"{value:g}" if isinstance(value, float) else str(value)
