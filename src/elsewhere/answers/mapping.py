"""mapping: the process that makes the Grad-CAM map of a scan of a finished cell, see `mapped`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from elsewhere.answers.answer import Refused, Wanted
from elsewhere.answers.files import scanned
from elsewhere.answers.mapped import MAP, TOLD
from elsewhere.answers.predict import arm_settings
from elsewhere.answers.process import confined
from elsewhere.answers.question import Question
from elsewhere.cohorts import cohort
from elsewhere.cohorts.cohort import SiteFiles
from elsewhere.design import paths
from elsewhere.design.params import load
from elsewhere.imaging import store
from elsewhere.imaging.overlay import over_scan
from elsewhere.methods import device, explanation, trained
from elsewhere.methods import run as runs
from elsewhere.methods.run import Run
from elsewhere.methods.trained import ArmSettings
from elsewhere.scores import predictions
from elsewhere.sites import manifest


def main(work: Path, root: str, *names: str) -> None:
    """Write the map and what is known of it.

    Parameters
    ----------
    work
        Where they are written.
    root
        Folder of the project.
    *names
        Study, arm, row of sites, scan, and finding or class; empty for the call.
    """
    os.chdir(root)  # the paths of stages are relative to it
    study, arm, site, scan, finding = names
    question = Question(load(), Wanted(study, arm, site))
    settings = arm_settings(question)
    run, first = _run(question, scan, settings)
    found = _map(question, run, settings, {"scan": scan, "finding": finding or None}, first=first)
    table = manifest.read(Path(paths.scans(site)["manifest"]))
    (row,) = table[table["scan_id"] == scan].to_dict("records")
    voxels = store.read(Path(paths.scans(site)["volumes"]) / f"{scan}{store.SUFFIX}")
    heat = over_scan(
        found.heat,
        voxels=voxels,
        scan=scanned({str(name): value for name, value in row.items()}),
        row=settings.input,
    )
    store.write(work / MAP, heat)
    told = {"run": run.name, "layer": found.layer, "against": found.against}
    (work / TOLD).write_text(json.dumps(told), encoding="utf-8")


def _run(question: Question, scan: str, settings: ArmSettings) -> tuple[Run, int]:
    """Return the first run that was tested on a scan, and the first slice that it saw."""
    site = str(question.site)
    path = Path(paths.cell(question.wanted.study, question.wanted.arm, site, "predictions.parquet"))
    if not path.is_file():
        raise Refused("the predictions of this cell are not on this machine")
    rows, _ = predictions.read(path)
    rows = rows[(rows["scan_id"] == scan) & (rows["part"] == "test")]
    models = question.files("model")
    for name, record in runs.read(question.files("record")).items():
        run = Run(name, record, models[name], device.prepare(settings.prediction))
        of_run = rows[(rows["fold"] == run.fold) & (rows["seed"] == run.seed)]
        if len(of_run):
            return run, int(of_run["window_start"].iloc[0])
    raise Refused("no model of this arm was tested on this scan, so that there is no call to map")


def _map(
    question: Question,
    run: Run,
    settings: ArmSettings,
    of: Mapping[str, Any],
    *,
    first: int,
) -> explanation.Map:
    """Return the map of a scan, of the network as the step `predict` prepared it for the site."""
    inputs = question.stage.inputs
    files = SiteFiles(
        str(question.site), *(Path(str(inputs[name])) for name in ("index", "arrays", "split"))
    )
    scans = cohort.load(files, fold=run.fold, part="test", classes=settings.classes)
    network, options = trained.applied(run, scans, settings=settings)
    array = scans.array(scans.scan_ids.index(of["scan"]))
    try:
        return explanation.whole_map(
            network, array, first=first, options=options, finding=of["finding"]
        )
    except ValueError as error:  # no layer says where, or there is no such finding
        raise Refused(str(error)) from None


if __name__ == "__main__":
    confined(main)
