"""prevalence: how common each finding is, by site and part, as a figure and as prevalence.csv."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from elsewhere.figures import style
from elsewhere.figures.divided import Divided, marks
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.files import write_frame
from elsewhere.scores.intervals import wilson

NAME = "prevalence"
CSV_NAME = f"{NAME}.csv"
COLUMNS = (
    *("site", "title", "part", "finding", "finding_title", "positive", "negative", "unknown"),
    *("patients", "prevalence", "low", "high", "published_positive", "published_prevalence"),
    *("requirement", "synthetic"),
)
SITE, PART, PANEL, GAP = 1.5, 0.95, 1.75, 0.22
ACROSS = 21
HEAD, LINE, BETWEEN, FOOT = 0.42, 0.56, 0.1, 0.4

Rows = Sequence[Mapping[str, Any]]


class Prevalence(Figure):
    """How common each finding is, by site and part."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw a panel per finding."""
        confidence = given.settings.scoring.confidence
        rows = table(given.divided, given.paper_counts, confidence=confidence)
        return draw(given.divided, rows, folder, confidence=confidence)


def table(
    divided: Divided, known: Sequence[Mapping[str, str]], *, confidence: float
) -> list[dict[str, Any]]:
    """Return one row per site, part and finding: counts and prevalence with its interval (B-46).

    Prevalence is the share of positive scans among those with a label. Its interval is Wilson's
    with patients as trials: scans of one patient are alike, so an interval over scans would be too
    narrow, and this one is rather too wide.

    Parameters
    ----------
    known
        As from `paper.counts`.
    """
    listed = {(entry["site"], entry["part"], entry["quantity"]): entry for entry in known}
    return [
        marks(column)
        | {"part": part, "finding": finding, "finding_title": title}
        | _counted(rows, finding, confidence)
        | _published(listed, (column.name, part, finding))
        for column in divided.columns
        for part, rows in divided.parts(column).items()
        for finding, title in divided.labels.items()
    ]


def draw(divided: Divided, rows: Rows, folder: Path, *, confidence: float) -> list[str]:
    """Draw prevalence.png and .svg, panels by finding and lines by part, and prevalence.csv.

    Parameters
    ----------
    rows
        As from `table`.

    Returns
    -------
    list of str
        Names of the figures drawn: none where no site has scans.
    """
    table = pd.DataFrame(rows, columns=[*COLUMNS])
    write_frame(table, folder / CSV_NAME, float_format="%.6g")
    if not rows:
        return []
    places = _places(rows)
    height = max(places.values()) + LINE / 2
    with style.look():
        page = style.sheet(
            f"How common each {divided.what} is: prevalence by site and part",
            width=max(6.4, SITE + PART + (PANEL + GAP) * len(divided.labels)),
            height=HEAD + height + FOOT,
            notes=_notes(divided, rows, confidence),
            synthetic=divided.synthetic,
        )
        _names(page, divided, places)
        most = max((row["high"] for row in rows if row["high"] is not None), default=1.0)
        for number, (finding, title) in enumerate(divided.labels.items()):
            left = SITE + PART + (PANEL + GAP) * number
            heading = "\n".join(textwrap.wrap(title, ACROSS))
            page.text(left, HEAD - 0.06, heading, weight="bold", va="bottom")
            shown = [row for row in rows if row["finding"] == finding]
            axes = page.box(left, HEAD, (PANEL, height))
            axes.set(xlim=(0, min(1.0, 1.08 * most)), ylim=(height, 0))
            _panel(axes, shown, places)
        style.save(page.figure, folder, NAME)
    return [NAME]


def _counted(rows: pd.DataFrame, finding: str, confidence: float) -> dict[str, Any]:
    labels = rows[finding]
    labelled = rows[labels.notna()]
    positive = int((labels == 1).sum())
    counts: dict[str, Any] = {
        "positive": positive,
        "negative": len(labelled) - positive,
        "unknown": len(rows) - len(labelled),
        "patients": labelled["patient_id"].nunique(),
    }
    if labelled.empty:
        return counts | dict.fromkeys(("prevalence", "low", "high"))
    share = positive / len(labelled)
    low, high, _ = wilson(share, n=counts["patients"], confidence=confidence)
    return counts | {"prevalence": share, "low": low, "high": high}


def _published(
    listed: Mapping[tuple[str, str, str], Mapping[str, str]], at: tuple[str, str, str]
) -> dict[str, Any]:
    positive, scans = listed.get(at), listed.get((*at[:2], "scans"))
    if positive is None or scans is None:
        return {"published_positive": "", "published_prevalence": None, "requirement": ""}
    return {
        "published_positive": positive["value"],
        "published_prevalence": int(positive["value"]) / int(scans["value"]),
        "requirement": positive["requirement"],
    }


def _places(rows: Rows) -> dict[tuple[str, str], float]:
    """Return the height of the line of each site and part, sites a little apart."""
    heights: dict[tuple[str, str], float] = {}
    y, last = -LINE / 2, None
    for row in rows:
        at = (row["site"], row["part"])
        if at not in heights:
            y += LINE + (BETWEEN if last not in (None, row["site"]) else 0)
            heights[at], last = y, row["site"]
    return heights


def _names(page: style.Sheet, divided: Divided, places: Mapping[tuple[str, str], float]) -> None:
    titles = {column.name: divided.heading(column) for column in divided.columns}
    named = set()
    for (site, part), y in places.items():
        if site not in named:
            title = "\n".join(textwrap.wrap(titles[site], ACROSS - 4, break_on_hyphens=False))
            page.text(0, HEAD + y, title, va="center", weight="bold")
            named.add(site)
        page.text(SITE, HEAD + y, part, va="center")


def _panel(axes: Axes, rows: Rows, places: Mapping[tuple[str, str], float]) -> None:
    for row in rows:
        y = places[row["site"], row["part"]]
        axes.axhline(y, color=style.PALE, linewidth=0.8, zorder=0)
        counts = f"{row['positive']:,} + {row['negative']:,}"
        counts += f" ({row['unknown']:,} ?)" if row["unknown"] else ""
        if row["prevalence"] is None:
            axes.text(0, y - 0.12, "no scan has a label", va="center", size=7, color=style.MUTED)
            continue
        if row["published_prevalence"] is not None:
            axes.plot(
                row["published_prevalence"], y, "D", ms=5.5, mew=1.1, mfc="none", mec=style.ORANGE
            )
        axes.plot([row["low"], row["high"]], [y, y], color=style.BLUE, linewidth=1.6)
        axes.plot(row["prevalence"], y, "o", color=style.BLUE, ms=4.5)
        share = f"{100 * row['prevalence']:.1f}%"
        bounds = f"{100 * row['low']:.1f}–{100 * row['high']:.1f}"
        axes.text(0, y - 0.15, f"{share} ({bounds})", va="center", size=7.5, color=style.INK)
        axes.text(0, y + 0.15, counts, va="center", size=7, color=style.MUTED)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=3))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.tick_params(length=2, pad=2)
    axes.set_xlabel("positive scans", size=style.SMALL, labelpad=2)


def _notes(divided: Divided, rows: Rows, confidence: float) -> tuple[str, ...]:
    notes = [
        f"Blue: share of positive scans among those with a label, with its {confidence:.0%} "
        "interval (Wilson, patients as trials); below it positive + negative scans (?: without a "
        "label). A prevalence that differs between sites changes what a call means, and may let a "
        "network recognise the site."
    ]
    if any(row["published_prevalence"] is not None for row in rows):
        listed = sorted({row["requirement"] for row in rows if row["requirement"]})
        notes.append(
            f"Orange: published positives of published images ({', '.join(listed)}), which are "
            "not used in ours."
        )
    shown = {row["site"] for row in rows}
    gone = [column.title for column in divided.columns if column.name not in shown]
    if gone:
        notes.append(f"No data here: {', '.join(gone)}.")
    return (*notes, *divided.notes_of_parts)
