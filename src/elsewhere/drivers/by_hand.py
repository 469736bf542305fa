"""by_hand: runs a step that a user typed, and records it as done for both drivers."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError
from typing import Any

from elsewhere.design import params as tables
from elsewhere.design.fingerprint import Hashes
from elsewhere.design.stage import Stage
from elsewhere.drivers import bridge, execute, pipeline
from elsewhere.drivers.absent import require_inputs
from elsewhere.drivers.state import Workspace

logger = logging.getLogger(__name__)


def run(step: str, wildcards: list[str]) -> None:
    """Run one stage and record it in Snakemake's notes and in dvc.lock.

    Parameters
    ----------
    step, wildcards
        As `execute.run` takes them.

    Raises
    ------
    AbsentError
        If an input is not there.
    ChangedMeanwhileError
        If settings or code changed while the step ran.
    """
    values = tables.read()
    params = tables.parse(values)
    stage = execute.find(params, step, wildcards)
    require_inputs(stage, params)
    before = _inputs(stage, values) if _can_record() else None
    execute.run(step, wildcards)
    if before is None:
        return
    if _inputs(stage, values) == before:
        _record(stage)
    else:
        logger.warning("%s: an input changed while this ran; it will run again", stage.name)


def _can_record() -> bool:
    """Say whether this project uses both drivers, and this environment has both."""
    if not bridge.is_on():
        return False
    try:
        bridge.check_versions()
    except (bridge.BridgeError, PackageNotFoundError) as error:
        logger.warning("not recorded, so Snakemake and DVC will run this again: %s", error)
        return False
    return True


def _inputs(stage: Stage, values: Mapping[str, Any]) -> Mapping[str, str | None]:
    """Return the hash of each input and of the code."""
    workspace = Workspace(values, Hashes(bridge.MEMORY))
    hashes = workspace.now(stage).deps
    workspace.hashes.save()
    return hashes


def _record(stage: Stage) -> None:
    from dvc.lock import LockError

    values = tables.read()
    params = tables.parse(values)
    pipeline.write(params)
    pipeline.write_read_by_dvc(values, params)
    compared = bridge.Bridge(values, {stage.name: stage})
    compared.records.made(stage, compared.state(stage.name)[0])
    try:
        compared.commit(wait=False)
    except LockError:
        logger.warning(
            "%s: recorded for Snakemake; DVC follows at the next run of Snakemake, because another "
            "command holds DVC's lock",
            stage.name,
        )
    compared.workspace.hashes.save()
