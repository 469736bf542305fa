"""Documents: links lead somewhere, and every page can be reached from the first one."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PLACES = ("*.md", "docs/*.md", "docs/studies/*.md", "config/*.md", ".github/*.md")
DOCUMENTS = sorted(path for place in PLACES for path in ROOT.glob(place))
LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors(path):
    """Return the anchors of a document's headings, as a forge makes them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.M)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_to_files_and_headings(path):
    for link in LINK.findall(path.read_text(encoding="utf-8")):
        if link.startswith(("https://", "http://")):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), f"{path.name}: {link}"
        if anchor:
            assert anchor in anchors(target), f"{path.name}: {link}"


def test_every_page_is_in_a_table_of_contents():
    listed = {"index"}
    for path in DOCS.rglob("*.md"):
        for body in re.findall(r"```{toctree}\n(.*?)```", path.read_text("utf-8"), re.S):
            folder = path.parent.relative_to(DOCS)
            listed |= {(folder / name).as_posix() for name in body.split() if name[0] != ":"}
    pages = {
        path.relative_to(DOCS).with_suffix("").as_posix()
        for path in DOCS.rglob("*.md")
        if "generated" not in path.parts
    }
    assert pages == {name for name in listed if not name.startswith("generated/")}


def test_every_picture_is_shown():
    texts = "".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    assert [path.name for path in (DOCS / "images").iterdir() if path.name not in texts] == []
