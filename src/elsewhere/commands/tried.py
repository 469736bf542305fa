"""tried: checks settings that are about to be written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from elsewhere.design import merge, reading
from elsewhere.design.params import Params, ParamsError, parse

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


def unused_name(table: str, name: str) -> None:
    """Refuse a name that is not allowed or is taken.

    Raises
    ------
    ParamsError
        Saying which file has the row.
    """
    if not _NAME.fullmatch(name):
        plain = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-_") or "my-name"
        raise ParamsError(
            f"'{name}' cannot name a row: lower-case letters, digits, _ and - can; try {plain}"
        )
    settings = merge.read()
    if name in settings.get(table, {}):
        file = settings.origin((table, name)).file
        raise ParamsError(f"{table}.{name} is in {file} already; choose another name")


def tried(texts: Mapping[str, str]) -> Params:
    """Return the settings as they would be with some files written anew or added.

    Parameters
    ----------
    texts
        Path of each file to its text.

    Raises
    ------
    ParamsError
        If they would not hold together.
    """
    # params.yaml comes first
    places = dict.fromkeys([*(path.as_posix() for path in merge.files()), *texts])
    return parse(
        merge.merge(
            {
                place: reading.plain(texts[place], place)
                if place in texts
                else reading.read(Path(place))
                for place in places
            }
        )
    )
