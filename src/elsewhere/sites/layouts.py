"""layouts: gives the layout that a site names, and says which layouts a folder looks like."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from elsewhere.design import kinds
from elsewhere.design.site import IntakeRow
from elsewhere.sites.layout import Layout, LayoutError, Likeness


def layout(name: str, options: Mapping[str, Any]) -> Layout:
    """Return a layout with its options.

    Raises
    ------
    LayoutError
        If the layout or an option is unknown, or an option has a wrong value.
    """
    chosen = layout_class(name)
    try:
        return chosen.model_validate(dict(options))
    except ValidationError as error:
        known = ", ".join(chosen.model_fields) or "none"
        lines = [
            f"  options.{'.'.join(map(str, item['loc']))}: {item['msg']} (got {item['input']!r})"
            for item in error.errors()
        ]
        raise LayoutError(
            f"options of layout {name} (it knows {known}):\n" + "\n".join(lines)
        ) from error


def layout_class(name: str) -> type[Layout]:
    """Return the class of a layout.

    Raises
    ------
    LayoutError
        If no layout has this name.
    """
    try:
        return kinds.implementation("layouts", name, Layout)  # type: ignore[type-abstract]
    except kinds.KindError as error:
        raise LayoutError(f"layout: {error}") from None


def likenesses(root: Path, policy: IntakeRow) -> dict[str, Likeness]:
    """Say of every layout whether a folder looks like it.

    Those that fit come first, of these those that lack nothing, of these a publisher's own before
    the general ones: all that is known of a published data set is worth more than a guess.
    """
    found = {name: _likeness(name, root, policy) for name in kinds.names("layouts")}

    def rank(name: str) -> tuple[bool, bool, bool, str]:
        fits, lacks = found[name]
        return not fits, bool(lacks), layout_class(name).general, name

    return {name: found[name] for name in sorted(found, key=rank)}


def _likeness(name: str, root: Path, policy: IntakeRow) -> Likeness:
    try:
        return layout_class(name).likeness(root, policy)
    except OSError as error:
        return Likeness(False, f"{root}: {type(error).__name__} while looking at it")
