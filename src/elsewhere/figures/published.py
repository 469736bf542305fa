"""published: the paper's numbers beside ours, never mixed, as a figure and as published.csv."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from elsewhere.figures import style, words
from elsewhere.figures.results import Column, Metrics, Results, Row
from elsewhere.figures.table import Field, Table
from elsewhere.files import write_rows
from elsewhere.scores.summary import places, spread

FOLDER = Path(__file__).parent / "published"
SHOWN = ("quantity", "requirement", "published", "ours", "comment")
COLUMNS = (*SHOWN, "label", "synthetic")
CSV_NAME = "published.csv"
OF_TESTS, OF_REVIEW = "_tests.csv", "_review.csv"
OF_CLAIMS, OF_COUNTS = "_claims.csv", "_counts.csv"
METRICS = {
    "auc": "AUC",
    "accuracy": "accuracy",
    "f1": "F1",
    "sensitivity": "sensitivity",
    "precision": "precision",
}
GROUPS = {"single-site": "trained on one site", "multi-site": "trained on several sites"}
NO_ARM = "this arm is not in the study's list of arms"
FIELDS = (
    Field("quantity", 4.4),
    Field("number", 0.7),
    Field("published", 1.25, numeric=True),
    Field("ours", 2.7, numeric=True),
    Field("comment", 3.4),
)


def read(name: str) -> list[dict[str, str]]:
    """Return the published numbers of a study: requirement, arm, site, metric, number, source.

    Those of a study of several findings have a column ``finding`` too.

    Raises
    ------
    FileNotFoundError
        If there is no such file of published numbers.
    """
    path = FOLDER / f"{name}.csv"
    if not path.is_file():
        known = ", ".join(
            sorted(one.stem for one in FOLDER.glob("*.csv") if not _beside_numbers(one))
        )
        raise FileNotFoundError(f"published: no numbers of '{name}' ({path}); there are {known}")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def tests(name: str | None) -> list[dict[str, str]]:
    """Return the published p-values of a study: requirement, arm, against, site, p, source.

    Few papers give any: without a file of them, or without published numbers, the list is empty.
    """
    return _listed(name, OF_TESTS)


def claims(name: str | None) -> list[dict[str, str]]:
    """Return what a paper says of its numbers: the rows that `scores.claims.claim` reads.

    Without a file of them, or without published numbers, the list is empty.
    """
    return _listed(name, OF_CLAIMS)


def counts(name: str | None) -> list[dict[str, str]]:
    """Return the published counts of a study: requirement, site, part, quantity, value, source.

    Without a file of them, or without published numbers, the list is empty.
    """
    return _listed(name, OF_COUNTS)


def review(name: str | None) -> list[dict[str, str]]:
    """Return what a reader said of misclassified images in a paper, an image and network a row.

    Columns: requirement, finding, image, ground_truth, network, probability, impression, source.
    Without a file of them the list is empty.
    """
    return _listed(name, OF_REVIEW)


def _listed(name: str | None, of: str) -> list[dict[str, str]]:
    path = FOLDER / f"{name}{of}"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _beside_numbers(path: Path) -> bool:
    return path.name.endswith((OF_TESTS, OF_CLAIMS, OF_COUNTS, OF_REVIEW))


def compare(results: Results, name: str) -> list[dict[str, str]]:
    """Return one row a published number, ours beside it, in words (columns `COLUMNS`).

    A number whose arm the study does not list has no "ours"; one that cannot be computed says why.
    """
    return [_compared(results, number) for number in read(name)]


def draw(results: Results, rows: list[dict[str, str]], folder: Path) -> None:
    """Draw the rows that have an arm here as published.png and .svg; write all to published.csv."""
    write_rows(rows, folder / CSV_NAME, columns=COLUMNS)
    shown = [row for row in rows if row["comment"] != NO_ARM]
    left = len(rows) - len(shown)
    more = f" {left} published numbers of arms that are not run here stand in published.csv."
    words_table = Table(FIELDS, tuple(tuple(row[name] for name in SHOWN) for row in shown))
    with style.look():
        page = style.sheet(
            "Published numbers beside ours",
            width=words_table.width,
            height=words_table.height,
            notes=(
                f"Ours: in brackets the {results.percent} interval; MC: mean ± SD over Monte-Carlo "
                f"dropout passes. All but AUC: calls {results.calls}. Number: of the requirement."
                + (more if left else ""),
                *results.notes(),
            ),
            synthetic=results.synthetic,
        )
        words_table.draw(page)
        style.save(page.figure, folder, "published")


def _compared(results: Results, number: Mapping[str, str]) -> dict[str, str]:
    ours, comment = _ours(results, number)
    row, column = _place(results, number)
    marks = results.marks(row, column)
    return {
        "quantity": _quantity(results, number),
        "requirement": number["requirement"],
        "published": _published(number),
        "ours": ours,
        "comment": comment,
        **marks,
        "label": GROUPS.get(number["arm"], marks["label"]),
    }


def _place(results: Results, number: Mapping[str, str]) -> tuple[Row | None, Column | None]:
    row = next((row for row in results.rows if row.name == number["arm"]), None)
    return row, next((one for one in results.columns if one.name == number["site"]), None)


def _quantity(results: Results, number: Mapping[str, str]) -> str:
    labels = {row.name: f"trained on {row.label}" for row in results.rows}
    titles = {column.name: results.heading(column) for column in results.columns}
    arm = {**GROUPS, **labels}.get(number["arm"], number["arm"])
    site = titles.get(number["site"], "sites never seen")
    return f"{METRICS[number['metric']]}, {arm}, tested on {site}"


def _published(number: Mapping[str, str]) -> str:
    if number["low"]:
        return f"{number['low']}–{number['high']}"
    return number["value"] + (f" ± {number['sd']}" if number["sd"] else "")


def _ours(results: Results, number: Mapping[str, str]) -> tuple[str, str]:
    """Return our number and the comment."""
    if number["arm"] in GROUPS:
        return _range(results, single=number["arm"] == "single-site"), number["source"]
    row, column = _place(results, number)
    if row is None or column is None:
        return "", NO_ARM
    cell, metric = results.cell(row, column), number["metric"]
    if cell["pooled"][metric] is None:
        found = words.NOT_RUN if cell["status"] == words.NOT_RUN else words.UNDEFINED
        return found, f"{words.reason(cell)}; {number['source']}"
    if len(cell["runs"]) > 1:
        return _over_runs(cell, metric, number["source"])
    return _one_run(cell, metric), number["source"]


def _range(results: Results, *, single: bool) -> str:
    found = [
        place.auc
        for place in places(results.counted())
        if place.kind == "unseen" and (place.n_training_sites == 1) == single
    ]
    if not found:
        return words.UNDEFINED
    return words.interval(min(found), max(found), digits=3) + f" ({len(found)} cells)"


def _one_run(cell: Metrics, metric: str) -> str:
    pooled = cell["pooled"]
    low, high = pooled.get(f"{metric}_low"), pooled.get(f"{metric}_high")
    bounds = words.interval(low, high, digits=3)
    ours = words.number(pooled[metric], digits=3) + (f" ({bounds})" if bounds else "")
    if metric == "auc" and pooled["auc_mc_mean"] is not None:
        ours += f"; MC {words.spread(pooled['auc_mc_mean'], pooled['auc_mc_sd'])}"
    return ours


def _over_runs(cell: Metrics, metric: str, source: str) -> tuple[str, str]:
    """Return mean ± SD over seeds of the mean over folds, or over runs if there is one seed."""
    found = spread(cell, measure=metric)
    over_seeds = found.sd_over_seeds is not None
    few = found.n_runs < found.of_runs  # in the others the measure is undefined
    runs = f"{found.n_runs} of {found.of_runs} runs" if few else f"{found.n_runs} runs"
    of = f"{found.n_seeds} seeds" + (f", {runs}" if few else "") if over_seeds else runs
    sd = found.sd_over_seeds if over_seeds else found.sd_over_runs
    return words.spread(found.mean, sd, digits=4), f"{source}, ours over {of}"
