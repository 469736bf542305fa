"""shelf_pages: writes the tables of all metrics and figures from their row classes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from elsewhere.design import kinds
from elsewhere.design.figure_rows import FigureRow, figure_row
from elsewhere.design.metric_rows import metric_row
from elsewhere.design.rows import Modality
from elsewhere.design.scoring import STANDARD

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_NEEDS = {
    "scores": "probabilities",
    "calls": "calls at a threshold",
    "passes": "Monte-Carlo dropout",
}
_LABELS = {
    "any": "one label or findings",
    "one": "one of two labels",
    "classes": "one of more than two classes",
    "findings": "findings",
}


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension with Sphinx."""
    app.connect("builder-inited", lambda app: write(Path(app.srcdir) / "generated"))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write(folder: Path) -> None:
    """Write the parts that the pages on statistics and on figures include."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metrics.md").write_text("\n".join(metrics()) + "\n", encoding="utf-8")
    (folder / "figures.md").write_text("\n".join(figures()) + "\n", encoding="utf-8")


def metrics() -> Iterator[str]:
    """Yield a row a metric, the standard ones first."""
    yield from ["| metric | what it is | needs | interval | standard |", "|---|---|---|---|---|"]
    others = [name for name in kinds.names("metrics") if name not in STANDARD]
    for name in [*STANDARD, *others]:
        row = metric_row(name)
        standard = "yes" if name in STANDARD else "no"
        cells = [f"`{name}`", row.definition, _NEEDS[row.needs], row.interval, standard]
        yield f"| {' | '.join(cells)} |"


def figures() -> Iterator[str]:
    """Yield a row a figure, in the order of the report."""
    yield from ["| figure | what it shows | drawn of | also needs |", "|---|---|---|---|"]
    for row in sorted(map(figure_row, kinds.names("figures")), key=lambda row: row.order):
        name = row.__module__.rpartition(".")[2]
        headings = "; ".join(dict.fromkeys(item.heading for item in row.captions.values()))
        yield f"| `{name}` | {headings} | {_drawn_of(row)} | {_conditions(row)} |"


def _drawn_of(row: type[FigureRow]) -> str:
    scans = "all scans" if row.modalities == get_args(Modality) else f"{_and(row.modalities)}s"
    also = f", or {_LABELS['classes']}" if row.of_classes else ""
    return f"{scans} with {_LABELS[row.labels]}{also}"


def _conditions(row: type[FigureRow]) -> str:
    wanted = [
        *(["several folds or seeds"] if row.repeated else []),
        *([f"`{row.setting}` of the study"] if row.setting else []),
        *(f"the metric `{name}`" for name in row.metrics),
    ]
    return _and(wanted)


def _and(words: list[str] | tuple[str, ...]) -> str:
    return ", ".join(words)
