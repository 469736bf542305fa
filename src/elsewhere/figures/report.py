"""report: report.html, one page without network access that shows all results of a study."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from elsewhere.design.figure_rows import FigureRow, figure_row
from elsewhere.figures import audit_table, costs, gate_counts, opening, site_scores, style, words
from elsewhere.figures.captions import caption
from elsewhere.figures.given import Given
from elsewhere.figures.provenance import Provenance
from elsewhere.figures.results import Results
from elsewhere.files import whole
from elsewhere.scores import audited
from elsewhere.scores.attention import Observed, notices

TEMPLATE = "report.html.j2"
MATRIX = "matrix"
COHORT, CONFOUNDING = "cohort.csv", "confounding.csv"
IN_PIXELS = ("example_slices", "gradcam_", "localisation_")


def write(given: Given, pictures: Sequence[tuple[str, str]]) -> None:
    """Write the job's ``report``: every figure and style inside the file, every link relative.

    Nothing is loaded from a network; the links lead to the files that the figures were made from.

    Parameters
    ----------
    given
        Results of the study.
    pictures
        Figure and picture, in the order of the report.
    """
    job, each = given.job, [*given.each.values()]
    results = each[0]  # rows, columns and notes are the same for all findings
    made = Provenance(job)
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    page = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    ).get_template(TEMPLATE)
    folder = job.outputs["figures"]
    shown = [
        {"figure": figure, **_picture(figure_row(figure), picture, made, results)}
        for figure, picture in pictures
    ]
    attention = noticed(given, pictures)
    text = page.render(
        results=results,
        citation=given.settings.citation,
        synthetic=style.SYNTHETIC,
        command=made.command("figure", results.study),
        opening=opening.page(given, attention),
        attention=attention,
        matrix_figures=[picture for picture in shown if picture["figure"] == MATRIX],
        figures=[picture for picture in shown if picture["figure"] != MATRIX],
        matrices=[
            {"title": of_finding.named.finding, "rows": _matrix(of_finding, made)}
            for of_finding in each
        ],
        matrix_href=made.href(job.outputs["matrix"]),
        without=[entry for of_finding in each for entry in _without(of_finding)],
        at_site=site_scores.rows(each),
        published=given.beside,
        cohort_href=made.href(folder / COHORT),
        unused=_unused(results, given.rejected, made),
        audit=_audit(results, given.audit, made),
        drawn={figure for figure, _ in pictures},
        gates=[_gate(results, row, made) for row in job.paths("gate")],
        cost=costs.section(given, results),
        made={"runs": made.runs(), "cells": made.cells(), "explained": made.explained()},
    )
    with whole(job.outputs["report"]) as part:
        part.write_text(text, encoding="utf-8")


def noticed(given: Given, pictures: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    """Return what needs attention: sentences, each with a link to where the report shows it."""
    results = given.results
    places = {figure: f"#figure-{picture}" for figure, picture in reversed(pictures)}
    settings = given.settings
    observed = Observed(
        sites={column.row: column.title for column in results.columns},
        classes=settings.classes,
        findings={
            name: row.title
            for name, row in (settings.findings.labels if settings.findings else {}).items()
        },
        files=_files(given),
        flags={row: Counter(";".join(t["flags"]).split(";")) for row, t in given.manifests.items()},
        gates=given.gates,
        audit=given.audit,
        cells=[cell for each in given.each.values() for cell in each.cells.values()],
        threshold_from=settings.scoring.threshold_from,
        target_width=settings.target_width,
        never_trained=frozenset(c.row for c in results.columns if not results.trained_on(c)),
        optimistic=tuple(
            row.label for row in results.rows if settings.arms[row.name].selection == "test"
        ),
    )
    return [
        {"text": notice.text, "href": places.get(notice.figure, f"#{notice.section}")}
        for notice in notices(observed)
    ]


def _files(given: Given) -> dict[str, tuple[int, int]]:
    """Return, by site, the rejected files and all files of its scans and rejects."""
    counted = {}
    for row, table in given.rejected.items():
        files = pd.to_numeric(table["n_files"])
        rejected = int(files[table["verdict"] == "rejected"].sum())
        counted[row] = (rejected, rejected + int(given.manifests[row]["n_files"].sum()))
    return counted


def _picture(row: type[FigureRow], name: str, made: Provenance, results: Results) -> dict[str, str]:
    folder = made.job.outputs["figures"]
    pixels = name.startswith(IN_PIXELS)
    kind, suffix = ("image/png", ".png") if pixels else ("image/svg+xml", ".svg")
    content = base64.b64encode((folder / f"{name}{suffix}").read_bytes()).decode("ascii")
    heading, text, steps = caption(row, name, results)
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
            pooled, verdict = cell["pooled"], words.verdict(cell)
            cells.append(
                {
                    "site": column.title,
                    "auc": words.number(pooled["auc"]) if verdict == "ok" else "",
                    "interval": words.interval(pooled["auc_low"], pooled["auc_high"]),
                    "verdict": verdict,
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
            verdict = words.verdict(cell)
            if verdict != "ok":
                why = words.reason(cell)
                if verdict == words.NOT_RUN:
                    why = f"{verdict}: {why}"
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
    entries = []
    for column in results.columns:
        file = made.file(made.job.paths("rejected")[column.row])
        counts = rejected[column.row].groupby(["verdict", "reason"]).size().reset_index(name="rows")
        verdict, rows = ("none", 0) if column.available else ("no data here", "")
        none = {"verdict": verdict, "reason": "", "rows": rows}
        for entry in [none] if counts.empty else counts.to_dict("records"):
            about = {"site": column.title, "file": file}
            entries.append(about | {str(key): value for key, value in entry.items()})
    return entries


def _audit(results: Results, audit: Mapping[str, Any], made: Provenance) -> dict[str, Any]:
    sites = {column.row: column for column in results.columns}
    titles = {row: column.title for row, column in sites.items()}
    answers = audit_table.shown(audit, titles)
    titled = [
        {
            "title": results.heading(sites[row["site"]]),
            "flagged": row["site"] in counted["one_class"],
            "shown": [
                words.of_class(row[f"patients_{label}"], row[f"scans_{label}"])
                for label in range(len(results.named.classes))
            ],
        }
        for counted in [audit["contingency"]]
        for row in counted["sites"]
    ]
    return {
        "sites": titled,
        "tied": words.number(audit["contingency"]["cramers_v"]),
        "shortcuts": answers,
        "over": audited.over(audit["shortcuts"]),
        "duplicates": audit["duplicates"],
        "similarity": audit["settings"]["similarity"],
        "file": made.file(made.job.path("audit")),
        "pairs": made.file(made.job.path("pairs")),
        "href": made.href(made.job.outputs["figures"] / CONFOUNDING),
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
        "parts": gate_counts.lines(gate, results.named.classes),
        "checked": "; ".join(gate["checked"]),
        "file": made.file(paths[row]),
        "rows": made.file(made.job.paths("split")[row]),
    }
