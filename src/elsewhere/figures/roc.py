"""roc: grids of ROC curves, arms by sites, with the Monte-Carlo band."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from elsewhere.figures import interval_methods, style, words
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.results import Column, Results, Row

SIDE = 1.62
PITCH = (1.86, 1.86)
LABELS, HEAD, FOOT = 2.2, 0.5, 0.14
TICKS, MARKS = (0, 0.5, 1), ("0", "0.5", "1")
PASSES, STEP = style.PALETTE[1], 0.088  # colour of dropout passes; height of a line of numbers
COARSE = style.GREEN  # the curve of 101 thresholds, and its AUC
NAMES = {"single": "roc_single_site", "multi": "roc_multi_site"}


class Roc(Figure):
    """ROC curves of every arm on every site."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw a grid of single-site arms and one of multi-site arms."""
        return draw(given.results, folder)


def draw(results: Results, folder: Path) -> list[str]:
    """Draw one grid for the single-site arms (A-63) and one for the multi-site arms (A-64).

    Sites whose test scans are all of one class are left out, as the paper does (A-56), and a note
    says so.

    Returns
    -------
    list of str
        Names of the figures drawn.
    """
    drawn = []
    kept = tuple(column for column in results.columns if not _one_class(results, column))
    for group in results.groups() if kept else ():
        kind = "single" if group[0].single else "multi"
        _grid(results, group, kept, folder / NAMES[kind])
        drawn.append(NAMES[kind])
    return drawn


def _one_class(results: Results, column: Column) -> bool:
    return any(words.verdict(results.cell(row, column)) == words.ONE_CLASS for row in results.rows)


def _grid(results: Results, group: tuple[Row, ...], kept: tuple[Column, ...], path: Path) -> None:
    width = LABELS + PITCH[0] * len(kept)
    kind = "one site" if group[0].single else "several sites"
    with style.look():
        page = style.sheet(
            f"ROC curves of models trained on {kind}",
            width=max(width, 5.6),
            height=HEAD + PITCH[1] * len(group) + FOOT,
            notes=_notes(results, kept, group),
            synthetic=results.synthetic,
        )
        for x, column in enumerate(kept):
            lines = (results.heading(column), words.tested(results.column(column)))
            page.headed(LABELS + PITCH[0] * x + SIDE / 2, 0.12, lines, width=PITCH[0] - 0.1)
        for y, row in enumerate(group):
            top = HEAD + PITCH[1] * y
            label = "\n".join(textwrap.wrap(row.label, 20, break_on_hyphens=False))
            page.text(LABELS - 0.68, top + SIDE / 2, label, ha="right", va="center", size=10)
            for x, column in enumerate(kept):
                axes = page.box(LABELS + PITCH[0] * x, top, (SIDE, SIDE))
                _frame(axes, outer=(x == 0, y == len(group) - 1), own=results.own(row, column))
                _curves(axes, results.cell(row, column), results)
        style.save(page.figure, path.parent, path.name)


def _notes(results: Results, kept: tuple[Column, ...], group: tuple[Row, ...]) -> tuple[str, ...]:
    cells = [results.cell(row, column) for row in group for column in kept]
    pooled = [cell.get("pooled") or {} for cell in cells]
    notes = [
        f"Blue: the curve whose area is printed, with its {results.percent} interval and the "
        f"method of this panel (of two the farther limits); light blue: {results.percent} band "
        "over patients, at each rate alone. Framed: the test site was in training. Dashed: chance."
    ]
    if any(numbers.get("auc_grid") is not None for numbers in pooled):
        notes.append(
            "Green, dotted: the curve of thresholds 0, 0.01 ... 1, as published, with its own AUC "
            "(0.01 grid); it leaves the blue one where probabilities lie between two thresholds."
        )
    if any(numbers.get("roc_mc") for numbers in pooled):
        notes.append(
            "Orange: mean curve of n Monte-Carlo dropout passes ± 1 SD over the passes, and the "
            "mean of their AUCs ± 1 SD: no interval over patients, and none of a probability."
        )
    if any(len(cell["runs"]) > 1 for cell in cells):
        notes.append(f"Thin lines: single models; thick line: their mean. {results.pooling}")
    for column in results.columns:
        if column not in kept:
            why = words.reason(results.column(column))
            notes.append(f"{column.title} is left out: {why}.")
    return (*notes, *results.notes())


def _frame(axes: Axes, *, outer: tuple[bool, bool], own: bool) -> None:
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.set_xticks(TICKS if outer[1] else [])
    axes.set_yticks(TICKS if outer[0] else [])
    axes.tick_params(length=2, pad=2)
    if outer[0]:
        axes.set_yticklabels(MARKS)
        axes.set_ylabel("sensitivity", size=style.SMALL, labelpad=1)
    if outer[1]:
        axes.set_xticklabels(MARKS)
        axes.set_xlabel("1 – specificity", size=style.SMALL, labelpad=2)
    for spine in axes.spines.values():
        spine.set(visible=True, linewidth=2.4 if own else 0.8)
        spine.set_edgecolor(style.INK if own else style.HATCH)
    axes.plot([0, 1], [0, 1], color=style.HATCH, linewidth=0.9, linestyle=(0, (3, 3)))


def _curves(axes: Axes, cell: Mapping[str, Any], results: Results) -> None:
    verdict = words.verdict(cell)
    if verdict != "ok":
        axes.add_patch(style.swatch("hatched", (0, 0), (1, 1))).set_zorder(3)
        axes.text(
            0.5, 0.5, verdict, ha="center", va="center", size=style.SMALL,
            bbox={"facecolor": style.PALE, "edgecolor": "none", "pad": 2},
        )  # fmt: skip
        return
    pooled = cell["pooled"]
    if len(cell["runs"]) > 1:
        for run in cell["runs"]:
            if run["roc"]:
                axes.plot(run["roc"]["fpr"], run["roc"]["tpr"], color=style.BLUE, lw=0.5, alpha=0.5)
    curve = pooled["roc"]
    band = (curve["band_fpr"], curve["band_low"], curve["band_high"])
    axes.fill_between(*band, color=style.BLUE, alpha=0.16, linewidth=0, zorder=1)
    if pooled["roc_mc"]:
        _passes(axes, pooled["roc_mc"])
    axes.plot(curve["fpr"], curve["tpr"], color=style.BLUE, linewidth=1.8, zorder=4, clip_on=False)
    if grid := pooled.get("roc_grid"):
        axes.plot(grid["fpr"], grid["tpr"], color=COARSE, lw=1.1, ls=(0, (1, 1.2)), zorder=5)
    _numbers(axes, cell)


def _numbers(axes: Axes, cell: Mapping[str, Any]) -> None:
    """Write the AUCs into the half that the curve leaves free, the widest line at its edge."""
    pooled = cell["pooled"]
    bounds = words.interval(pooled["auc_low"], pooled["auc_high"])
    above = pooled["auc"] < 0.5
    method = textwrap.wrap(interval_methods.short(cell), 36)[:: 1 if above else -1]
    lines: list[tuple[str, float, str, str]] = [
        (f"{words.number(pooled['auc'])} ({bounds})", 8.5, "bold", style.INK),
        *((line, 5.8, "normal", style.INK) for line in method),
    ]
    if pooled.get("auc_grid") is not None:
        lines.append((f"0.01 grid {words.number(pooled['auc_grid'])}", 6.5, "normal", COARSE))
    monte_carlo = words.spread(pooled.get("auc_mc_mean"), pooled.get("auc_mc_sd"), digits=2)
    if monte_carlo:
        text = f"MC, n = {pooled['auc_mc_passes']}: {monte_carlo}"
        lines.append((text, 6.5, "normal", PASSES))
    for number, (line, size, weight, colour) in enumerate(lines):
        axes.text(
            0.035 if above else 0.965,
            0.93 - STEP * number if above else 0.03 + STEP * number + (0.025 if number else 0),
            line,
            ha="left" if above else "right",
            va="center" if above else "bottom",
            size=size,
            weight=weight,
            color=colour,
            zorder=6,
            bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 0.5, "alpha": 0.7},
        )


def _passes(axes: Axes, band: Mapping[str, list[float]]) -> None:
    """Draw the mean curve of Monte-Carlo passes with one standard deviation to either side."""
    pairs = list(zip(band["tpr_mean"], band["tpr_sd"], strict=True))
    low = [max(0.0, mean - sd) for mean, sd in pairs]
    high = [min(1.0, mean + sd) for mean, sd in pairs]
    axes.fill_between(band["fpr"], low, high, color=PASSES, alpha=0.25, linewidth=0, zorder=2)
    axes.plot(band["fpr"], band["tpr_mean"], color=PASSES, linewidth=0.9, zorder=3)
