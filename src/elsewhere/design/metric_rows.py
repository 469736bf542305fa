"""metric_rows: the base class of metrics' rows: what a metric needs and where it is shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from elsewhere.design import kinds
from elsewhere.design.rows import Row

Needs = Literal["scores", "calls", "passes"]


class MetricRow(Row):
    """Base of the rows of metrics: a row says what a metric is and where its numbers go.

    Attributes
    ----------
    title, short
        Name in figures and tables, and where space is short; empty: the title.
    definition
        What it is, in one line, with its source.
    needs
        scores: labels and probabilities; calls: labels and calls at a threshold; passes: the
        probabilities of Monte-Carlo dropout.
    interval
        How its interval is made; "none" if it has none.
    ranks
        Whether it ranks scans against each other, so that the probabilities of several models must
        not be put side by side.
    higher_is_better
        Whether a larger value is a better model.
    fields
        Its keys in metrics.json.
    columns
        Those of its keys that matrix.csv shows, in order.
    compared
        Its place in the tables of arms, and among the measures by which arms are compared over
        runs; None: it is not among them.
    """

    title: ClassVar[str]
    short: ClassVar[str] = ""
    definition: ClassVar[str]
    needs: ClassVar[Needs]
    interval: ClassVar[str]
    ranks: ClassVar[bool] = False
    higher_is_better: ClassVar[bool] = True
    fields: ClassVar[tuple[str, ...]]
    columns: ClassVar[tuple[str, ...]]
    compared: ClassVar[int | None] = None


def bounded(*names: str) -> tuple[str, ...]:
    """Return the keys of numbers and of the ends of their intervals."""
    return tuple(f"{name}{end}" for name in names for end in ("", "_low", "_high"))


def metric_row(name: str) -> type[MetricRow]:
    """Return the row class of a metric.

    Raises
    ------
    elsewhere.design.kinds.KindError
        If there is no such metric.
    """
    row = kinds.row_class("metrics", name)
    if not issubclass(row, MetricRow):
        raise kinds.KindError(f"the row of metric '{name}' is not a MetricRow: {row.__name__}")
    return row


def compared(names: Iterable[str]) -> dict[str, str]:
    """Return title by name of the metrics that tables of arms show, in their order there."""
    rows = {name: metric_row(name) for name in names}
    places = {name: row.compared for name, row in rows.items() if row.compared is not None}
    return {name: rows[name].title for name in sorted(places, key=lambda name: places[name])}


def columns(names: Iterable[str]) -> tuple[str, ...]:
    """Return the columns that metrics have in matrix.csv."""
    return tuple(column for name in names for column in metric_row(name).columns)
