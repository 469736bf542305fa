"""table_1: AUC of every configuration, internal and elsewhere, by finding, beside the published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from elsewhere.figures import style, words
from elsewhere.figures.findings import ByFinding, Place
from elsewhere.figures.results import Row
from elsewhere.figures.table import Field, Table
from elsewhere.files import write_rows

NAME = "table_1"
CSV_NAME = f"{NAME}.csv"
COLUMNS = (
    *("network", "arm", "label", "site", "tested_on", "kind", "finding", "title", "synthetic"),
    *("n_patients", "n_scans", "n_positive", "auc", "auc_low", "auc_high", "status", "reason"),
    *("published", "requirement", "source"),
)
NUMBERS = ("n_patients", "n_scans", "n_positive", "auc", "auc_low", "auc_high")
LABEL, TESTED, WHOSE, NUMBER = 3.05, 2.5, 0.8, 1.5
GAP = 0.28

Rows = Sequence[Mapping[str, Any]]


def table(study: ByFinding, known: Iterable[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Return one row a network, arm, place and finding, ours beside the published (B-32 to B-37).

    A place is internal (the test scans of all sites that the arm was trained on, B-28) or a site
    that the arm never saw.

    Parameters
    ----------
    known
        As from `published.read`; numbers of arms that the study does not list are left out.
    """
    listed = {(one["arm"], one["site"], one["finding"]): one for one in known}
    return [
        _row(study, place, finding, _listed(listed, place, finding))
        for place in study.all_places()
        for finding in study.titles
    ]


def draw(study: ByFinding, rows: Rows, folder: Path) -> list[str]:
    """Draw table_1.png and .svg, a block a network, and write table_1.csv.

    Parameters
    ----------
    rows
        As from `table`.

    Returns
    -------
    list of str
        Names of the figures drawn.
    """
    write_rows(rows, folder / CSV_NAME, columns=COLUMNS)
    blocks = [_block(study, name, group, rows) for name, group in study.networks().items()]
    with style.look():
        page = style.sheet(
            "AUC of every finding, where models were trained and elsewhere",
            width=blocks[0].width,
            height=sum(block.height for block in blocks) + GAP * (len(blocks) - 1),
            notes=(*_notes(study, rows), *study.any.notes()),
            synthetic=study.any.synthetic,
        )
        top = 0.0
        for block in blocks:
            block.draw(page, top=top)
            top += block.height + GAP
        style.save(page.figure, folder, NAME)
    return [NAME]


def beside(rows: Rows) -> list[dict[str, str]]:
    """Return the published numbers among the rows with ours, with `published.COLUMNS`."""
    return [
        {
            "quantity": f"AUC, {row['title']}, {row['network']}, trained on {row['label']}, "
            f"tested on {row['tested_on']}, {row['kind']}",
            "requirement": row["requirement"],
            "published": row["published"],
            "ours": _ours(row),
            "comment": row["source"]
            if row["reason"] is None
            else f"{row['reason']}; {row['source']}",
            "label": row["label"],
            "synthetic": row["synthetic"],
        }
        for row in rows
        if row["published"]
    ]


def _listed(
    listed: Mapping[tuple[str, str, str], Mapping[str, str]], place: Place, finding: str
) -> Mapping[str, str]:
    keys = [(place.row.name, site, finding) for site in place.listed_as]
    return next((listed[key] for key in keys if key in listed), {})


def _row(study: ByFinding, place: Place, finding: str, known: Mapping[str, str]) -> dict[str, Any]:
    cell = place.cells[finding]
    found = words.verdict(cell)
    return {
        "network": study.arms[place.row.name].network,
        "arm": place.row.name,
        "site": place.site,
        "tested_on": place.title,
        "kind": place.kind,
        "finding": finding,
        "title": study.titles[finding],
        **{name: cell["pooled"][name] for name in NUMBERS},
        "status": found,
        "reason": None if found == "ok" else words.reason(cell),
        "published": known.get("value", ""),
        "requirement": known.get("requirement", ""),
        "source": known.get("source", ""),
        **place.marks,
    }


def _block(study: ByFinding, network: str, group: Sequence[Row], rows: Rows) -> Table:
    fields = (
        Field(network, LABEL),
        Field("tested on", TESTED),
        Field("", WHOSE),
        *(Field(title, NUMBER, numeric=True) for title in study.titles.values()),
    )
    lines: list[tuple[str, ...]] = []
    rules, pale = [], []
    for row in group:
        rules.append(len(lines))
        label = row.label
        for place in study.places(row):
            found = [one for one in rows if (one["arm"], one["site"]) == (row.name, place.site)]
            tested = f"{place.title}, {place.kind}"
            lines.append((label, tested, "ours", *map(_ours, found)))
            if any(one["published"] for one in found):
                pale.append(len(lines))
                shown = (one["published"] or "–" for one in found)
                lines.append(("", "", "published", *shown))
            label = ""
    return Table(fields, tuple(lines), tuple(rules[1:]), muted=tuple(pale))


def _ours(row: Mapping[str, Any]) -> str:
    if row["status"] != "ok":
        return str(row["status"])
    bounds = words.interval(row["auc_low"], row["auc_high"], digits=3)
    return f"{words.number(row['auc'], digits=3)} ({bounds})"


def _notes(study: ByFinding, rows: Rows) -> tuple[str, ...]:
    notes = [
        "Internal: the test scans of all sites that the model was trained on, together; unseen: a "
        f"site that it never saw. Ours: AUC with its {study.any.percent} interval (DeLong, "
        f"clustered by patient). {study.any.pooling}0.5 = chance, 1 = perfect."
    ]
    sources = dict.fromkeys(row["source"] for row in rows if row["published"])
    if sources:
        said = "; ".join(sources)
        notes.append(f"Grey: published numbers, which enter none of ours. {said}.")
    return tuple(notes)
