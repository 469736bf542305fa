"""table_2: a reader's judgement of misclassified scans, above the paper's Table 2 (B-43, B-44)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elsewhere.figures import style, words
from elsewhere.figures.table import Field, Table
from elsewhere.files import write_rows
from elsewhere.scores.reader_study import AGREEMENT, NORMAL_BELOW, Reading

NAME, CSV_NAME, AGREEMENT_NAME = "table_2", "table_2.csv", "agreement.csv"
FILES = (CSV_NAME, AGREEMENT_NAME, f"{NAME}.png", f"{NAME}.svg")
WRONG = "wrong"
FIRST = (Field("image", 0.7, numeric=True), Field("ground truth", 1.6))
LAST = (
    Field("cardiothoracic ratio", 1.15, numeric=True),
    Field("the ratio says", 1.15),
    Field("impression", 1.1),
    Field("comment", 2.6),
)
PROBABILITY, GAP, HEAD = 1.6, 0.3, 0.3

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class About:
    """What a review is of.

    Attributes
    ----------
    title, site
        Names of finding and site in figures.
    arms
        Arm to its name in figures.
    enlarged_from
        Cardiothoracic ratio from which a heart is called enlarged.
    synthetic
        Whether the site is.
    alone
        Whether no patient has two images; False if there are no patient keys.
    """

    title: str
    site: str
    arms: Mapping[str, str]
    enlarged_from: float
    synthetic: bool
    alone: bool

    def truth(self, label: int) -> str:
        """Return a label in words."""
        return self.title if label == 1 else f"No {self.title}"


def rows(about: About, read: Iterable[tuple[Mapping[str, Any], Reading]]) -> list[dict[str, Any]]:
    """Return one row per image.

    Parameters
    ----------
    read
        Row of the key and reading of each image; of the key image, label, and of each arm
        probability, call and threshold.
    """
    return [_row(about, case, reading) for case, reading in read]


def draw(
    about: About,
    rows: Rows,
    folder: Path,
    *,
    agreement: Rows,
    published: Sequence[Mapping[str, str]],
) -> None:
    """Draw table_2.png and .svg; write table_2.csv and agreement.csv, which hold ours alone.

    Parameters
    ----------
    rows
        As from `rows`.
    agreement
        As from `elsewhere.scores.reader_study.agreement`.
    published
        As from `elsewhere.figures.paper.review`, of the same finding.
    """
    synthetic = "yes" if about.synthetic else "no"
    write_rows(rows, folder / CSV_NAME, columns=[*rows[0]])
    counted = [{**row, "synthetic": synthetic} for row in agreement]
    write_rows(counted, folder / AGREEMENT_NAME, columns=[*AGREEMENT, "synthetic"])
    ours, theirs = _ours(about, rows), _published(published)
    below = HEAD + theirs.height if theirs else 0.0
    with style.look():
        page = style.sheet(
            f"{about.title}: misclassified scans of {about.site}, as a reader sees them",
            width=max(ours.width, theirs.width if theirs else 0.0),
            height=ours.height + (GAP + below if theirs else 0.0),
            notes=(*_notes(about, rows, agreement), *_source(published)),
            synthetic=about.synthetic,
        )
        ours.draw(page)
        if theirs:
            top = ours.height + GAP
            page.text(0, top + 0.12, "Published", weight="bold", va="center", size=10.5)
            theirs.draw(page, top=top + HEAD)
        style.save(page.figure, folder, NAME)


def _row(about: About, case: Mapping[str, Any], reading: Reading) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "image": case["image"],
        "site": about.site,
        "synthetic": "yes" if about.synthetic else "no",
        "ground_truth": about.truth(int(case["label"])),
    }
    for arm in about.arms:
        threshold = case[f"threshold_{arm}"]
        wrong = bool(case[f"call_{arm}"]) != (case["label"] == 1)
        entry |= {
            f"probability_{arm}": float(case[f"probability_{arm}"]),
            f"threshold_{arm}": None if math.isnan(threshold) else float(threshold),
            f"call_{arm}": WRONG if wrong else "right",
        }
    return entry | {
        "cardiothoracic_ratio": reading.ratio,
        "ratio_says": reading.says(about.enlarged_from),
        "impression": reading.impression,
        "comment": reading.comment,
    }


def _ours(about: About, rows: Rows) -> Table:
    arms = [Field(f"P, {label}", PROBABILITY) for label in about.arms.values()]
    lines = [
        (
            str(number),
            row["ground_truth"],
            *(_probability(row, arm) for arm in about.arms),
            "" if row["cardiothoracic_ratio"] is None else f"{row['cardiothoracic_ratio']:g}",
            row["ratio_says"],
            row["impression"],
            row["comment"],
        )
        for number, row in enumerate(rows, 1)
    ]
    return Table((*FIRST, *arms, *LAST), tuple(lines))


def _probability(row: Mapping[str, Any], arm: str) -> str:
    written = words.number(row[f"probability_{arm}"], digits=3)
    return f"{written} {WRONG}" if row[f"call_{arm}"] == WRONG else written


def _published(printed: Sequence[Mapping[str, str]]) -> Table | None:
    """Return the paper's table, its numbers as they are printed."""
    if not printed:
        return None
    networks = list(dict.fromkeys(entry["network"] for entry in printed))
    images = {entry["image"]: entry for entry in printed}
    known = {(entry["image"], entry["network"]): entry["probability"] for entry in printed}
    lines = [
        (
            image,
            entry["ground_truth"],
            *(known.get((image, network), "") for network in networks),
            entry["impression"],
        )
        for image, entry in images.items()
    ]
    fields = (*FIRST, *(Field(f"P, {network}", PROBABILITY) for network in networks))
    return Table((*fields, Field("impression", 2.2)), tuple(lines))


def _notes(about: About, rows: Rows, agreement: Rows) -> tuple[str, ...]:
    alone = "one per patient" if about.alone else "perhaps several of one patient"
    limits = "; ".join(f"{label}: {_limit(rows, arm)}" for arm, label in about.arms.items())
    return (
        f"Test scans of {about.site} that at least one of these arms misclassifies, drawn at "
        f"random, {alone}; the reader knew neither ground truth nor probabilities nor "
        "site. Scans that all arms call correctly were not read, so it is not known how many of "
        "those are borderline.",
        f"P: probability of {about.title}, mean over runs. {WRONG}: the call at the arm's own "
        f"threshold is not the ground truth ({limits}).",
        f"Ratio: below {NORMAL_BELOW} normal (B-43), up to {about.enlarged_from} borderline, from "
        "there enlarged ([AMB] B-44: the paper gives no band).",
        f"Of those filled in: {'; '.join(_counted(row) for row in agreement)}; in brackets "
        "Wilson's intervals.",
    )


def _limit(rows: Rows, arm: str) -> str:
    limit = rows[0][f"threshold_{arm}"]
    return "each run at its own" if limit is None else words.number(limit, digits=3)


def _counted(row: Mapping[str, Any]) -> str:
    bounds = words.interval(row["low"], row["high"])
    return f"{row['quantity']}: {row['n']} of {row['of']}" + (f" ({bounds})" if bounds else "")


def _source(published: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    if not published:
        return ()
    first = published[0]
    return (
        f"Published: {first['source']} of the paper ({first['requirement']}), of other images and "
        "not used in ours.",
    )
