"""reader_study: the form that a radiologist fills in, and how it agrees with the labels (B-43)."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from elsewhere.files import csv_lines
from elsewhere.scores.intervals import wilson

COLUMNS = ("image", "cardiothoracic_ratio", "impression", "comment")
IMAGE, RATIO, IMPRESSION, COMMENT = COLUMNS
BORDERLINE = "borderline"
IMPRESSIONS = ("no", BORDERLINE, "yes")
NORMAL_BELOW = 0.5  # B-43
AGREEMENT = ("quantity", "n", "of", "share", "low", "high", "method")

Says = Literal["normal", "borderline", "enlarged", "not measured"]


class ReadingError(ValueError):
    """A form cannot be used; the message lists every problem with its file, row and column."""


@dataclass(frozen=True)
class Reading:
    """One row of a form.

    Attributes
    ----------
    ratio
        Cardiothoracic ratio, between 0 and 1; None where it was not measured.
    impression
        One of `IMPRESSIONS`, or empty.
    comment
        On one line.
    """

    ratio: float | None = None
    impression: str = ""
    comment: str = ""

    @property
    def blank(self) -> bool:
        """Whether the reader wrote nothing."""
        return self == Reading()

    def says(self, enlarged_from: float) -> Says:
        """Return what the ratio says of the heart (B-43, B-44)."""
        if self.ratio is None:
            return "not measured"
        if self.ratio < NORMAL_BELOW:
            return "normal"
        return "borderline" if self.ratio < enlarged_from else "enlarged"


def form(images: Iterable[str]) -> str:
    """Return the text of a form for these images."""
    return csv_lines([COLUMNS, *((image, "", "", "") for image in images)])


def is_filled(path: Path) -> bool:
    """Say whether a reader may have written anything in this file: it is not an empty form."""
    try:
        header, rows = _cells(path)
    except ReadingError:
        return True
    return header != [*COLUMNS] or any(any(cells[1:]) for _, cells in rows)


def read(path: Path, *, images: Sequence[str]) -> dict[str, Reading]:
    """Return what the reader wrote of each image, in their order.

    Columns may be separated by commas, semicolons or tabs, as spreadsheets save them.

    Raises
    ------
    ReadingError
        If the file is no form of these images; the message lists every problem.
    """
    header, rows = _cells(path)
    if sorted(header) != sorted(COLUMNS):
        raise ReadingError(
            f"{path}, row 1: got the columns {', '.join(header) or 'none'}, expected "
            f"{', '.join(COLUMNS)}"
        )
    readings: dict[str, Reading] = {}
    problems = []
    for number, cells in rows:
        row = dict(zip(header, [*cells, "", "", ""], strict=False))
        wrong = [*_row_problems(row, len(cells), known=images, before=readings)]
        problems += [f"row {number}, {what}" for what in wrong]
        readings[row[IMAGE]] = Reading() if wrong else _reading(row)
    lost = [image for image in images if image not in readings]
    if lost:
        problems.append(
            f"column {IMAGE}: no row of {', '.join(lost)}; its other cells may be empty"
        )
    if not problems and all(reading.blank for reading in readings.values()):
        problems.append("no row is filled in")
    if problems:
        raise ReadingError(f"{path} cannot be used:\n  " + "\n  ".join(problems))
    return {image: readings[image] for image in images}


def _cells(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return the header, and of each row that is not empty its number in a spreadsheet, cells."""
    if not path.is_file():
        raise ReadingError(f"{path}: no such file; give the path of the review.csv that came back")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ReadingError(f"{path}: is not UTF-8; save it as `CSV UTF-8`") from None
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        numbered = [(row, [_plain(cell) for cell in cells]) for row, cells in enumerate(reader, 2)]
    except csv.Error as error:
        raise ReadingError(f"{path}: is not CSV ({error}); is a quote left open?") from None
    return header, [(row, cells) for row, cells in numbered if any(cells)]


def _plain(cell: str) -> str:
    """Return a cell on one line, without what cannot be printed."""
    return "".join(letter for letter in " ".join(cell.split()) if letter.isprintable())


def _row_problems(
    row: Mapping[str, str], width: int, *, known: Sequence[str], before: Mapping[str, Reading]
) -> Iterator[str]:
    image = row[IMAGE]
    if image not in known:
        yield (
            f"column {IMAGE}: '{image}' is no image of this review, {known[0]} to {known[-1]}; "
            "is the file of another export?"
        )
    if image in before:
        yield f"column {IMAGE}: '{image}' stands twice"
    if width > len(COLUMNS):
        yield (
            f"column {RATIO} or {COMMENT}: {width} cells, expected {len(COLUMNS)}; write 0.52 with "
            "a point, and put a comment with commas in quotes"
        )
        return
    why = _ratio_problem(row[RATIO])
    if why:
        yield f"column {RATIO}: {why}"
    if row[IMPRESSION].lower() not in ("", *IMPRESSIONS):
        yield (
            f"column {IMPRESSION}: got '{row[IMPRESSION]}', expected {', '.join(IMPRESSIONS)} or "
            "nothing; other words belong in the comment"
        )


def _ratio_problem(text: str) -> str | None:
    if not text:
        return None
    if "," in text:
        return f"'{text}' has a decimal comma; write it with a point, such as 0.52"
    expected = "expected a number between 0 and 1, such as 0.52, or nothing"
    try:
        value = float(text)
    except ValueError:
        return f"'{text}' is no number; {expected}"
    return None if math.isfinite(value) and 0 < value < 1 else f"got {text}; {expected}"


def _reading(row: Mapping[str, str]) -> Reading:
    ratio = float(row[RATIO]) if row[RATIO] else None
    return Reading(ratio, row[IMPRESSION].lower(), row[COMMENT])


def agreement(
    rows: Sequence[tuple[int, Reading]], *, enlarged_from: float, confidence: float
) -> list[dict[str, Any]]:
    """Count how the reader judges the images, each of another patient (B-44).

    Parameters
    ----------
    rows
        Ground truth, 0 or 1, and reading of each image.
    enlarged_from
        Ratio from which a heart is called enlarged.
    confidence
        Of Wilson's intervals.

    Returns
    -------
    list
        Rows of `AGREEMENT`: n of so many; share and interval are None of none.
    """
    judged = [(label, reading) for label, reading in rows if reading.impression]
    plain = [(label, reading) for label, reading in judged if reading.impression != BORDERLINE]
    ratios = [reading.says(enlarged_from) for _, reading in rows if reading.ratio is not None]
    counts = {
        "impression borderline": [reading.impression == BORDERLINE for _, reading in judged],
        "ratio normal": [says == "normal" for says in ratios],
        "ratio borderline": [says == "borderline" for says in ratios],
        "ratio enlarged": [says == "enlarged" for says in ratios],
        "impression no or yes, and so is the ground truth": [
            (reading.impression == "yes") == (label == 1) for label, reading in plain
        ],
    }
    return [_share(quantity, holds, confidence) for quantity, holds in counts.items()]


def _share(quantity: str, holds: Sequence[bool], confidence: float) -> dict[str, Any]:
    entry = dict.fromkeys(AGREEMENT) | {"quantity": quantity, "n": sum(holds), "of": len(holds)}
    if not holds:
        return entry
    share = sum(holds) / len(holds)
    interval = wilson(share, n=len(holds), confidence=confidence)
    return entry | {"share": share} | interval._asdict()
