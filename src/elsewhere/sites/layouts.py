"""layouts: gives the layout that a site's row names, with its options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from elsewhere.design import kinds
from elsewhere.sites.layout import Layout, LayoutError


def layout(name: str, options: Mapping[str, Any]) -> Layout:
    """Return a layout with its options.

    Raises
    ------
    LayoutError
        If the layout or an option is unknown, or an option has a wrong value.
    """
    try:
        chosen = kinds.implementation("layouts", name, Layout)  # type: ignore[type-abstract]
    except kinds.KindError as error:
        raise LayoutError(f"layout: {error}") from None
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
