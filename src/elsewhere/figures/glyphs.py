"""glyphs: fonts for letters that the font of all figures lacks, such as Chinese or Korean."""

from __future__ import annotations

import logging
from functools import cache

from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.text import Text

log = logging.getLogger(__name__)

FONT = "DejaVu Sans"
# what systems and their packages bring for the scripts that DejaVu Sans lacks, in this order
OTHERS = (
    *(f"Noto Sans CJK {place}" for place in ("SC", "JP", "KR", "TC")),
    *("Noto Sans SC", "Noto Sans JP", "Noto Sans KR", "Source Han Sans SC"),
    *("WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Microsoft YaHei", "PingFang SC", "SimHei"),
    *("Hiragino Sans", "Yu Gothic", "IPAexGothic", "Malgun Gothic", "Apple SD Gothic Neo"),
    *("NanumGothic", "Noto Sans Devanagari", "Noto Sans Bengali", "Noto Sans Thai", "Noto Sans"),
    *("Noto Sans Symbols", "Noto Sans Symbols 2", "Arial Unicode MS"),
)
REMEDY = "install a font that has them, such as Noto Sans CJK"


def families(text: str) -> list[str]:
    """Return the font of all figures, and those of this machine that have what it lacks."""
    wanted, chosen = _beyond(text, FONT), [FONT]
    for family in OTHERS:
        left = wanted - _letters(family)
        if len(left) < len(wanted):
            chosen.append(family)
            wanted = left
    return chosen


def lacking(text: str) -> str:
    """Return the letters of a text that no font of this machine draws, each once."""
    drawn = frozenset().union(*map(_letters, families(text)))
    return "".join(
        dict.fromkeys(letter for letter in text if _shows(letter) and letter not in drawn)
    )


def choose(figure: Figure) -> None:
    """Give each text of a figure the fonts that it needs; say which letters none of them has.

    Labels of ticks are known once the figure was drawn.
    """
    lost = ""
    for words in figure.findobj(Text):
        assert isinstance(words, Text)
        words.set_fontfamily(families(words.get_text()))
        lost += lacking(words.get_text())
    if lost:
        log.warning(
            "no font of this machine has the letters %s: the PNG shows boxes, the SVG and the "
            "report keep the text; %s",
            "".join(dict.fromkeys(lost)),
            REMEDY,
        )


def _beyond(text: str, family: str) -> set[str]:
    return {letter for letter in text if _shows(letter)} - _letters(family)


def _shows(letter: str) -> bool:
    return letter.isprintable() and not letter.isspace()


@cache
def _letters(family: str) -> frozenset[str]:
    """Return the letters that a font has; none if this machine lacks it."""
    if family not in font_manager.get_font_names():
        return frozenset()
    font = font_manager.get_font(font_manager.findfont(family))
    return frozenset(map(chr, font.get_charmap()))
