"""reason_pages: writes the table of all reasons for which a file is in no scan."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from elsewhere.sites.reasons import REASONS

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension with Sphinx."""
    app.connect("builder-inited", lambda app: write(Path(app.srcdir) / "generated"))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write(folder: Path) -> None:
    """Write the part that the page on reasons includes."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "reasons.md").write_text("\n".join(reasons()) + "\n", encoding="utf-8")


def reasons() -> Iterator[str]:
    """Yield a row a reason, sorted by its code."""
    yield from ["| code | verdict | meaning | what to do |", "|---|---|---|---|"]
    for code, reason in sorted(REASONS.items()):
        yield f"| `{code}` | {reason.verdict} | {reason.sentence} | {reason.remedy} |"
