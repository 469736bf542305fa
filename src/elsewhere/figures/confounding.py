"""confounding: labels by site, and how well headers and voxels predict both: figure and CSV."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from elsewhere.design.site import Site
from elsewhere.figures import style, words
from elsewhere.figures.audit_table import table
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.files import write_frame
from elsewhere.scores import audited

CSV_NAME = "confounding.csv"
ACROSS = 3  # panels beside each other
NAMES, LABELS, WIDE, GAP = 1.2, 1.75, 2.4, 0.3
BARS, LINE, HEAD, FOOT = 2.6, 0.36, 0.42, 0.5
LEFT, RIGHT = 0.3, 1.0


class Confounding(Figure):
    """Label by site, and how well headers and simple measures of voxels predict both."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw the results of the audit."""
        settings = given.settings
        draw(
            given.audit,
            folder,
            sites=settings.sites,
            classes=settings.classes,
            policy=given.policy,
        )
        return ["confounding"]


def draw(
    audit: Mapping[str, Any],
    folder: Path,
    *,
    sites: Mapping[str, Site],
    classes: tuple[str, ...],
    policy: tuple[str, ...] = (),
) -> None:
    """Draw confounding.png and .svg, and write confounding.csv.

    Left: patients of each class and site, or images where a site publishes no patient key. Right:
    how well each group of header fields, and of measures of the voxels, predicts the label within
    each site, the label over all sites, and the site, as AUC.

    Parameters
    ----------
    audit
        audit.json of the study.
    sites
        Row to site, in the order of the study.
    classes
        Names of the labels, from 0 on.
    policy
        Footnote on how labels were made of findings.
    """
    titles = {row: site.title for row, site in sites.items()}
    shortcuts = table(audit, titles)
    invented = any(site.synthetic for site in sites.values())
    marked = {site.title: site.synthetic for site in sites.values()}
    marks = ["yes" if marked.get(where, invented) else "no" for where in shortcuts["where"]]
    write_frame(shortcuts.assign(synthetic=marks), folder / CSV_NAME)
    questions = [*dict.fromkeys(zip(shortcuts["what"], shortcuts["where"], strict=True))]
    tall = LINE * max(len(questions), 1)
    down = HEAD + tall + FOOT
    counted = audit["contingency"]
    with style.look():
        page = style.sheet(
            "What predicts label and site without looking for disease",
            width=NAMES + BARS + LABELS + ACROSS * (WIDE + GAP) - GAP + 0.1,
            height=-(-len(audited.NAMES) // ACROSS) * down - FOOT + 0.35,
            notes=(
                f"Bars: patients{_images(counted)}. One class: no AUC on this site; the site "
                "alone gives the label. Dots: cross-validated AUC, no group in two folds (a group: "
                "a patient, or patients whom duplicates connect); p: share of permutations of "
                "labels among groups that are predicted as well, adjusted by Holm "
                f"{audited.over(audit['shortcuts'])}; "
                "red: p at most 0.05. Near 0.5: nothing is predicted. Near 1 with a small p: a "
                "network may learn the scanner, the protocol or the export instead of the disease. "
                "The disease changes measures of voxels too, so a label that they predict is a "
                "warning and no proof; header fields know nothing of it.",
                *policy,
            ),
            synthetic=invented,
        )
        _bars(page.box(NAMES, HEAD, (BARS, LINE * len(counted["sites"]))), counted, titles, classes)
        left = NAMES + BARS + LABELS
        for number, (fields, name) in enumerate(audited.NAMES.items()):
            line, place = divmod(number, ACROSS)
            at = (left + place * (WIDE + GAP), HEAD + line * down)
            axes = page.box(*at, (WIDE, tall))
            page.text(at[0], at[1] - HEAD + 0.2, f"from {name}", weight="bold", size=style.BODY)
            of_fields = shortcuts[shortcuts["fields"] == fields]
            _dots(axes, of_fields, questions if place == 0 else None)
        style.save(page.figure, folder, "confounding")


def _bars(
    axes: Axes, counted: Mapping[str, Any], titles: Mapping[str, str], classes: tuple[str, ...]
) -> None:
    rows = counted["sites"]
    names = [textwrap.shorten(titles[row["site"]], 22) + _star(row) for row in rows]
    counts = [
        [row[f"{'scans' if _star(row) else 'patients'}_{label}"] for label in range(len(classes))]
        for row in rows
    ]
    most = max(1, *(sum(of_site) for of_site in counts))
    for label, name in enumerate(classes):
        sizes = [of_site[label] for of_site in counts]
        starts = [sum(of_site[:label]) for of_site in counts]
        colour = style.PALETTE[label % len(style.PALETTE)]
        axes.barh(range(len(rows)), sizes, left=starts, height=0.55, color=colour, label=name)
    for line, (row, of_site) in enumerate(zip(rows, counts, strict=True)):
        total = sum(of_site)
        text = " + ".join(map(str, of_site)) if total else "no data here"
        flag = ", one class" if row["site"] in counted["one_class"] else ""
        axes.text(
            total + 0.03 * most, line, text + flag, va="center", size=style.SMALL,
            color=style.RED if flag else style.INK,
        )  # fmt: skip
    axes.set(xlim=(0, 1.75 * most), ylim=(len(rows) - 0.5, -0.5))
    axes.set_xlabel(f"patients{_images(counted)}")
    axes.set_yticks(range(len(rows)), names, color=style.INK)
    axes.tick_params(length=2, pad=2)
    axes.legend(
        loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2, frameon=False, fontsize=style.SMALL,
        handlelength=0.9, columnspacing=1.0, handletextpad=0.4, borderaxespad=0.1,
    )  # fmt: skip


def _star(row: Mapping[str, Any]) -> str:
    """Return a star for a site that publishes no patient key, so that its images are counted."""
    return " *" if row["patients_0"] is None else ""


def _images(counted: Mapping[str, Any]) -> str:
    return " (* images: no patient keys)" if any(map(_star, counted["sites"])) else ""


def _dots(axes: Axes, shortcuts: pd.DataFrame, questions: list[tuple[str, str]] | None) -> None:
    axes.axvline(0.5, color=style.HATCH, linewidth=0.8, linestyle=(0, (3, 3)))
    for line, entry in enumerate(shortcuts.to_dict("records")):
        if entry["status"] != "ok":
            why = textwrap.shorten(f"{words.UNDEFINED}: {entry['reason']}", 40)
            axes.text(LEFT + 0.01, line, why, va="center", size=style.SMALL, color=style.MUTED)
            continue
        auc = min(max(entry["auc"], LEFT), RIGHT)
        axes.plot([0.5, auc], [line, line], color=style.HATCH, linewidth=1.2, zorder=1)
        axes.plot(
            auc,
            line,
            "o",
            color=style.RED if entry["p_holm"] <= audited.SMALL_P else style.INK,
            ms=6,
            clip_on=False,
        )
        text = f"{words.number(entry['auc'])}, p {words.number(entry['p_holm'], digits=3)}"
        left = auc > 0.72
        axes.text(
            auc + (-0.025 if left else 0.025), line - 0.27, text, ha="right" if left else "left",
            va="center", size=style.SMALL,
        )  # fmt: skip
    axes.set(xlim=(LEFT, RIGHT), ylim=(len(shortcuts) - 0.5, -0.5), xlabel="AUC")
    labels = [f"{what}: {where}" for what, where in questions or []]
    axes.set_yticks(range(len(labels)), labels, color=style.INK)
    axes.tick_params(length=2, pad=2)
