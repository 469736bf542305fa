"""top_pages: links to the documents in the top folder lead to the pages that include them.

On a forge, ``[Architecture](../ARCHITECTURE.md)`` opens the file; here it opens the page.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

PAGES = {
    "ARCHITECTURE.md": "architecture",
    "CHANGELOG.md": "changelog",
    "CODE_OF_CONDUCT.md": "conduct",
    "CONTRIBUTING.md": "contributing",
    "README.md": "index",
    "SECURITY.md": "security",
}


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension with Sphinx."""
    app.connect("doctree-read", _relink)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _relink(app: Sphinx, doctree: nodes.document) -> None:
    del app
    for link in doctree.findall(addnodes.pending_xref):
        if link.get("reftype") != "myst":
            continue
        target, _, anchor = link["reftarget"].partition("#")
        file = PurePosixPath(target).name.removesuffix(".md") + ".md"
        if file in PAGES:
            link["refdomain"], link["reftarget"] = "doc", PAGES[file]
            link["reftargetid"] = anchor or link.get("reftargetid")
