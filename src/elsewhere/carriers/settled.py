"""settled: what a federation trains, as this machine's own settings say it, and their digests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from elsewhere.carriers.endpoint import Endpoint
from elsewhere.design import params as tables
from elsewhere.design.methods.fedavg import Fedavg
from elsewhere.design.plan import step_settings
from elsewhere.design.stage import Stage
from elsewhere.design.train_stages import runs, training_sites
from elsewhere.drivers import execute
from elsewhere.federation import wire
from elsewhere.federation.agreement import Agreement
from elsewhere.federation.wire import RefusedError

# What may differ from hospital to hospital: it decides where a network computes, not what.
_OF_THE_MACHINE = {"device", "threads", "checkpoint_minutes"}


@dataclass(frozen=True)
class Settled:
    """One run of an arm at this machine.

    Attributes
    ----------
    project
        Top folder of the project.
    params
        Its settings.
    study, arm, run
        What is trained.
    """

    project: Path
    params: tables.Params
    study: str
    arm: str
    run: str

    @property
    def method(self) -> Fedavg:
        """The row of `methods`."""
        row = self.params.methods[self.params.method_of(self.study, self.arm)]
        if not isinstance(row, Fedavg):
            raise RefusedError(
                f"arm {self.arm} of study {self.study} learns by '{row.kind}': a federation needs "
                "an arm whose method is of the kind fedavg"
            )
        return row

    @property
    def sites(self) -> tuple[str, ...]:
        """Rows of `sites` of the hospitals, in the order of the arm."""
        return tuple(training_sites(self.params, self.study, self.arm))

    def stage(self, step: str, last: str) -> Stage:
        """Return the stage of a step of this arm; ``last`` is its run or its site."""
        return execute.find(self.params, step, [self.study, self.arm, last])

    def settings(self, stage: Stage) -> dict[str, Any]:
        """Return the fields of the `Settings` of a stage's step."""
        return step_settings(stage, self.params)

    def inputs(self, stage: Stage, *, key: str) -> dict[str, Path]:
        """Return the inputs of a stage by name; of a table of paths the one at a key."""
        return {
            name: self.project / (path if isinstance(path, str) else path[key])
            for name, path in stage.inputs.items()
            if isinstance(path, str) or key in path
        }

    def digests(self) -> dict[str, str]:
        """Return the digest of each part of the settings that decides the model or the scores."""
        study = self.params.studies[self.study]
        train = self.settings(self.stage("train", self.run))
        predict = self.settings(self.stage("predict", self.sites[0]))
        parts = {
            **{name: train[name] for name in ("input", "network", "method", "training")},
            "start": [train.get("starts_from"), train.get("selection")],
            "prediction": predict["prediction"],
            "labels": [study.classes, study.categories, study.findings],
            "split": self.params.split_of(self.study),
            "scoring": study.scoring,
        }
        return {name: wire.digest(_text(part).encode()) for name, part in parts.items()}

    def require(self, agreement: Agreement, *, at: str) -> None:
        """Refuse an agreement that is not what these settings say.

        Its digests are compared, and its rules themselves: a person may have edited these.

        Raises
        ------
        RefusedError
            Naming what differs.
        """
        agreement.require(self.digests(), at=at)
        here = {name: getattr(self.method, name) for name in _OF_THE_METHOD} | {"sites": self.sites}
        for name, own in here.items():
            agreed = getattr(agreement, name)
            if _plain(agreed) != _plain(own):
                raise RefusedError(
                    f"the agreement has {name}: {wire.one_line(str(agreed))}, the settings of {at} "
                    f"{own}: ask the coordinator why, and do not take part before"
                )


def settled(project: Path, agreement: Agreement) -> Settled:
    """Return what an agreement trains, as the settings of this machine say it.

    Raises
    ------
    ParamsError
        If the settings cannot be used, or have no such run.
    RefusedError
        If they are of another scale.
    """
    params = tables.load(project)
    if params.scale != agreement.scale:
        raise RefusedError(
            f"params.yaml has `scale: {params.scale}`, the agreement is about {agreement.scale}"
        )
    _first(params, agreement.study, agreement.arm)
    return Settled(project, params, agreement.study, agreement.arm, agreement.run)


def proposed(project: Path, study: str, arm: str, *, server: Endpoint) -> Agreement:
    """Return the agreement about the first run of an arm, from the coordinator's settings.

    Raises
    ------
    ParamsError
        If the settings cannot be used, or have no such arm in `run`.
    RefusedError
        If the arm cannot be trained by a federation between hospitals.
    """
    params = tables.load(project)
    first = _first(params, study, arm)
    here = Settled(project, params, study, arm, first)
    here.stage("train", first)
    for sentence in here.method.refusals(here.sites):
        raise RefusedError(f"method of arm {arm} {sentence}")
    if params.studies[study].arms[arm].federation is not None:
        raise RefusedError(f"arm {arm} takes over the model of another federation; remove that")
    if params.studies[study].second_stage is not None:
        raise RefusedError(f"study {study} is a second stage, which needs predictions of another")
    fold, seed = (int(part) for part in first.split("-", 1))
    rules = {name: getattr(here.method, name) for name in _OF_THE_METHOD}
    about = {"study": study, "arm": arm, "scale": params.scale, "fold": fold, "seed": seed}
    agreed = {"sites": here.sites, "digests": here.digests(), **about, **rules, **vars(server)}
    return Agreement.model_validate(agreed)


_OF_THE_METHOD = ("rounds", "absent", "encryption", "weighting", "fraction_bits", "min_sites")


def _first(params: tables.Params, study: str, arm: str) -> str:
    """Return the first run of an arm that is in `run`; raise ParamsError if there is none."""
    if study not in params.run:
        raise tables.ParamsError(f"study '{study}' is not in `run`; there are {_list(params.run)}")
    arms = params.studies[study].arms
    if arm not in arms:
        raise tables.ParamsError(f"study {study} has no arm '{arm}'; it has {_list(arms)}")
    return runs(params, study)[0]


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)


def _text(part: Any) -> str:
    return json.dumps(_plain(part), sort_keys=True)


def _plain(part: Any) -> Any:
    """Return values as JSON has them, without what is of the machine."""
    if isinstance(part, BaseModel):
        return _plain(part.model_dump(mode="json", exclude=_OF_THE_MACHINE))
    if isinstance(part, Mapping):
        return {key: _plain(value) for key, value in part.items()}
    return [_plain(one) for one in part] if isinstance(part, (list, tuple)) else part
