"""report: report.html, one page without network access that shows all results of a study."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from elsewhere.design.job import Job
from elsewhere.figures import cohort_table, confounding, costs, style, words
from elsewhere.figures.captions import caption
from elsewhere.figures.provenance import Provenance
from elsewhere.figures.results import Results
from elsewhere.files import whole
from elsewhere.scores.summary import Mean, summarise

TEMPLATE = "report.html.j2"
LEFT_OUT = "without arms chosen on test or applied a second time"
IN_PIXELS = ("example_slices", "gradcam_")


@dataclass(frozen=True)
class Parts:
    """What the report shows beside the results.

    Attributes
    ----------
    citation
        The paper that the study follows.
    figures
        Names of the figures in the job's figures folder, the matrix first.
    published
        Rows of `published.compare`; empty if the study names none.
    rejected
        Row of the site to its table of rejected scans.
    audit
        audit.json of the study.
    """

    citation: str
    figures: Sequence[str]
    published: Sequence[Mapping[str, str]]
    rejected: Mapping[str, pd.DataFrame]
    audit: Mapping[str, Any]


def write(each: Sequence[Results], job: Job, parts: Parts) -> None:
    """Write the job's ``report``: every figure and style inside the file, every link relative.

    Nothing is loaded from a network; the links lead to the files that the figures were made from.

    Parameters
    ----------
    each
        Results of the study; of findings those of each.
    """
    results = each[0]
    made = Provenance(job)
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    page = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    ).get_template(TEMPLATE)
    folder = job.outputs["figures"]
    text = page.render(
        results=results,
        citation=parts.citation,
        synthetic=style.SYNTHETIC,
        command=made.command("figure", results.study),
        answer=answer(each),
        figures=[_figure(name, folder, made, results) for name in parts.figures],
        matrices=[{"title": one.named.finding, "rows": _matrix(one, made)} for one in each],
        matrix_href=made.href(job.outputs["matrix"]),
        without=[entry for one in each for entry in _without(one)],
        published=parts.published,
        cohort_href=made.href(folder / cohort_table.CSV_NAME),
        unused=_unused(results, parts.rejected, made),
        audit=_audit(results, parts.audit, made),
        gates=[_gate(results, row, made) for row in job.paths("gate")],
        cost=costs.ledger(
            results, costs.read(job.paths("train_cost")), costs.read(job.paths("predict_cost"))
        ),
        made={"runs": made.runs(), "cells": made.cells(), "explained": made.explained()},
    )
    with whole(job.outputs["report"]) as part:
        part.write_text(text, encoding="utf-8")


def answer(each: Sequence[Results]) -> list[dict[str, str]]:
    """Return the summary of the five seconds: a number and its meaning each.

    Every model counts once, as it was trained and chosen: see `Row.counted`; of findings once a
    finding.
    """
    found = summarise([cell for results in each for cell in results.counted()])
    difference = found.difference
    left = "" if all(row.counted for row in each[0].rows) else f"; {LEFT_OUT}"
    items = [
        _mean(found.own, "mean AUC where they were trained", left),
        _mean(found.unseen, "mean AUC elsewhere, on sites never seen (0.5 = chance)", left),
        {
            "number": words.number(difference),
            "words": f"difference: what models lose elsewhere{left}",
        },
    ]
    single, several = found.own_of_single, found.own_of_several
    if single.auc is not None and several.auc is not None:
        items.append(
            {
                "number": words.number(several.auc),
                "words": "mean AUC on their own sites of models trained on several sites together; "
                f"of models trained on one site: {words.number(single.auc)}{left}",
            }
        )
    return items


def _mean(mean: Mean, meaning: str, left: str) -> dict[str, str]:
    cells = "no cell has an AUC" if not mean.n_cells else f"{mean.n_cells} cells"
    return {"number": words.number(mean.auc), "words": f"{meaning}, {cells}{left}"}


def _figure(name: str, folder: Path, made: Provenance, results: Results) -> dict[str, str]:
    pixels = name.startswith(IN_PIXELS)
    kind, suffix = ("image/png", ".png") if pixels else ("image/svg+xml", ".svg")
    content = base64.b64encode((folder / f"{name}{suffix}").read_bytes()).decode("ascii")
    heading, text, steps = caption(name, results)
    table = folder / f"{name}.csv"
    return {
        "name": name,
        "data": f"data:{kind};base64,{content}",
        "heading": heading,
        "text": text,
        "steps": steps,
        "png": made.href(folder / f"{name}.png"),
        "svg": made.href(folder / f"{name}.svg"),
        "csv": made.href(table) if table.is_file() else "",
    }


def _matrix(results: Results, made: Provenance) -> list[dict[str, Any]]:
    paths = made.job.paths("metrics")
    table = []
    for row in results.rows:
        cells = []
        for column in results.columns:
            cell = results.cell(row, column)
            pooled, found = cell["pooled"], words.verdict(cell)
            cells.append(
                {
                    "site": column.title,
                    "auc": words.number(pooled["auc"]) if found == "ok" else "",
                    "interval": words.interval(pooled["auc_low"], pooled["auc_high"]),
                    "verdict": found,
                    "own": results.own(row, column),
                    "href": made.href(paths[f"{row.name}/{column.row}"]),
                }
            )
        table.append({"label": row.label, "cells": cells})
    return table


def _without(results: Results) -> list[dict[str, str]]:
    """Group the cells without an AUC by site and reason."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for column in results.columns:
        for row in results.rows:
            cell = results.cell(row, column)
            found = words.verdict(cell)
            if found != "ok":
                why = words.reason(cell)
                if found == words.NOT_RUN:
                    why = f"{found}: {why}"
                grouped.setdefault((column.title, why), []).append(row.label)
    return [
        {
            "site": f"{site}, {results.named.finding}" if results.named.finding else site,
            "reason": why,
            "arms": "all models" if len(arms) == len(results.rows) else "; ".join(arms),
        }
        for (site, why), arms in grouped.items()
    ]


def _unused(
    results: Results, rejected: Mapping[str, pd.DataFrame], made: Provenance
) -> list[dict[str, Any]]:
    found = []
    for column in results.columns:
        file = made.file(made.job.paths("rejected")[column.row])
        counts = rejected[column.row].groupby(["verdict", "reason"]).size().reset_index(name="rows")
        verdict, rows = ("none", 0) if column.available else ("no data here", "")
        none = {"verdict": verdict, "reason": "", "rows": rows}
        for entry in [none] if counts.empty else counts.to_dict("records"):
            about = {"site": column.title, "file": file}
            found.append(about | {str(key): value for key, value in entry.items()})
    return found


def _audit(results: Results, audit: Mapping[str, Any], made: Provenance) -> dict[str, Any]:
    sites = {column.row: column for column in results.columns}
    titles = {row: column.title for row, column in sites.items()}
    told = confounding.table(audit, titles).to_dict("records")
    for entry in told:
        known = entry["status"] == "ok"
        entry["shown"] = words.number(entry["auc"]) if known else entry["reason"]
        entry["chance"] = words.number(entry["p"], digits=3) if known else ""
    titled = [
        {**row, "title": sites[row["site"]].title, "flagged": row["site"] in counted["one_class"]}
        for counted in [audit["contingency"]]
        for row in counted["sites"]
    ]
    return {
        "sites": titled,
        "tied": words.number(audit["contingency"]["cramers_v"]),
        "told": told,
        "duplicates": audit["duplicates"],
        "similarity": audit["settings"]["similarity"],
        "file": made.file(made.job.path("audit")),
        "pairs": made.file(made.job.path("pairs")),
        "href": made.href(made.job.outputs["figures"] / confounding.CSV_NAME),
    }


def _gate(results: Results, row: str, made: Provenance) -> dict[str, Any]:
    paths = made.job.paths("gate")
    gate = json.loads(paths[row].read_text(encoding="utf-8"))
    title = next(column.title for column in results.columns if column.row == row)
    return {
        "site": title,
        "split": gate["split"] if gate["status"] == "ok" else f"{gate['status']}: {gate['reason']}",
        "flagged": gate["patient_key"] == "none",
        "torn": gate["patients_in_two_parts"] if gate["status"] == "ok" else words.NOT_RUN,
        "parts": _parts(gate["counts"], results.named.classes),
        "checked": "; ".join(gate["checked"]),
        "file": made.file(paths[row]),
        "rows": made.file(made.job.paths("split")[row]),
    }


def _parts(counts: Sequence[Mapping[str, Any]], classes: tuple[str, str]) -> list[str]:
    """Write the counts of each fold and class as train / validation / test (A-18 to A-24).

    Of findings those who have each, which are the counts that papers give (B-11 to B-16).
    """
    findings = list(dict.fromkeys(row["finding"] for row in counts if "finding" in row))
    lists = (
        [(name, 1, name) for name in findings]
        if findings
        else [("", label, name) for label, name in enumerate(classes)]
    )
    found = {
        (row["fold"], row.get("finding", ""), row["label"], row["part"]): row for row in counts
    }
    folds = sorted({row["fold"] for row in counts})
    lines = []
    for fold in folds:
        for finding, label, name in lists:
            parts = ("train", "validation", "test")
            rows = [found.get((fold, finding, label, part)) for part in parts]
            shown = " / ".join(f"{r['patients']} ({r['scans']})" if r else "0 (0)" for r in rows)
            lines.append((f"fold {fold}, " if len(folds) > 1 else "") + f"{name}: {shown}")
    return lines
