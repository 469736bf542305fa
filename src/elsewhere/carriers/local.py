"""local: a hospital at home: training on its own cohort, and at the end the scores of its cell.

What leaves is decided elsewhere (`membership`); here everything stays in the hospital's folder.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from elsewhere.carriers.settled import Settled
from elsewhere.cohorts import cohort
from elsewhere.cohorts.cohort import Cohort, SiteFiles
from elsewhere.design.job import Job
from elsewhere.federation.fixed_point import Floats
from elsewhere.federation.hospital import Hospital
from elsewhere.federation.local_rounds import Trained
from elsewhere.federation.wire import RefusedError
from elsewhere.methods import device, record, shared_values, trained
from elsewhere.methods.fedavg import FederatedAveraging
from elsewhere.methods.fit import Budget
from elsewhere.methods.local_training import LocalTraining
from elsewhere.methods.start import Start, begin
from elsewhere.networks import weights
from elsewhere.networks.describe import count_parameters, describe
from elsewhere.networks.network import Network
from elsewhere.networks.network import build as build_network
from elsewhere.steps import predict, score
from elsewhere.steps import train as train_step

MODEL, RECORD = "model.safetensors", "run.json"
Inputs = Path | Mapping[str, Path]
PREDICTIONS, METRICS = "predictions.parquet", "metrics.json"


class LocalCohort:
    """The training of a hospital; nothing is read before the first use.

    Parameters
    ----------
    settled
        What is trained.
    site
        Row of `sites` of the hospital.
    """

    def __init__(self, settled: Settled, site: str) -> None:
        self.settled = settled
        self.site = site

    def initial(self) -> Floats:
        """Return the weights with which the first round starts; see `hospital.Trainer`."""
        return self.training.initial()

    def train(self, weights: Floats, *, number: int, memory: bytes) -> Trained:
        """Train in one round; see `hospital.Trainer`."""
        return self.training.train(weights, number=number, memory=memory)

    @cached_property
    def settings(self) -> train_step.Settings:
        """The settings of the step `train`."""
        stage = self.settled.stage("train", self.settled.run)
        return train_step.Settings(**self.settled.settings(stage))

    @cached_property
    def scans(self) -> Cohort:
        """The training scans.

        Raises
        ------
        RefusedError
            If there are none.
        """
        stage = self.settled.stage("train", self.settled.run)
        found = self.settled.inputs(stage, key=self.site)
        for name in ("index", "arrays", "split"):
            if not found[name].exists():
                raise RefusedError(
                    f"{self.site} has no {name} of its scans: run `snakemake` up to prepare and "
                    "split there first"
                )
        files = SiteFiles(self.site, found["index"], found["arrays"], found["split"])
        scans = cohort.load(files, fold=self._fold, part="train", classes=self.settings.classes)
        if not len(scans):
            raise RefusedError(f"{self.site} has no training scans in fold {self._fold}")
        return scans

    @cached_property
    def network(self) -> Network:
        """The network, with the weights of the first round's start."""
        settings = self.settings
        torch.manual_seed(self._seed)
        outputs = trained.outputs(self.scans.findings or settings.classes)
        network = build_network(settings.network, settings.input, outputs=outputs)
        begin(network, self._start)
        return FederatedAveraging(self.settled.method).adapt(network, self.settled.sites)

    @cached_property
    def training(self) -> LocalTraining:
        """The training on the scans, on the device that the settings name."""
        # rounds take the place of what depends on the number of scans
        training = self.settings.training.of_run(len(self.settled.sites), scans=len(self.scans))
        row = self.settled.method
        FederatedAveraging(row).check_hospital(self.scans, training)
        used = device.prepare(training)
        budget = Budget(training, self.settings.input, self._seed, Path("unused"))
        network = self.network.to(used)
        return LocalTraining(network, self.scans, budget, row=row, check=_go_on)

    def finish(self, hospital: Hospital, shared: Floats, folder: Path) -> dict[str, Any]:
        """Write the final model, apply it to the hospital's own scans; return metrics.json of them.

        Parameters
        ----------
        hospital
            Keeps the hospital's own layers.
        shared
            The weights of the last sum.
        folder
            Receives `MODEL`, `RECORD`, `PREDICTIONS` and `METRICS`.
        """
        own = self.training.own(_memory(hospital))
        shared_values.put(self.network, shared)
        if self.network.sites:
            shared_values.put_own(self.network, own)
        weights.save(self.network, folder / MODEL)
        record.write_json(self._record(), folder / RECORD)
        self._predict(folder)
        self._score(folder)
        metrics: dict[str, Any] = json.loads((folder / METRICS).read_text("utf-8"))
        return metrics

    @property
    def _fold(self) -> int:
        return int(self.settled.run.split("-", 1)[0])

    @property
    def _seed(self) -> int:
        return int(self.settled.run.split("-", 1)[1])

    @property
    def _start(self) -> Start | None:
        before = self.settings.starts_from
        if before is None:
            return None
        stage = self.settled.stage("train", self.settled.run)
        found = self.settled.inputs(stage, key=self.site)
        start = Start(before, found["start_model"], found["start_record"])
        if not start.record.exists():
            raise RefusedError(f"{self.site} has no model of arm {before}, from which this starts")
        if (refusal := start.refusal()) is not None:
            raise RefusedError(refusal)
        return start

    def _record(self) -> dict[str, Any]:
        """Return run.json of the model; how many scans others trained on is not known here."""
        return {
            "status": "ok",
            "reason": None,
            **{"arm": self.settled.arm, "fold": self._fold, "seed": self._seed},
            "network": self.settings.network.kind,
            "parameters": count_parameters(self.network),
            "architecture": [asdict(row) for row in describe(self.network, self.settings.input)],
            "n_train": dict.fromkeys(self.settled.sites),
            "selection": "last round",
            "rounds": self.settled.method.rounds,
            "torch": torch.__version__,
        }

    def _predict(self, folder: Path) -> None:
        stage = self.settled.stage("predict", self.site)
        found = self.settled.inputs(stage, key=self.settled.run)
        run = self.settled.run
        inputs: dict[str, Inputs] = {
            **found,
            "model": {run: folder / MODEL},
            "record": {run: folder / RECORD},
        }
        outputs = {"predictions": folder / PREDICTIONS, "cost": folder / "predict_cost.json"}
        predict.run(
            Job(stage.name, stage.wildcards, inputs, outputs),
            predict.Settings(**self.settled.settings(stage)),
        )

    def _score(self, folder: Path) -> None:
        """Score the hospital's own cell; its own validation scans alone can choose a threshold."""
        stage = self.settled.stage("score", self.site)
        own = folder / PREDICTIONS
        inputs: dict[str, Inputs] = {"test": own, "training": {self.site: own}}
        score.run(
            Job(stage.name, stage.wildcards, inputs, {"metrics": folder / METRICS}),
            score.Settings(**self.settled.settings(stage)),
        )


def _memory(hospital: Hospital) -> bytes:
    """Return what a hospital kept of the last round in which it trained."""
    numbers = hospital.rounds.numbers()
    return hospital.rounds.read(numbers[-1])[0].memory if numbers else b""


def _go_on() -> None:
    """Do not stop a training: its process may be ended at any time."""
