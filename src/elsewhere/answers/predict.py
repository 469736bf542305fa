"""predict: the process that applies an arm's models to the scans of a question.

The scans have passed the ingestion in another process; no file from outside is opened here. It runs
as a process of its own, see `process`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from elsewhere.answers import calls
from elsewhere.answers.answer import Output, Wanted
from elsewhere.answers.files import ARRAYS, READ, SAID, map_file, read_json, scanned, volume_file
from elsewhere.answers.process import confined
from elsewhere.answers.question import Question
from elsewhere.cohorts import cohort
from elsewhere.cohorts.cohort import ArrayCache, Cohort, SiteFiles
from elsewhere.cohorts.view import Voxels
from elsewhere.design.budgets import Prediction
from elsewhere.design.params import load
from elsewhere.imaging import store
from elsewhere.imaging.overlay import over_scan
from elsewhere.imaging.preparation import preparation
from elsewhere.methods import device, explanation, trained
from elsewhere.methods import run as runs
from elsewhere.methods.explanation import Grey
from elsewhere.methods.inference import InferenceOptions
from elsewhere.methods.prediction import predict
from elsewhere.methods.run import Run
from elsewhere.methods.trained import ArmSettings
from elsewhere.networks.network import Network

_NOWHERE = ""  # a site that no model was trained on
_OF_IMAGES = ("nearest", "test_time")  # policies that look at all scans of an unseen site


@dataclass(frozen=True)
class _Asked:
    """The scans that are asked about, and where they are from."""

    question: Question
    settings: ArmSettings
    scans: Cohort

    def groups(self, run: Run) -> Iterator[tuple[Cohort, Cohort]]:
        """Yield scans, and the scans that show the network what their site is like.

        Scans of an unknown place are looked at one by one, where a policy looks at scans: what is
        said of one must not depend on what else was asked.
        """
        if self.question.site is not None:
            yield self.scans, self._of_the_site(run)
        elif self.settings.unseen in _OF_IMAGES:
            yield from ((one, one) for one in map(self._alone, range(len(self.scans))))
        else:
            yield self.scans, self.scans

    def _of_the_site(self, run: Run) -> Cohort:
        """Return the scans with which the step `predict` prepares a network for the site."""
        inputs, site = self.question.stage.inputs, str(self.question.site)
        files = SiteFiles(site, *(Path(str(inputs[name])) for name in ("index", "arrays", "split")))
        classes = self.settings.classes
        parts = (
            cohort.load(files, fold=run.fold, part=part, classes=classes)
            for part in ("test", "validation")
        )
        tested, validated = parts
        return tested if len(tested) else validated

    def _alone(self, at: int) -> Cohort:
        names = (self.scans.scan_ids[at],)
        labels = self.scans.labels[at : at + 1]
        return replace(
            self.scans, scan_ids=names, patient_ids=names, labels=labels, cache=ArrayCache()
        )


@dataclass
class _Said:
    """What the runs say of one scan, and the map of the first.

    Attributes
    ----------
    runs
        Of each run its fold, seed, probabilities by finding or class, and first slice.
    map
        Finding, layer and whether it shows what speaks against the call; None without a map.
    map_reason
        Why there is none.
    """

    runs: list[dict[str, Any]] = field(default_factory=list)
    map: dict[str, Any] | None = None
    map_reason: str = ""

    def add(self, run: Run, rows: pd.DataFrame) -> None:
        """Take up what a run says: a row for each finding or class."""
        said = dict(zip(rows["finding"], rows["probability_1"].astype(float), strict=True))
        first = int(rows["window_start"].iloc[0])
        self.runs.append(
            {"fold": run.fold, "seed": run.seed, "probabilities": said, "first": first}
        )

    def explain(
        self, question: Question, network: Network, array: Voxels, options: InferenceOptions
    ) -> Grey | None:
        """Return the map of the scan; of several findings of the one farthest on its side."""
        finding = None
        if options.findings:
            finding = max(calls.outputs(question, self.runs, like=question.site), key=_margin).name
        first = self.runs[0]["first"]
        try:
            found = explanation.whole_map(
                network, array, first=first, options=options, finding=finding
            )
        except ValueError as error:  # a network without a layer whose maps say where
            self.map_reason = str(error)
            return None
        self.map = {"output": finding or "", "layer": found.layer, "against": found.against}
        return found.heat


def main(work: Path, study: str, arm: str, site: str, numbers: str) -> None:
    """Write `SAID` and the maps of some scans; `site` is empty for an unknown place."""
    question = Question(load(), Wanted(study, arm, site or None))
    settings = arm_settings(question)
    chosen = [int(number) for number in numbers.split(",")]
    used = device.prepare(settings.prediction)
    asked = _Asked(question, settings, _prepared(work, chosen, settings, question))
    said = {name: _Said() for name in asked.scans.scan_ids}
    for run in _runs(question, used):
        for group, shown in asked.groups(run):
            network, options = trained.applied(run, shown, settings=settings)
            rows = predict(network, group, options=options).rows
            for name, of_scan in rows.groupby("scan_id"):
                said[str(name)].add(run, of_scan)
            for at, name in enumerate(group.scan_ids):
                if len(said[name].runs) == 1:  # as `explain`, of the first run
                    heat = said[name].explain(question, network, group.array(at), options)
                    if heat is not None:
                        _write_map(work, int(name), heat, settings)
    told = {int(name): vars(of_scan) for name, of_scan in said.items()}
    (work / SAID).write_text(json.dumps(told, allow_nan=False), encoding="utf-8")


def arm_settings(question: Question) -> ArmSettings:
    """Return the settings of the step `predict`, which may be handed no passes."""
    handed = dict(question.settings)
    if not isinstance(handed["prediction"], Prediction):
        handed["prediction"] = Prediction(**handed["prediction"])
    return ArmSettings(**handed)


def _runs(question: Question, used: Any) -> Iterator[Run]:
    models = question.files("model")
    for name, record in runs.read(question.files("record")).items():
        yield Run(name, record, models[name], used)


def _prepared(
    work: Path, numbers: Sequence[int], settings: ArmSettings, question: Question
) -> Cohort:
    """Make the arrays that the network needs, as the step `prepare`."""
    rows = read_json(work / READ)["scans"]
    chosen, names = preparation(settings.input), tuple(f"{number:06d}" for number in numbers)
    (work / ARRAYS).mkdir(exist_ok=True)
    for number, name in zip(numbers, names, strict=True):
        voxels = store.read(volume_file(work, number))
        array = chosen.prepared(voxels, scanned(rows[number - 1]["row"]))
        store.write(work / ARRAYS / f"{name}{store.SUFFIX}", array)
    findings = () if question.classes else question.outputs
    shape = (len(names), len(findings)) if findings else (len(names),)
    return Cohort(
        site=question.site or _NOWHERE,
        scan_ids=names,
        patient_ids=names,
        labels=np.zeros(shape, np.int64),  # no label is known, and none is used
        arrays=work / ARRAYS,
        findings=findings,
        classes=settings.classes,
    )


def _write_map(work: Path, number: int, heat: Grey, settings: ArmSettings) -> None:
    """Write a map; its corners are those of the scan, whatever part of it the arm looks at."""
    scan = scanned(read_json(work / READ)["scans"][number - 1]["row"])
    voxels = store.read(volume_file(work, number))
    over = over_scan(heat, voxels=voxels, scan=scan, row=settings.input)
    store.write(map_file(work, number), over)


def _margin(output: Output) -> float:
    return output.probability - (output.threshold or 0.0)


if __name__ == "__main__":
    confined(main)
