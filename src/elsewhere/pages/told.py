"""told: what the report of a study says first: its question, answer, marks and notices.

They were computed by the step `figure`. A page takes them from report.html, so that both say the
same; it computes none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

FIRST = 1 << 20  # characters of a report in which its first sections end; pictures come later


@dataclass
class Told:
    """The first sections of a report, as text.

    Attributes
    ----------
    question
        What the study asks.
    marks
        What a reader must see before any number: kind and sentence.
    answer
        Number, interval and meaning of each headline number.
    basis
        What these rest on.
    attention
        Notices, the most serious first.
    """

    question: str = ""
    marks: list[tuple[str, str]] = field(default_factory=list)
    answer: list[tuple[str, str, str]] = field(default_factory=list)
    basis: str = ""
    attention: list[str] = field(default_factory=list)


def read(report: Path) -> Told | None:
    """Return what a report says first; None if it is not there, or has no such sections."""
    try:
        with report.open(encoding="utf-8") as stream:
            text = stream.read(FIRST)
    except (OSError, UnicodeDecodeError):
        return None
    parser = _Parser()
    parser.feed(text)
    return parser.told if parser.told.question else None


class _Parser(HTMLParser):
    """Collects the texts of list items and paragraphs in the two first sections."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.told = Told()
        self._section = self._list = self._kind = ""
        self._texts: dict[str, str] | None = None
        self._in = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where the text that follows belongs."""
        given = dict(attrs)
        if tag == "section":
            self._section = given.get("id") or ""
        elif tag in ("ul", "ol"):
            self._list = given.get("class") or tag
        elif tag in ("p", "li"):
            self._kind, self._texts = f"{tag} {given.get('class') or ''}", {}
        self._in = tag if tag in ("strong", "b", "span", "a") else ""

    def handle_data(self, data: str) -> None:
        """Keep a text with the element that it stands in."""
        if self._texts is not None:
            self._texts[self._in] = self._texts.get(self._in, "") + data

    def handle_endtag(self, tag: str) -> None:
        """Take what an item or paragraph said."""
        self._in = ""
        if tag in ("p", "li") and self._texts is not None:
            self._take({name: " ".join(text.split()) for name, text in self._texts.items()})
            self._texts = None
        elif tag == "section":
            self._section = ""

    def _take(self, texts: dict[str, str]) -> None:
        rest = texts.get("", "")
        if self._section == "attention" and self._kind.startswith("li"):
            self.told.attention.append(rest.removesuffix(" .").strip())
        if self._section != "summary":
            return
        if self._kind == "p question":
            self.told.question = rest
        elif self._kind == "p note" and not self.told.basis:
            self.told.basis = rest
        elif self._kind == "li " and self._list == "marks":
            self.told.marks.append((texts.get("span", "").rstrip(":"), rest))
        elif self._kind == "li " and self._list == "answer":
            self.told.answer.append((texts.get("strong", ""), texts.get("b", ""), rest))
