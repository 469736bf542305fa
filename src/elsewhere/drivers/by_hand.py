"""by_hand: runs a step that a user typed, and records it as done for both drivers."""

from __future__ import annotations

import logging
from importlib.metadata import PackageNotFoundError

from elsewhere.design import params as tables
from elsewhere.design.stage import Stage
from elsewhere.drivers import bridge, execute, links, pipeline, state, versions

logger = logging.getLogger(__name__)


def run(step: str, wildcards: list[str]) -> None:
    """Run one stage and record it for Snakemake and in dvc.lock.

    Parameters
    ----------
    step, wildcards
        As `execute.run` takes them.

    Raises
    ------
    AbsentError
        If an input is not there.
    ParamsError
        If the settings or dvc.lock cannot be read.
    ChangedMeanwhileError
        If settings or code changed while the step ran.
    """
    values = tables.read()
    params = tables.parse(values)
    stage = execute.find(params, step, wildcards)
    recorded = _can_record()
    if execute.run(step, wildcards) and recorded:
        _record(stage)


def _can_record() -> bool:
    """Say whether this project uses both drivers, and this environment has both."""
    if not bridge.is_on():
        return False
    try:
        versions.check()
    except (versions.BridgeError, PackageNotFoundError) as error:
        logger.warning("not recorded, so Snakemake and DVC will run this again: %s", error)
        return False
    state.read_lock()  # if it is damaged, that is told before a step runs for hours
    return True


def _record(stage: Stage) -> None:
    from dvc.exceptions import DvcException
    from dvc.lock import LockError

    values = tables.read()
    params = tables.parse(values)
    pipeline.write(params)
    pipeline.write_read_by_dvc(values, params)
    links.choose()
    compared = bridge.Bridge(values, {stage.name: stage})
    try:
        compared.commit(wait=False)
    except LockError:
        logger.warning(
            "%s: both drivers will know it at the next run of Snakemake, because another command "
            "holds DVC's lock",
            stage.name,
        )
    except DvcException as error:  # another command may have removed or replaced what this read
        logger.warning(
            "%s: DVC could not record it; the next run of Snakemake does, or makes it again: %s",
            stage.name,
            error,
        )
    compared.write_marks()
    compared.workspace.save()
