"""execute: runs one stage as Snakemake, DVC or a user asked for it."""

from __future__ import annotations

import gc
import importlib
import json
import logging
import os
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any

from elsewhere import threads
from elsewhere.cohorts.allowance import VARIABLE as CACHE_GB
from elsewhere.design import params as tables
from elsewhere.design.fingerprint import Hashes, digest, md5
from elsewhere.design.graph import stages
from elsewhere.design.plan import Handed, hand, stage_digest
from elsewhere.design.stage import Stage
from elsewhere.drivers import alone, demand, listed, logs, receipts, stage_lock
from elsewhere.drivers.absent import require_inputs
from elsewhere.drivers.state import MEMORY, RAW, SENT

logger = logging.getLogger(__name__)


class ChangedMeanwhileError(RuntimeError):
    """Settings, code or inputs are not those that the run was planned or begun with."""


def find(params: tables.Params, step: str, wildcards: list[str]) -> Stage:
    """Return the stage of a step and its arguments.

    Raises
    ------
    ParamsError
        If the graph of the settings has no such stage; the message lists those of this step.
    """
    return _found(stages(params), params, step, wildcards)


def _found(
    graph: Mapping[str, Stage], params: tables.Params, step: str, wildcards: list[str]
) -> Stage:
    name = "--".join([step, *wildcards])
    if name not in graph:
        known = sorted(" ".join(s.wildcards.values()) for s in graph.values() if s.step == step)
        raise tables.ParamsError(
            f"`elsewhere {step} {' '.join(wildcards)}` is not in the graph of `run` at scale "
            f"'{params.scale}'; there are:\n  " + "\n  ".join(known)
        )
    return graph[name]


def is_by_hand(expect: str | None) -> bool:
    """Say whether neither Snakemake, which hands over a digest, nor DVC started this command."""
    return expect is None and "DVC_STAGE" not in os.environ


def run(step: str, wildcards: list[str], *, expect: str | None = None) -> bool:
    """Run one stage, and return whether its receipt shows what it was made from.

    Parameters
    ----------
    step
        Name of the step.
    wildcards
        Its arguments, such as study, arm and site.
    expect
        Digest of settings and code with which the caller planned this run.

    Raises
    ------
    AbsentError
        If a user or DVC asked, and an input is not there.
    NotAsMadeError
        If a folder of scans is not as its maker left it.
    ChangedMeanwhileError
        If settings or code are not those of `expect`, or changed while the step ran: the outputs
        must not be recorded as made from what is on disk now. Under DVC also if inputs changed.
    """
    alone.private()
    alone.follow()
    # a job of Snakemake's that may have come to another machine than what it reads
    patience_s = listed.LATE_S if expect is not None and SENT.exists() else 0
    values = tables.read()
    params = tables.parse(values)
    graph = stages(params)
    stage = _found(graph, params, step, wildcards)
    if expect is None:  # a user, or DVC, which knows nothing of folders that a table lists
        require_inputs(stage, params)
    threads.limit(demand.cores(params, stage))
    handed = hand(stage, params, values)
    log = nullcontext() if expect is not None else logs.kept(stage)
    if expect is None and "DVC_STAGE" in os.environ:
        expect = planned_by_dvc(stage)
    if expect is not None and expect != handed.job.digest:
        raise ChangedMeanwhileError(
            f"{stage.name}: settings or code changed after this run was planned; start again"
        )
    if params.machine.cache_gb is not None:
        os.environ.setdefault(CACHE_GB, str(params.machine.cache_gb))
    with stage_lock.held(stage) as waited:
        if waited and receipts.holds(stage, handed.job.digest, Hashes()):
            logger.info("%s: the other process has made it", stage.name)
            return True
        stage_lock.sweep(stage)
        with log:
            return _run(stage, handed, graph, patience_s)


def _run(stage: Stage, handed: Handed, graph: Mapping[str, Stage], patience_s: float) -> bool:
    reads_raw = any(path.startswith(RAW) for path in stage.files)
    hashes = Hashes(MEMORY if reads_raw else None)  # a large file, of use for raw data alone
    read = listed.noted(stage, graph, hashes, patience_s=patience_s)
    module = _loaded(f"elsewhere.steps.{stage.step}")
    module.run(handed.job, module.Settings(**handed.settings))
    _check_unchanged(stage, handed.job.digest)
    shown = receipts.write(stage, handed.job.digest, read, hashes)
    if not shown and "DVC_STAGE" in os.environ:  # which records inputs as they are when a step ends
        raise ChangedMeanwhileError(
            f"{stage.name}: an input changed while this ran, so its outputs are not recorded; "
            "run again"
        )
    if hasattr(module, "done"):  # lets a step remove what it kept in case of a refusal
        module.done(handed.job)
    return shown


def _loaded(name: str) -> ModuleType:
    """Import a step without garbage collection, which would take a fifth of the time."""
    gc.disable()
    try:
        return importlib.import_module(name)
    finally:
        gc.freeze()
        gc.enable()


def planned_by_dvc(stage: Stage) -> str:
    """Return the digest of what DVC will record of a stage: the files written when it started."""
    values = json.loads(Path(stage.settings_file).read_text(encoding="utf-8"))
    settings = {key: tables.at_key(values, key) for key in stage.keys}
    return digest(stage.command, settings, md5(Path(stage.code_list).read_text(encoding="utf-8")))


def _check_unchanged(stage: Stage, planned: str) -> None:
    values: dict[str, Any] = tables.read()
    if stage_digest(stage, values, Hashes()) != planned:
        raise ChangedMeanwhileError(
            f"{stage.name}: settings or code changed while this ran, so its outputs are not "
            "recorded; undo the change to keep them, or run again"
        )
