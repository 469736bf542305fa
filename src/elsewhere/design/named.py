"""named: lists of metrics or figures that a study names, with `standard` for the usual ones."""

from __future__ import annotations

from collections.abc import Sequence

from elsewhere.design import kinds

USUAL = "standard"


def expanded(names: Sequence[str], *, shelf: str, standard: Sequence[str]) -> tuple[str, ...]:
    """Return names with the standard ones in place of `standard`, each once.

    Parameters
    ----------
    names
        As a user wrote them.
    shelf
        Such as "metrics".
    standard
        What `standard` stands for.

    Raises
    ------
    ValueError
        If a name is unknown, or stands twice.
    """
    listed = [item for name in names for item in (standard if name == USUAL else (name,))]
    known = kinds.names(shelf)
    for name in listed:
        if name not in known:
            choices = ", ".join((USUAL, *known))
            raise ValueError(f"there is no '{name}' in {shelf}; choose from {choices}")
    twice = sorted({name for name in names if [*names].count(name) > 1})
    if twice:
        raise ValueError(f"{', '.join(twice)} of {shelf} stands twice; name each once")
    return tuple(dict.fromkeys(listed))
