"""embeddings: draws embeddings of test scans by site and class, a panel per arm (D-13 to D-15)."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from elsewhere.figures import style, words
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.results import Results
from elsewhere.files import write_frame
from elsewhere.scores.explained import Explained

SIDE, PITCH = 3.2, (3.55, 4.25)
ACROSS, KEY, KEY_LINE, LEAST_WIDTH = 3, 0.3, 0.18, 6.4
WIDE = 40  # characters above a panel
MARKS = ("o", "^", "s", "D", "v", "P", "X", "*")  # label 0, label 1 and so on
SIZE, EDGE = 4.5, 0.9
CSV_NAME = "embeddings.csv"
COLUMNS = (
    *(
        "arm",
        "label",
        "synthetic",
        "run",
        "target",
        "auc",
        "p",
        "n_patients",
        "n_scans",
        "clusters",
    ),
    *("status", "reason"),
)
TARGETS = {"site": "which site", "class": "which class"}


class Embeddings(Figure):
    """Embeddings of test scans, by site and class."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw a panel per explained arm."""
        draw(given.together, given.explained, folder)
        return ["embeddings"]


def draw(results: Results, explained: Mapping[str, Explained], folder: Path) -> None:
    """Draw embeddings.png and .svg, and write embeddings.csv with the linear probes.

    Test scans of one run, colour by site, mark by class.

    Parameters
    ----------
    explained
        Arm to what `explain` made of it.
    """
    across = min(ACROSS, len(explained))
    down = -(-len(explained) // ACROSS)
    arms = {row.name: row for row in results.rows}
    lines = -(-(len(results.columns) + len(results.named.classes)) // 3)
    key = KEY + (KEY_LINE * (lines - 1) if len(results.named.classes) > 2 else 0.0)
    with style.look():
        page = style.sheet(
            "How models see the sites: embeddings of test scans",
            width=max(LEAST_WIDTH, PITCH[0] * across - (PITCH[0] - SIDE)),
            height=key + PITCH[1] * down,
            notes=(*_notes(results, explained), *results.notes()),
            synthetic=results.synthetic,
        )
        _key(page, results)
        for number, (arm, explained_arm) in enumerate(explained.items()):
            line, place = divmod(number, ACROSS)
            at = (PITCH[0] * place, key + PITCH[1] * line)
            title = "\n".join(textwrap.wrap(arms[arm].short(2 * WIDE), WIDE)[:2])
            page.text(at[0], at[1] + 0.3, title, va="bottom", weight="bold")
            axes = page.box(at[0], at[1] + 0.36, (SIDE, SIDE))
            if explained_arm.record["status"] == "ok":
                _panel(axes, explained_arm, results)
            else:
                _absent(axes, explained_arm.record["reason"])
            page.text(
                at[0],
                at[1] + 0.42 + SIDE,
                _probe_text(explained_arm, results),
                va="top",
                size=style.SMALL,
            )
        style.save(page.figure, folder, "embeddings")
    write_frame(table(results, explained), folder / CSV_NAME)


def table(results: Results, explained: Mapping[str, Explained]) -> pd.DataFrame:
    """Return the linear probes of each arm's embeddings: a row for the site, one for the class.

    ``clusters`` counts what no two folds share: patients, or images at a site that publishes no
    patient keys, where ``n_patients`` is empty.
    """
    arms = {row.name: row for row in results.rows}
    rows = []
    for arm, explained_arm in explained.items():
        none = {"status": words.NOT_RUN, "reason": explained_arm.record["reason"]}
        probes = explained_arm.record.get("linear_probe") or dict.fromkeys(TARGETS, none)
        about = {"arm": arm, **results.marks(arms[arm], None), "run": explained_arm.record["run"]}
        for target, entry in probes.items():
            held = entry.get("n_patients")
            counted = {"n_patients": None if results.starred else held, "clusters": held}
            rows.append({**about, "target": target, **entry, **counted})
    counts = dict.fromkeys(
        ("n_scans", "n_patients", "clusters"), "Int64"
    )  # integers that may be empty
    return pd.DataFrame(rows, columns=[*COLUMNS]).astype(counts)


def _notes(results: Results, explained: Mapping[str, Explained]) -> tuple[str, ...]:
    ran = [
        explained_arm.record
        for explained_arm in explained.values()
        if explained_arm.record["status"] == "ok"
    ]
    if not ran:
        return ()
    planes = " and ".join(sorted({record["plane"] for record in ran}))
    runs = ", ".join(sorted({record["run"] for record in ran}))
    apart = "no patient"
    if results.starred:
        apart += " (* no image)"
    apart += " in two folds"
    if results.starred:
        apart += ": at * images of one patient may be in two folds, so the AUC is too high"
    return (
        f"Test scans of run {runs}. Plane: {planes} of the principal components of all sites "
        "together; distances between groups in it mean little. AUC: linear probe, a ridge "
        f"regression on these components, cross-validated, {apart}; 0.5 = chance, 1 = perfect. "
        "p: share of permutations among patients that are predicted as well.",
    )


def _key(page: style.Sheet, results: Results) -> None:
    colours = zip(map(results.heading, results.columns), style.PALETTE, strict=False)
    entries: list[Any] = [
        Line2D([], [], marker="s", linestyle="", color=colour, label=heading)
        for heading, colour in colours
    ]
    entries += [
        Line2D([], [], linestyle="", label=name, **_mark(label, style.INK))
        for label, name in enumerate(results.named.classes)
    ]
    page.figure.legend(
        handles=entries,
        loc="upper left",
        bbox_to_anchor=_corner(page),
        ncols=len(entries) if len(entries) < 5 else 3,
        frameon=False,
        fontsize=style.SMALL,
        borderaxespad=0,
        handletextpad=0.2,
        columnspacing=1.2,
    )


def _corner(page: style.Sheet) -> tuple[float, float]:
    width, height = page.figure.get_size_inches()
    return style.MARGIN / width, 1 - page.top / height


def _mark(label: int, colour: str) -> dict[str, Any]:
    """Return the look of a scan: of class 0 an open circle, of the others a full mark."""
    face = colour if label else "none"
    return {
        "marker": MARKS[label % len(MARKS)], "markersize": SIZE, "markeredgewidth": EDGE,
        "markerfacecolor": face, "markeredgecolor": colour, "alpha": 0.85,
    }  # fmt: skip


def _panel(axes: Axes, explained_arm: Explained, results: Results) -> None:
    table = explained_arm.embeddings
    for column, colour in zip(results.columns, style.PALETTE, strict=False):
        for label in range(len(results.named.classes)):
            scans = table[(table["site"] == column.row) & (table["label"] == label)]
            axes.plot(scans["x"], scans["y"], linestyle="", **_mark(label, colour))
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(True)
    axes.margins(0.06)


def _absent(axes: Axes, reason: str) -> None:
    style.bare(axes)
    axes.add_patch(style.swatch("hatched", (0, 0), (1, 1)))
    text = "\n".join(textwrap.wrap(f"{words.NOT_RUN}: {reason}", 40))
    axes.text(
        0.5, 0.5, text, ha="center", va="center", size=style.SMALL,
        bbox={"facecolor": style.PALE, "edgecolor": "none", "pad": 2},
    )  # fmt: skip


def _counted(probe: Mapping[str, Any], results: Results) -> str:
    # where a site has images instead of patients, their sum is a number of neither
    if results.starred or "n_patients" not in probe:
        return f"{probe['n_scans']} scans"
    return words.sizes(probe["n_patients"], probe["n_scans"])


def _probe_text(explained_arm: Explained, results: Results) -> str:
    if explained_arm.record["status"] != "ok":
        return ""
    lines = []
    for target, question in TARGETS.items():
        probe = explained_arm.record["linear_probe"][target]
        number = (
            f"AUC {words.number(probe['auc'])}, p {words.number(probe['p'], digits=4)} "
            f"({_counted(probe, results)})"
            if probe["status"] == "ok"
            else f"{words.UNDEFINED}: {probe['reason']}"
        )
        lines.append(f"{question}: {number}")
    record = explained_arm.record
    if record["variance"] is not None:
        kept = f"{record['variance']:.0%} of the variance of {record['features']} features"
        lines.append(f"{record['components']} components, {kept}")
    return "\n".join("\n".join(textwrap.wrap(line, 56)) for line in lines)
