"""site_options: chooses the layout and options of a folder, as typed or as they fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from elsewhere.design.site import IntakeRow
from elsewhere.sites.layout import Layout, LayoutError, Likeness
from elsewhere.sites.layouts import layout, layout_class, likenesses


@dataclass(frozen=True)
class Chosen:
    """How a folder is read.

    Attributes
    ----------
    name, options
        Layout and its options, as a row of `sites` has them.
    others
        Whether other layouts fit the folder; empty if the user named the layout.
    """

    name: str
    options: dict[str, Any]
    others: dict[str, Likeness] = field(default_factory=dict)

    @property
    def layout(self) -> Layout:
        """The layout with its options."""
        return layout(self.name, self.options)


def parsed(written: Sequence[str]) -> dict[str, Any]:
    """Return options typed as ``key=value`` or ``key.key=value``; values are YAML.

    Raises
    ------
    LayoutError
        If one has no ``=``, is not YAML, or goes below a value that is no mapping.
    """
    options: dict[str, Any] = {}
    for text in written:
        key, sign, value = text.partition("=")
        if not sign or not key:
            raise LayoutError(f"--option {text}: expected key=value, such as classes.normal=0")
        *parents, last = key.split(".")
        at = options
        for parent in parents:
            at = at.setdefault(parent, {})
            if not isinstance(at, dict):
                raise LayoutError(f"--option {text}: {parent} has a value already")
        try:
            at[last] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise LayoutError(f"--option {text}: the value is not YAML") from None
    return options


def choose(root: Path, name: str | None, written: Sequence[str], policy: IntakeRow) -> Chosen:
    """Return the layout of a folder: the one that is named, or the one that it looks like most.

    Raises
    ------
    LayoutError
        If no layout fits, or the layout that fits lacks something; the message says what.
    """
    if not root.is_dir():
        raise LayoutError(f"{root}: no such folder")
    given = parsed(written)
    if name is not None:
        return Chosen(name, layout_class(name).suggested(root, given))
    by_layout = likenesses(root, policy)
    best, (fits, lacks) = next(iter(by_layout.items()))
    if not fits or (lacks and not given):
        raise LayoutError(_none_fits(root, by_layout))
    others = {other: likeness for other, likeness in by_layout.items() if other != best}
    return Chosen(best, layout_class(best).suggested(root, given), others)


def _none_fits(root: Path, by_layout: dict[str, Likeness]) -> str:
    """Say what each layout that fits lacks, or why none fits."""
    fitting = {name: likeness for name, likeness in by_layout.items() if likeness.fits}
    head = "could be read" if fitting else "looks like no layout"
    lines = [
        f"  {name}: {likeness.lacks.removeprefix(f'{root}: ')}"
        for name, likeness in (fitting or by_layout).items()
    ]
    return f"{root} {head}:\n" + "\n".join(lines)
