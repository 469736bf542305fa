"""Letters that DejaVu Sans lacks: another font of the machine draws them, or it is said."""

from __future__ import annotations

import warnings
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import font_manager
from PIL import Image

from elsewhere.figures import glyphs, style

OTHER = "DejaVu Serif"  # matplotlib brings it, and DejaVu Sans lacks some of its letters


@pytest.fixture
def letters() -> str:
    """Letters that one font of matplotlib has and DejaVu Sans lacks, by the fonts' own tables."""

    def table(name: str) -> set[int]:
        path = Path(mpl.get_data_path()) / "fonts/ttf" / f"{name}.ttf"
        return {*font_manager.get_font(path).get_charmap()}

    found = [chr(code) for code in sorted(table("DejaVuSerif") - table("DejaVuSans"))]
    return "".join(letter for letter in found if letter.isprintable())[:3]


def drawn(folder: Path, title: str) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with style.look():
            page = style.sheet("a", width=2, height=1, synthetic=False)
            page.box(0.6, 0, (1, 0.6)).set(yticks=[0.5], yticklabels=[title])
            style.save(page.figure, folder, "one")
    assert title in (folder / "one.svg").read_text(encoding="utf-8")
    return np.asarray(Image.open(folder / "one.png").convert("L"))


def test_another_font_of_the_machine_draws_what_is_missing(
    tmp_path: Path, letters: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert letters
    monkeypatch.setattr(glyphs, "OTHERS", ())
    boxes = drawn(tmp_path / "boxes", letters)
    assert "no font of this machine" in caplog.text
    caplog.clear()
    monkeypatch.setattr(glyphs, "OTHERS", ("no such font", OTHER))
    assert glyphs.families(letters) == [glyphs.FONT, OTHER]
    assert glyphs.lacking(letters) == ""
    right = drawn(tmp_path / "right", letters)
    assert not caplog.text
    assert boxes.shape != right.shape or (boxes != right).any()


def test_letters_that_no_font_has_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(glyphs, "OTHERS", ())
    drawn(tmp_path, "北京 Hospital")
    assert glyphs.lacking("北京 北 Hospital é –") == "北京"
    assert "北京" in caplog.text


def test_ordinary_titles_need_one_font() -> None:
    assert glyphs.families("Zürich – Łódź, Αθήνα, Москва ±") == [glyphs.FONT]
