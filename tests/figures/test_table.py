from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from elsewhere.figures import style
from elsewhere.figures.table import Field, Table


def test_every_word_is_written_and_a_longer_row_is_taller(
    tmp_path: Path, svg_texts: Callable[[Path], list[str]]
) -> None:
    fields = (Field("name", 1.0), Field("number", 1.0, numeric=True))
    short = Table(fields, (("one", "1"), ("two", "2")))
    long = Table(fields, (("one", "1"), ("two words that need many lines", "2")))
    assert long.height > short.height
    with style.look():
        page = style.sheet("t", width=long.width, height=long.height, synthetic=False)
        long.draw(page)
        style.save(page.figure, tmp_path, "table")
    shown = " ".join(svg_texts(tmp_path / "table.svg"))
    for word in ("name", "number", "one", "1", "two words", "lines", "2"):
        assert word in shown


def test_muted_rows_are_grey(tmp_path: Path) -> None:
    table = Table((Field("name", 1.0),), (("ours",), ("theirs",)), muted=(1,))
    with style.look():
        page = style.sheet("t", width=table.width, height=table.height, synthetic=False)
        table.draw(page)
        style.save(page.figure, tmp_path, "table")
    lines = (tmp_path / "table.svg").read_text().splitlines()
    fills = {
        word: next(line for line in lines if f">{word}<" in line) for word in ("ours", "theirs")
    }
    assert f"fill: {style.MUTED}" in fills["theirs"]
    assert f"fill: {style.MUTED}" not in fills["ours"]


def test_dollar_signs_are_words_and_no_mathematics(
    tmp_path: Path, svg_texts: Callable[[Path], list[str]]
) -> None:
    table = Table((Field("comment", 3.0),), (("between $5 and $6 {",),))
    with style.look():
        page = style.sheet("t", width=table.width, height=table.height, synthetic=False)
        table.draw(page)
        style.save(page.figure, tmp_path, "table")
    assert "between $5 and $6 {" in svg_texts(tmp_path / "table.svg")
