"""confusion_classes: draws confusion matrices of more than two classes, and a table by class."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from elsewhere.figures import style, words
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.results import Column, Results, Row
from elsewhere.figures.table import Field, Table
from elsewhere.files import write_rows
from elsewhere.scores.classes import NUMBERS
from elsewhere.scores.headline import POSITIVE

NAME, BY_CLASS = "confusion_classes", "by_class"
COLUMNS = (
    *("arm", "label", "site", "synthetic", "status", "reason", "truth", "call", "scans", "share"),
)
OF_CLASS = (
    *("arm", "label", "site", "synthetic", "status", "class", "patients", "scans"),
    *(
        f"{name}{end}"
        for name in ("sensitivity", "specificity", "auc")
        for end in ("", "_low", "_high")
    ),
    "reason",
)
SHORT = {"multiclass_accuracy": "acc", "balanced_accuracy": "balanced", "macro_auc": "macro AUC"}
LABELS, HEAD, GAP, BELOW, LINE = 1.75, 0.6, 0.5, 0.12, 0.15
FIELDS = (
    Field("Trained on", 1.9),
    Field("Tested on", 1.6),
    Field("Class", 1.3),
    Field("Patients (scans)", 1.2, numeric=True),
    Field("Sensitivity", 1.5, numeric=True),
    Field("Specificity", 1.5, numeric=True),
    Field("AUC", 1.5, numeric=True),
)


class ClassConfusions(Figure):
    """Confusion matrices of all classes of every arm on every site."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Draw the grid of matrices, and the table of each class."""
        draw(given.together, folder)
        draw_table(given.together, given.each, folder)
        return [NAME, BY_CLASS]


def draw(results: Results, folder: Path) -> None:
    """Draw confusion_classes.png and .svg, arms by sites, and write confusion_classes.csv.

    Parameters
    ----------
    results
        Whose cells are those of all classes together, see `scores.classes.assemble`.
    """
    write_rows(_counted(results), folder / f"{NAME}.csv", columns=COLUMNS)
    names = results.named.classes
    side, wide = _side(len(names)), _side(len(names)) + GAP
    tall = side + BELOW + LINE * len(NUMBERS) + GAP / 2
    width, height = LABELS + wide * len(results.columns), HEAD + tall * len(results.rows)
    with style.look():
        page = style.sheet(
            "Confusion matrices of all classes: share of each true class",
            width=max(width, 6.4),
            height=height,
            notes=_notes(results),
            synthetic=results.synthetic,
        )
        canvas = page.canvas(width, height)
        for x, column in enumerate(results.columns):
            left = LABELS + wide * x
            lines = (results.heading(column), words.tested(results.column(column)))
            page.headed(left + side / 2, 0.12, lines, width=wide - 0.1)
            _numbers(canvas, names, (left, HEAD - 0.09), across=True)
            for y, row in enumerate(results.rows):
                _panel(canvas, results, (row, column), (left, HEAD + tall * y))
        for y, row in enumerate(results.rows):
            label = "\n".join(textwrap.wrap(row.label, 20, break_on_hyphens=False))
            middle = HEAD + tall * y + side / 2
            canvas.text(LABELS - 0.3, middle, label, ha="right", va="center", size=10)
            _numbers(canvas, names, (LABELS - 0.09, HEAD + tall * y), across=False)
        style.save(page.figure, folder, NAME)


def draw_table(results: Results, each: Mapping[str, Results], folder: Path) -> None:
    """Draw by_class.png and .svg, a row per arm, site and class, and write by_class.csv.

    Parameters
    ----------
    results
        As in `draw`.
    each
        Results of each class against the rest.
    """
    entries = list(_of_class(results, each))
    write_rows(entries, folder / f"{BY_CLASS}.csv", columns=OF_CLASS)
    per_cell = len(results.named.classes)
    table = Table(
        FIELDS,
        tuple(_line(results, entry, number) for number, entry in enumerate(entries)),
        rules=tuple(range(per_cell, len(entries), per_cell)),
    )
    with style.look():
        page = style.sheet(
            "Each class against the rest: sensitivity, specificity and AUC",
            width=table.width,
            height=table.height,
            notes=(
                f"Calls {OF_ARGMAX}. In brackets {results.percent} intervals over patients. "
                f"{results.pooling}",
                *results.notes(),
            ),
            synthetic=results.synthetic,
        )
        table.draw(page)
        style.save(page.figure, folder, BY_CLASS)


OF_ARGMAX = "of the class with the highest probability"


def _side(n_classes: int) -> float:
    return max(1.2, 0.34 * n_classes)


def _notes(results: Results) -> tuple[str, ...]:
    numbered = "; ".join(f"{k}: {name}" for k, name in enumerate(results.named.classes, 1))
    return (
        f"Classes: {numbered}. Rows of a matrix: truth; columns: call, {OF_ARGMAX}. Each row adds "
        "up to 1. Framed: the test site was in training.",
        "acc: share of right calls; balanced: mean of the sensitivities of all classes; macro AUC: "
        f"mean over classes of the AUC of each against the rest; in brackets {results.percent} "
        f"intervals over patients. {results.pooling}",
        *results.notes(),
    )


def _numbers(canvas: Axes, names: Sequence[str], at: tuple[float, float], *, across: bool) -> None:
    """Write the numbers of the classes above a matrix, or beside it."""
    step = _side(len(names)) / len(names)
    for k in range(len(names)):
        moved = step * (k + 0.5)
        x, y = (at[0] + moved, at[1]) if across else (at[0], at[1] + moved)
        canvas.text(x, y, str(k + 1), ha="center", va="center", size=7, color=style.MUTED)


def _panel(
    canvas: Axes, results: Results, place: tuple[Row, Column], at: tuple[float, float]
) -> None:
    pooled = results.cell(*place)["pooled"]
    side = _side(len(results.named.classes))
    if pooled["confusion"] is None:
        canvas.add_patch(style.swatch("hatched", at, (side, side)))
        _instead(canvas, words.NOT_RUN, (at[0] + side / 2, at[1] + side / 2))
    else:
        step = side / len(pooled["confusion"])
        for line, counts in enumerate(pooled["confusion"]):
            _shares(canvas, counts, (at[0], at[1] + step * line), step)
        for number, name in enumerate(NUMBERS):
            y = at[1] + side + BELOW + LINE * number
            canvas.text(at[0], y, _written(pooled, name), va="center", size=7)
    frame = style.swatch("framed" if results.own(*place) else "plain", at, (side, side))
    frame.set(facecolor="none", zorder=5)
    canvas.add_patch(frame)


def _shares(canvas: Axes, counts: Sequence[int], at: tuple[float, float], step: float) -> None:
    total = sum(counts)
    if not total:
        wide = step * len(counts)
        canvas.add_patch(style.swatch("hatched", at, (wide, step)))
        _instead(canvas, "no such scans", (at[0] + wide / 2, at[1] + step / 2))
        return
    for number, count in enumerate(counts):
        left, share = at[0] + step * number, count / total
        colour = style.share_colours()(share)
        canvas.add_patch(
            Rectangle((left, at[1]), step, step, facecolor=colour, edgecolor="w", linewidth=0.5)
        )
        middle = (left + step / 2, at[1] + step / 2)
        canvas.text(*middle, words.number(share), ha="center", va="center", size=7.5)


def _instead(canvas: Axes, meaning: str, at: tuple[float, float]) -> None:
    look = {"facecolor": style.PALE, "edgecolor": "none", "pad": 1.5}
    canvas.text(*at, meaning, ha="center", va="center", size=7, bbox=look)


def _written(pooled: Mapping[str, Any], name: str) -> str:
    bounds = words.interval(pooled[f"{name}_low"], pooled[f"{name}_high"])
    return f"{SHORT[name]} {words.number(pooled[name])}{f' ({bounds})' if bounds else ''}"


def _counted(results: Results) -> Iterator[dict[str, Any]]:
    names = results.named.classes
    for row in results.rows:
        for column in results.columns:
            pooled = results.cell(row, column)["pooled"]
            about = {"arm": row.name, "site": column.name, **results.marks(row, column)}
            about |= {"status": pooled["status"], "reason": pooled["reason"]}
            for truth, counts in zip(names, pooled["confusion"] or [], strict=False):
                total = sum(counts)
                for call, count in zip(names, counts, strict=True):
                    share = count / total if total else None
                    yield about | {"truth": truth, "call": call, "scans": count, "share": share}
            if pooled["confusion"] is None:
                yield about


def _of_class(results: Results, each: Mapping[str, Results]) -> Iterator[dict[str, Any]]:
    for row in results.rows:
        for column in results.columns:
            together = results.cell(row, column)["pooled"]
            for name, of_class in each.items():
                alone = of_class.cell(row, column)["pooled"]
                shares, undefined = (
                    together["by_class"][name],
                    together["by_class"][name]["undefined"],
                )
                reasons = [*undefined.values(), alone["undefined"].get("auc", "")]
                yield {
                    **{"arm": row.name, "site": column.name, **results.marks(row, column)},
                    **{"status": together["status"], "class": name},
                    "patients": alone.get(POSITIVE),
                    "scans": together["n_by_class"][name],
                    **{key: shares[key] for key in shares if key in OF_CLASS},
                    **{key: alone[key] for key in ("auc", "auc_low", "auc_high")},
                    "reason": "; ".join(dict.fromkeys(filter(None, reasons))),
                }


def _line(results: Results, entry: Mapping[str, Any], number: int) -> tuple[str, ...]:
    per_site = len(results.named.classes)
    per_arm = per_site * len(results.columns)
    titles = {column.name: results.heading(column) for column in results.columns}
    numbers = []
    for name in ("sensitivity", "specificity", "auc"):
        bounds = words.interval(entry[f"{name}_low"], entry[f"{name}_high"])
        missing = words.NOT_RUN if entry["status"] == words.NOT_RUN else words.UNDEFINED
        shown = missing if entry[name] is None else words.number(entry[name])
        numbers.append(f"{shown} ({bounds})" if bounds else shown)
    return (
        entry["label"] if number % per_arm == 0 else "",
        titles[entry["site"]] if number % per_site == 0 else "",
        entry["class"],
        words.of_class(entry["patients"], entry["scans"]),
        *numbers,
    )
