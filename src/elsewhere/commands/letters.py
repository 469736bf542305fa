"""letters: say before a run which titles of a study the figures of this machine cannot show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import typer

from elsewhere.design.merge import Key, Settings
from elsewhere.design.params import Params

_LATIN = "\u024f"  # up to here the font of all figures has every letter


def notes(params: Params, values: Settings, study: str) -> list[str]:
    """Return a sentence for each text of a study, or of its sites, with letters that are lost.

    Parameters
    ----------
    params
        The typed tables.
    values
        The plain values of the same, with their origins.
    study
        The study, at the present scale.
    """
    rows: list[Key] = [("studies", study)]
    scale = params.studies[study].scales.get(params.scale)
    if scale is not None:
        rows += [("sites", row) for row in dict.fromkeys(scale.sites.values())]
    found = [
        (key, text)
        for row in rows
        for key, text in _texts(values[row[0]].get(row[1], {}), row)
        if max(text, default="") > _LATIN
    ]
    if not found:
        return []
    from elsewhere.figures import glyphs  # matplotlib loads only where such letters are

    return [
        f"{values.origin(key)}, {'.'.join(key)}: no font of this machine has {lost}; figures show "
        f"boxes in their PNG, the SVG and the report keep the text; {glyphs.REMEDY}"
        for key, text in found
        if (lost := glyphs.lacking(text))
    ]


def warn(params: Params, values: Settings, study: str) -> None:
    """Write the `notes` to the terminal."""
    for note in notes(params, values, study):
        typer.secho(note, err=True, fg="yellow")


def _texts(value: Any, at: Key) -> Iterator[tuple[Key, str]]:
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, Mapping):
        for name, below in value.items():
            yield from _texts(str(name), at)
            yield from _texts(below, (*at, str(name)))
    elif isinstance(value, Sequence):
        for below in value:
            yield from _texts(below, at)
