"""reason_pages: writes what a site's owner looks up: columns of label.csv, reasons of ingestion."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from elsewhere.sites.reasons import REASONS

if TYPE_CHECKING:
    from sphinx.application import Sphinx


CELLS = Path(__file__).parents[2] / "src/elsewhere/sites/label_cells.py"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension with Sphinx."""
    app.connect("builder-inited", lambda app: write(Path(app.srcdir) / "generated"))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write(folder: Path) -> None:
    """Write the parts that the pages on reasons and on own data include."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "reasons.md").write_text("\n".join(reasons()) + "\n", encoding="utf-8")
    (folder / "label_columns.md").write_text("\n".join(columns()) + "\n", encoding="utf-8")


def reasons() -> Iterator[str]:
    """Yield a row a reason, sorted by its code."""
    yield from ["| code | verdict | meaning | what to do |", "|---|---|---|---|"]
    for code, reason in sorted(REASONS.items()):
        yield f"| `{code}` | {reason.verdict} | {reason.sentence} | {reason.remedy} |"


def columns() -> Iterator[str]:
    """Yield a row a column of label.csv, read from the source, which needs the environment."""
    yield from ["| column | content |", "|---|---|"]
    for line in ast.parse(CELLS.read_text(encoding="utf-8")).body:
        target = line.target if isinstance(line, ast.AnnAssign) else None
        if isinstance(target, ast.Name) and target.id == "COLUMNS" and line.value is not None:
            table = ast.literal_eval(line.value)
            yield from (f"| `{name}` | {meaning} |" for name, meaning in table.items())
