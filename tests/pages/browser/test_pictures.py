"""The pictures of docs/page.md: one is taken at each run, all where a finished demo is named.

With `ELSEWHERE_PAGES_OF=FOLDER` they are of the project in FOLDER, a finished `make demo`, and are
written to docs/images.
"""

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[3]
IMAGES = ROOT / "docs/images"
NAMES = ("matrix", "cell", "scan", "answer", "jobs")
TAKEN = NAMES if "ELSEWHERE_PAGES_OF" in os.environ else ("matrix",)  # other tests open the rest
MOST_BYTES = 150_000
COLOURS = 64


def small(png: bytes) -> bytes:
    """Return a picture with few colours, as small as PNG makes it."""
    stream = io.BytesIO()
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(stream, "PNG", optimize=True)
    return stream.getvalue()


def open_page(visit: Any, name: str, asked: Any) -> Any:
    """Open a page by what a person follows to it."""
    if name == "jobs":
        return visit.go("/jobs?still=1")
    if name == "answer":
        return asked(visit)
    page = visit.go("/")
    for step in {"matrix": (), "cell": ("cells",), "scan": ("cells", "scans")}[name]:
        page.locator(f"main a[href*='/{step}/']").first.click()
        page.wait_for_load_state("networkidle")
    return page


@pytest.mark.parametrize("name", TAKEN)
def test_a_page_has_a_picture(name: str, visit: Any, asked: Any) -> None:
    page = open_page(visit, name, asked)
    if name in ("scan", "answer"):
        page.locator("slice-viewer canvas").first.wait_for()
        page.wait_for_load_state("networkidle")
    png = small(page.screenshot(clip={"x": 0, "y": 0, "width": 1280, "height": 900}))
    shades = np.asarray(Image.open(io.BytesIO(png)).convert("L"))
    assert shades.shape == (900, 1280)
    assert len(np.unique(shades)) > 8
    assert shades.std() > 5, "an empty page"
    if "ELSEWHERE_PAGES_OF" in os.environ:
        (IMAGES / f"page-{name}.png").write_bytes(png)


def test_the_documents_show_each_picture_and_none_is_large() -> None:
    text = (ROOT / "docs/page.md").read_text(encoding="utf-8")
    files = sorted(IMAGES.glob("page-*.png"))
    assert [file.name for file in files] == sorted(f"page-{name}.png" for name in NAMES)
    for file in files:
        assert f"(images/{file.name})" in text
        assert file.stat().st_size < MOST_BYTES
