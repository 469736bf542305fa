"""matrix: prints a study's matrix, where its files are, and whether it is current."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from elsewhere.design import params as tables
from elsewhere.design.graph import stages
from elsewhere.drivers.stale import behind, stale
from elsewhere.files import unescaped
from elsewhere.scores.matrix import TOGETHER


def show(folder: Path) -> None:
    """Print matrix.csv of a study: arms as rows, sites as columns, AUC and interval.

    A study of findings gets one table per finding; one of more than two classes one per class, and
    one of the accuracy over all classes.

    Raises
    ------
    FileNotFoundError
        If the study has not been run.
    """
    path = folder / "matrix.csv"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: not there yet; make it with `snakemake -j8 {path}`")
    with path.open(newline="", encoding="utf-8") as stream:
        rows = [
            {name: unescaped(text) for name, text in row.items()} for row in csv.DictReader(stream)
        ]
    console = Console(width=None if Console().is_terminal else 140)
    for finding in dict.fromkeys(row["finding"] for row in rows):
        of_finding = [row for row in rows if row["finding"] == finding]
        console.print(_table(f"{folder.name} {finding}".strip(), of_finding))
    for item in (path, folder / "report.html", *sorted((folder / "figures").glob("*.png"))):
        console.print(str(item), highlight=False, soft_wrap=True)


def outdated(values: dict[str, Any], study: str) -> str:
    """Return why the matrix on disk is not that of the present settings, code and data.

    Parameters
    ----------
    values
        The settings, plain.
    study
        Name of the study, in `run` or not.

    Returns
    -------
    str
        What differs and what to type; empty if nothing does.
    """
    params = tables.parse(values)
    target = f"results/{study}/matrix.csv"
    if study not in params.studies or params.scale not in params.studies[study].scales:
        return f"The settings have no study '{study}' at scale '{params.scale}' to compare with."
    graph = stages(params.model_copy(update={"run": (study,)}))
    needed = behind(graph, f"figure--{study}")
    differs = stale(needed, values)
    if not differs:
        return ""
    counted = Counter((needed[name].step, difference) for name, difference in differs.items())
    lines = [
        f"  {step}: {count} of {sum(stage.step == step for stage in needed.values())}, {difference}"
        for (step, difference), count in counted.items()
    ]
    how = f"`snakemake -j8 {target}` makes it again"
    if study not in params.run:
        how = f"add {study} to `run` in params.yaml, then {how}"
    head = "This matrix is not that of the present settings, code and data. Stale:"
    return "\n".join([head, *lines, f"and what depends on them; {how}."])


def _table(title: str, rows: list[dict[str, str]]) -> Table:
    cells = {(row["arm"], row["test_site"]): row for row in rows}  # the pooled row comes last
    arms = list(dict.fromkeys(row["arm"] for row in rows))
    sites = list(dict.fromkeys(row["test_site"] for row in rows))
    trained = {row["arm"]: row["train_sites"].split("+") for row in rows}
    together = bool(rows) and rows[0]["finding"] == TOGETHER
    name, shown = ("multiclass_accuracy", "accuracy") if together else ("auc", "AUC")
    table = Table(title=f"{title}: {shown} [95 % interval]; * the arm was trained on this site")
    table.add_column("trained on")
    for site in sites:
        table.add_column(site, justify="right")
    for arm in arms:
        own = trained[arm]
        table.add_row(arm, *(_cell(cells[arm, site], name, own=site in own) for site in sites))
    return table


def _cell(row: dict[str, str], name: str, *, own: bool) -> str:
    star = " *" if own else "  "
    if not row[name]:
        return f"{row['status']}{star}"
    value, low, high = (float(row[f"{name}{end}"]) for end in ("", "_low", "_high"))
    return f"{value:.2f} [{low:.2f}, {high:.2f}]{star}"
