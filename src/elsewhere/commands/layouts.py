"""layouts: shows the layouts, what they read, and which options a site may set."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic.fields import FieldInfo
from rich.console import RenderableType
from rich.table import Table

from elsewhere.design import kinds
from elsewhere.sites.label_cells import COLUMNS
from elsewhere.sites.labelled import Labelled
from elsewhere.sites.layout import Layout
from elsewhere.sites.layouts import layout_class


def overview() -> Table:
    """Return a table of all layouts."""
    table = Table("layout", "what it reads", "options", title="Layouts of a site's folder")
    for name in kinds.names("layouts"):
        chosen = layout_class(name)
        table.add_row(name, _head(chosen), ", ".join(chosen.model_fields) or "none")
    return table


def details(name: str) -> Iterator[RenderableType]:
    """Yield what one layout reads, its options, and the columns of its label.csv.

    Raises
    ------
    elsewhere.sites.layout.LayoutError
        If there is no such layout.
    """
    chosen = layout_class(name)
    yield f"{name}: {_head(chosen)}\nSource: {chosen.citation}. Terms: {chosen.licence}."
    if chosen.model_fields:
        options = Table("option", "default", "meaning", title="sites.<site>.options")
        for key, field in chosen.model_fields.items():
            options.add_row(key, _default(field), field.description or "")
        yield options
    if issubclass(chosen, Labelled):
        columns = Table(
            "column", "meaning", title="label.csv; separated by comma, semicolon or tab"
        )
        for column, meaning in COLUMNS.items():
            columns.add_row(column, meaning.replace("`", ""))
        yield columns


def _head(chosen: type[Layout]) -> str:
    """Return the first paragraph of what a layout says of itself."""
    return " ".join((chosen.__doc__ or "").split("\n\n")[0].split())


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is None:
        return "null"
    return "none" if value in ((), {}) else str(value)
