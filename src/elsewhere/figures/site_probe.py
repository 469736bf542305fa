"""site_probe: whether probabilities and features of a model tell where a scan was made (A-75)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from elsewhere.figures import style, words
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.results import Results
from elsewhere.files import write_rows
from elsewhere.scores import site_probe
from elsewhere.scores.audited import SMALL_P

CSV_NAME = "site_probe.csv"
COLUMNS = (*site_probe.COLUMNS[:1], "label", "synthetic", *site_probe.COLUMNS[1:])
LINE, NAMES, WIDE, GAP, HEAD, FOOT, ACROSS = 0.42, 3.0, 2.1, 0.3, 0.4, 0.5, 4
NAME_CHARACTERS = 40

Row = Mapping[str, Any]


class SiteProbe(Figure):
    """How well a model's probability, and its features, tell the site of a scan."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw a panel for each site, a line for each arm."""
        draw(given.together, rows(given), folder)
        return ["site_probe"]


def rows(given: Given) -> list[dict[str, Any]]:
    """Return every probe of the study, rows of `COLUMNS`; all p are one family for Holm."""
    results = given.together
    found = [row for arm in results.rows for row in _of_arm(given, arm.name)]
    for arm, explained_arm in given.explained.items():
        found.append({"arm": arm, **site_probe.of_features(explained_arm.record)})
    arms = {row.name: row for row in results.rows}
    columns = {column.row: column for column in results.columns}
    return [
        {
            **row,
            **results.marks(arms[row["arm"]], columns.get(row["site"])),
            "site": columns[row["site"]].name if row["site"] in columns else row["site"],
        }
        for row in site_probe.adjusted(found)
    ]


def draw(results: Results, probes: Sequence[Row], folder: Path) -> None:
    """Draw site_probe.png and .svg, and write site_probe.csv.

    Parameters
    ----------
    results
        Of the study.
    probes
        As from `rows`.
    """
    write_rows(probes, folder / CSV_NAME, columns=COLUMNS)
    across = min(ACROSS, len(results.columns))
    tall = LINE * len(results.rows)
    down = HEAD + tall + FOOT
    with style.look():
        page = style.sheet(
            "Does the model answer where a scan was made?",
            width=NAMES + across * (WIDE + GAP) - GAP,
            height=0.3 + -(-len(results.columns) // across) * down,
            notes=(*_notes(), *results.notes()),
            synthetic=results.synthetic,
        )
        _key(page, probes, results.named.classes)
        for number, column in enumerate(results.columns):
            line, place = divmod(number, across)
            at = (NAMES + place * (WIDE + GAP), 0.3 + HEAD + line * down)
            page.text(at[0], at[1] - 0.2, results.heading(column), weight="bold")
            axes = page.box(*at, (WIDE, tall))
            _panel(axes, results, [row for row in probes if row["site"] == column.name])
            if place == 0:
                for turn, arm in enumerate(results.rows):
                    page.text(
                        0, at[1] + LINE * (turn + 0.5), arm.short(NAME_CHARACTERS), va="center"
                    )
        style.save(page.figure, folder, "site_probe")


def _of_arm(given: Given, arm: str) -> Iterator[dict[str, Any]]:
    """Yield the probes of an arm; a site whose cell was not run says so."""
    results, classes = given.together, given.settings.classes
    present = {}
    for column in results.columns:
        cell = results.cells[arm, column.row]
        key = f"{arm}/{column.row}"
        if cell["status"] == words.NOT_RUN:
            about = {"source": site_probe.PROBABILITY, "site": column.row, "p": None}
            yield {"arm": arm, **about, "status": words.NOT_RUN, "reason": cell["reason"]}
        else:
            names = given.exclusive
            present[column.row] = (
                [given.tested(key, name) for name in names] if names else [given.predicted(key)]
            )
    if present:
        scans = site_probe.gathered(present, classes=classes)
        confidence = given.settings.scoring.confidence
        for row in site_probe.of_arm(scans, classes=classes, confidence=confidence):
            yield {"arm": arm, **row}


def _panel(axes: Axes, results: Results, probes: Sequence[Row]) -> None:
    axes.axvline(0.5, color=style.HATCH, linewidth=0.8, linestyle=(0, (3, 3)))
    for line, arm in enumerate(results.rows):
        of_arm = [row for row in probes if row["arm"] == arm.name]
        for turn, row in enumerate(of_arm):
            height = line + (turn + 0.5) / len(of_arm) * 0.8 - 0.4
            if row["auc"] is None:
                text = row["status"]
                axes.text(0.02, height, text, va="center", size=style.SMALL, color=style.MUTED)
                continue
            look = _look(row, results.named.classes)
            axes.plot(
                [row["low"], row["high"]], [height] * 2, color=look["markeredgecolor"], lw=0.9
            )
            axes.plot(row["auc"], height, linestyle="", clip_on=False, **look)
    axes.set(xlim=(0, 1), ylim=(len(results.rows) - 0.5, -0.5), xlabel="AUC", yticks=[])


def _look(row: Row, classes: Sequence[str]) -> dict[str, Any]:
    """Return the look of a probe: full where p is small, a diamond against another class."""
    colour = style.PALETTE[classes.index(row["scans_of"]) % len(style.PALETTE)]
    small = row["p_holm"] is not None and row["p_holm"] <= SMALL_P
    shape = "o" if row["scans_of"] == row["against"] else "D"
    face = colour if small else style.PAPER
    return {"marker": shape, "markersize": 5, "markerfacecolor": face, "markeredgecolor": colour}


def _key(page: style.Sheet, probes: Sequence[Row], classes: Sequence[str]) -> None:
    kinds = {(row["scans_of"], row["against"]): row for row in probes if row["scans_of"] in classes}
    entries = []
    for (scans_of, against), row in kinds.items():
        against_what = "the same elsewhere" if against == scans_of else f"{against} elsewhere"
        look = _look({**row, "p_holm": 0.0}, classes)
        label = f"{scans_of} against {against_what}"
        entries.append(Line2D([], [], linestyle="", label=label, **look))
    width, height = page.figure.get_size_inches()
    page.figure.legend(
        handles=entries, loc="upper left", ncols=min(3, max(1, len(entries))), frameon=False,
        bbox_to_anchor=(style.MARGIN / width, 1 - page.top / height), fontsize=style.SMALL,
        borderaxespad=0, handletextpad=0.2, columnspacing=1.2,
    )  # fmt: skip


def _notes() -> tuple[str, ...]:
    return (
        "AUC: probability that the model scores a test scan of this site higher than one from the "
        "other sites; line: its interval. Full: two-sided p at most 0.05, from exchanges of "
        "patients between the sites, after Holm's adjustment over all probes of the study, "
        "exploratory. Against the same class 0.5 is right: the model answers what a scan shows. "
        "Away from it, the model tells the sites apart, or one site's patients are more severely "
        "ill. Where a site of one class is far from 0.5 against both, a good number there may mean "
        "that the model knows the site and not the disease. Of several runs: mean over the AUCs "
        "of single models.",
    )
