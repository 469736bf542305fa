"""costs: tables of what training and prediction cost, as the steps recorded it (A-49)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from elsewhere.figures import paper, words
from elsewhere.figures.given import Given
from elsewhere.figures.results import Results

DAY_S, HOUR_S = 86_400, 3_600
QUANTITIES = {
    "epochs": "epochs of the model of {site} alone",
    "days_per_model": "time to train a model, mean",
    "gpu_days": "GPU-days of all models",
    "seconds_per_prediction": "seconds to predict a scan, mean",
}
NO_MODEL = "no model of this site alone is in the study"
TRAIN_NAMES = ("device", "wall time", "of it validation", "GPU-days", "peak memory MB")


def read(paths: Mapping[str, Path]) -> dict[str, Any]:
    """Return the content of every JSON file of a table of paths."""
    return {key: json.loads(path.read_text(encoding="utf-8")) for key, path in paths.items()}


def section(given: Given, results: Results) -> dict[str, Any]:
    """Return what the report's cost section shows: our tables, and the published numbers."""
    train, predict = (read(given.job.paths(name)) for name in ("train_cost", "predict_cost"))
    known = paper.costs(given.settings.published)
    return {
        **ledger(results, train, predict),
        "published": beside(results, known, records=given.records, costs=(train, predict)),
    }


def beside(
    results: Results,
    known: Sequence[Mapping[str, str]],
    *,
    records: Mapping[str, Mapping[str, Any]],
    costs: tuple[Mapping[str, Mapping[str, Any]], Mapping[str, Mapping[str, Any]]],
) -> list[dict[str, str]]:
    """Return a row for each published cost with ours beside it, in words (A-40, A-49).

    Parameters
    ----------
    known
        As from `paper.costs`.
    records
        run.json of each ``<arm>/<run>``: the ``epochs`` over each site.
    costs
        ``train`` and ``predict`` of `ledger`.
    """
    titles = {column.name: column.title for column in results.columns}
    ours = _ours(*costs)
    rows = []
    for entry in known:
        shown, comment = ours.get(entry["quantity"], words.NOT_RUN), entry["source"]
        if entry["quantity"] == "epochs":
            shown = _epochs(results, entry["site"], records)
            comment += "" if shown else f"; {NO_MODEL}"
        rows.append(
            {
                "quantity": QUANTITIES[entry["quantity"]].format(
                    site=titles.get(entry["site"], entry["site"])
                ),
                "requirement": entry["requirement"],
                "published": _published(entry),
                "ours": shown,
                "comment": comment,
            }
        )
    return rows


def ledger(
    results: Results,
    train: Mapping[str, Mapping[str, Any]],
    predict: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """Return the tables of the report's cost section.

    Parameters
    ----------
    train
        "<arm>/<run>" to cost.json: ``wall_seconds``, ``device``, ``gpu_days``, ``peak_memory_mb``.
    predict
        "<arm>/<row of the site>" to cost.json: ``seconds_per_prediction``.
    """
    labels = {row.name: row.label for row in results.rows}
    walls = [
        cost["wall_seconds"] for cost in train.values() if cost.get("wall_seconds") is not None
    ]
    gpu_days = sum(cost.get("gpu_days") or 0.0 for cost in train.values())
    return {
        "sentence": f"Runs: {len(walls)}; wall time in all: {duration(sum(walls))}; "
        f"GPU-days: {gpu_days:.3g}.",
        "train_names": TRAIN_NAMES,
        "train": [
            {
                "label": labels[key.split("/")[0]],
                "run": key.split("/")[1],
                "shown": _training(cost),
            }
            for key, cost in train.items()
        ],
        "predict": [
            {
                "label": row.label,
                "shown": [
                    _seconds(predict[f"{row.name}/{column.row}"]) for column in results.columns
                ],
            }
            for row in results.rows
        ],
    }


def duration(seconds: float) -> str:
    """Write a duration with the unit that suits it."""
    for size, unit in ((DAY_S, "days"), (HOUR_S, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"


def _training(cost: Mapping[str, Any]) -> list[str]:
    if cost.get("wall_seconds") is None:
        return [words.NOT_RUN] + [""] * (len(TRAIN_NAMES) - 1)
    memory = cost.get("peak_memory_mb")
    return [
        str(cost.get("device") or ""),
        duration(cost["wall_seconds"]),
        _share(cost),
        f"{cost.get('gpu_days') or 0.0:.3g}",
        "" if memory is None else f"{memory:,.0f}",
    ]


def _share(cost: Mapping[str, Any]) -> str:
    """Return how much of the wall time was validation; a federation does not say."""
    seconds = cost.get("validation_seconds")
    return "" if seconds is None else f"{seconds / cost['wall_seconds']:.0%}"


def _seconds(cost: Mapping[str, Any]) -> str:
    seconds = cost.get("seconds_per_prediction")
    return words.NOT_RUN if seconds is None else f"{seconds:.3g}"


def _ours(
    train: Mapping[str, Mapping[str, Any]], predict: Mapping[str, Mapping[str, Any]]
) -> dict[str, str]:
    """Return our numbers in words by quantity, without those of which nothing was run."""
    ran = [cost for cost in train.values() if cost.get("wall_seconds") is not None]
    seconds = [cost["seconds_per_prediction"] for cost in predict.values()
               if cost.get("seconds_per_prediction") is not None]  # fmt: skip
    devices = ", ".join(sorted({str(cost["device"]) for cost in ran if cost.get("device")}))
    on = f" ({devices})" if devices else ""
    found = {}
    if ran:
        wall = sum(cost["wall_seconds"] for cost in ran) / len(ran)
        found["days_per_model"] = f"{duration(wall)}{on}"
        found["gpu_days"] = f"{sum(cost.get('gpu_days') or 0.0 for cost in ran):.3g}"
    if seconds:
        found["seconds_per_prediction"] = f"{sum(seconds) / len(seconds):.3g}"
    return found


def _epochs(results: Results, site: str, records: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the epochs of the first model that is trained on a site alone; empty without one."""
    alone = {row.name for row in results.rows if row.sites == (site,)}
    of_site = [record for run, record in records.items() if run.split("/")[0] in alone]
    if not of_site:
        return ""
    epochs = of_site[0].get("epochs")
    return f"{sum(epochs.values()):,.0f}" if epochs else words.NOT_RUN


def _published(entry: Mapping[str, str]) -> str:
    number = f"{float(entry['value']):,g}"
    return f"{number} days" if entry["quantity"] == "days_per_model" else number
