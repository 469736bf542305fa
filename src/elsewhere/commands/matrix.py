"""matrix: a study's matrix as a table in the terminal, and where its files are."""

from __future__ import annotations

import csv
from pathlib import Path

from rich.console import Console
from rich.table import Table


def show(folder: Path) -> None:
    """Print matrix.csv of a study: arms as rows, sites as columns, AUC and interval.

    Of findings a table each.

    Raises
    ------
    FileNotFoundError
        If the study has not been run.
    """
    path = folder / "matrix.csv"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: not there yet; make it with `snakemake -j8 {path}`")
    with path.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    console = Console(width=None if Console().is_terminal else 140)
    for finding in dict.fromkeys(row["finding"] for row in rows):
        of_finding = [row for row in rows if row["finding"] == finding]
        console.print(_table(f"{folder.name} {finding}".strip(), of_finding))
    for item in (path, folder / "report.html", *sorted((folder / "figures").glob("*.png"))):
        console.print(str(item), highlight=False, soft_wrap=True)


def _table(title: str, rows: list[dict[str, str]]) -> Table:
    cells = {(row["arm"], row["test_site"]): row for row in rows}  # the pooled row comes last
    arms = list(dict.fromkeys(row["arm"] for row in rows))
    sites = list(dict.fromkeys(row["test_site"] for row in rows))
    trained = {row["arm"]: row["train_sites"].split("+") for row in rows}
    table = Table(title=f"{title}: AUC [95 % interval]; * the arm was trained on this site")
    table.add_column("trained on")
    for site in sites:
        table.add_column(site, justify="right")
    for arm in arms:
        own = trained[arm]
        table.add_row(arm, *(_cell(cells[arm, site], own=site in own) for site in sites))
    return table


def _cell(row: dict[str, str], *, own: bool) -> str:
    star = " *" if own else "  "
    if not row["auc"]:
        return f"{row['status']}{star}"
    auc, low, high = (float(row[name]) for name in ("auc", "auc_low", "auc_high"))
    return f"{auc:.2f} [{low:.2f}, {high:.2f}]{star}"
