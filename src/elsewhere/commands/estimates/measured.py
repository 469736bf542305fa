"""measured: rates of what finished here, from what trainings, predictions and logs recorded."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elsewhere.design import paths
from elsewhere.design.amount import between, unknown
from elsewhere.design.arms import trained
from elsewhere.design.known import Rate
from elsewhere.design.params import Params
from elsewhere.design.train_stages import runs_of, training_sites

_LINE = re.compile(r"(\d+) of \1 scans, ([\d.]+) a second")


@dataclass(frozen=True)
class Finished:
    """What one job recorded.

    Attributes
    ----------
    of
        Which jobs take as long: network, input, method, batch and device, as text.
    seconds
        Of an iteration, its share of the validations included, or of a scan.
    memory
        Most memory, in bytes; None if it was not recorded.
    device
        Its name.
    parameters
        Of the model that was trained; 0 of a prediction.
    """

    of: str
    seconds: float
    memory: float | None
    device: str
    parameters: int = 0


def alike(params: Params, step: str, study: str, arm: str) -> str:
    """Return what decides how long an iteration, or the prediction of a scan, takes on a device."""
    budget = params.budgets[params.budget_of(study, arm)]
    half = budget.training if step == "train" else budget.prediction
    options = {"batch_size", "device", "precision", "deterministic"}
    if step == "train":
        options |= {"accumulate", "compile", "fused", "recompute"}
    own = params.studies[study].arms[params.studies[study].arms[arm].models_of or arm]
    return json.dumps(
        {
            "step": step,
            "network": params.networks[params.network_of(study, arm)].model_dump(mode="json"),
            "input": params.inputs[params.input_of(study, arm)].model_dump(mode="json"),
            "method": own.method,
            "budget": half.model_dump(mode="json", include=options),
        },
        sort_keys=True,
    )


def finished(params: Params) -> list[Finished]:
    """Return what finished trainings and predictions of all studies recorded here.

    A training is that of the one scale whose sites and number of iterations are its own. Where
    several scales have the same, nobody knows which it was of, and it is left out.
    """
    found: list[Finished] = []
    for study, row in params.studies.items():
        for arm in trained(row, row.arms):
            scales = [
                at
                for scale in row.scales
                if _is_of(at := params.model_copy(update={"scale": scale}), study, arm)
            ]
            if len(scales) == 1:
                found += _trainings(scales[0], study, arm)
                found += _predictions(scales[0], study, arm)
    return found


def rate(of: str, unit: str, recorded: list[Finished]) -> Rate | None:
    """Return the range over the finished jobs that are alike; None if there is none."""
    same = [one for one in recorded if one.of == of]
    if not same:
        return None
    devices = ", ".join(sorted({one.device for one in same}))
    source = f"measured here: {len(same)} finished jobs, {devices}"
    memory = [one.memory for one in same if one.memory is not None]
    return Rate(
        unit,
        between([one.seconds for one in same], source),
        between([max(memory)], source) if memory else unknown("not recorded"),
    )


def of_scans(step: str, wildcards: dict[str, str]) -> Rate | None:
    """Return the rate that the log of this very stage tells: `ingest` or `prepare` of a site."""
    if step not in ("ingest", "prepare"):
        return None
    path = Path("logs", step, *wildcards.values()).with_suffix(".log")
    lines = _LINE.findall(path.read_text(encoding="utf-8")) if path.is_file() else []
    rates = [float(each) for _, each in lines if float(each) > 0]
    if not rates:
        return None
    source = f"measured here: {path}"
    return Rate("scan", between([1 / rates[-1]], source), unknown("not recorded"))


def iterations(params: Params, study: str, arm: str, scans: dict[str, float]) -> float:
    """Return the iterations of a run: those of the budget, or of all rounds at all hospitals.

    Parameters
    ----------
    params
        At the scale of the run.
    study, arm
        Names.
    scans
        Training scans by row of `sites`.
    """
    training = params.budgets[params.budget_of(study, arm)].training
    method: Any = params.methods[params.method_of(study, arm)]
    if not method.in_rounds:
        of_run = training.of_run(len(scans), scans=round(sum(scans.values())))
        return of_run.iterations
    batch = training.batch_size * training.accumulate
    epochs = method.rounds * method.local_epochs
    return float(sum(epochs * -(-round(count) // batch) for count in scans.values()))


def _is_of(params: Params, study: str, arm: str) -> bool:
    """Say whether every finished run of an arm is one of this scale, and there is one."""
    rows = set(training_sites(params, study, arm))
    records = list(_records(params, study, arm))
    return bool(records) and all(
        set(record["n_train"]) == rows
        and iterations(params, study, arm, record["n_train"]) == record["iterations"]
        for record, _ in records
    )


def _records(params: Params, study: str, arm: str) -> Iterator[tuple[dict[str, Any], Any]]:
    """Yield record and cost of each finished run that was a training."""
    for run in runs_of(params, study, arm):
        files = paths.run(study, arm, run)
        record, cost = _read(files["record"]), _read(files["cost"])
        if record.get("status") == "ok" and cost.get("wall_seconds"):
            yield record, cost


def _trainings(params: Params, study: str, arm: str) -> Iterator[Finished]:
    of = alike(params, "train", study, arm)
    for record, cost in _records(params, study, arm):
        seconds = cost["wall_seconds"] / record["iterations"]
        yield Finished(
            of, seconds, _bytes(cost), str(cost.get("device")), record.get("parameters", 0)
        )


def _predictions(params: Params, study: str, arm: str) -> Iterator[Finished]:
    of = alike(params, "predict", study, arm)
    for row in params.scale_of(study).sites.values():
        cost = _read(paths.cell(study, arm, row, "cost.json"))
        if cost.get("seconds_per_prediction"):
            seconds = cost["seconds_per_prediction"]
            yield Finished(of, seconds, _bytes(cost), str(cost.get("device")))


def _bytes(cost: dict[str, Any]) -> float | None:
    memory = cost.get("peak_memory_mb")
    return None if memory is None else memory * 2**20


def _read(path: str) -> dict[str, Any]:
    file = Path(path)
    content: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    return content
