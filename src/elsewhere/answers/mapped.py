"""mapped: the Grad-CAM map of a scan of a finished cell, made in a limited process; no torch here.

The process is `mapping`.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from pathlib import Path

from elsewhere.answers import process
from elsewhere.design.serving import ServeRow
from elsewhere.design.tables import Params

# what the process writes below `work`; `imaging.store` would be a seventh of a server's start
MAP, TOLD = "map.b2nd", "mapped.json"


@dataclass(frozen=True)
class OfScan:
    """Which map is wanted.

    Attributes
    ----------
    root
        Folder of the project.
    study, arm
        Names of rows.
    site
        Row of `sites`.
    scan
        A scan of the arm's test part at this site.
    finding
        The finding or class that is explained; None: the call.
    """

    root: Path
    study: str
    arm: str
    site: str
    scan: str
    finding: str | None = None


@dataclass(frozen=True)
class Mapped:
    """The map of a scan.

    Attributes
    ----------
    file
        uint8 ``[z, y, x]``, 255 at the maximum; its corners are those of the stored scan.
    run
        ``<fold>-<seed>`` of the model that looked.
    layer
        Name of the layer whose activations the map shows.
    against
        Whether it shows what speaks against what is explained, because nothing speaks for it.
    """

    file: Path
    run: str
    layer: str
    against: bool


def map_of(
    wanted: OfScan,
    *,
    params: Params,
    work: Path,
    limits: ServeRow,
    stop: threading.Event | None = None,
) -> Mapped:
    """Make the map of a scan with the first run of the arm that was tested on it.

    Parameters
    ----------
    wanted
        Names that are known to be there.
    params
        The settings of the project.
    work
        An existing private folder; the map is written into it.
    limits
        What it may cost.
    stop
        Set to end it.

    Raises
    ------
    elsewhere.answers.answer.Refused
        If the arm was not tested on the scan, has no map of it, or reached a limit.
    elsewhere.answers.process.Stopped
        If `stop` was set.
    """
    budget = params.budgets[params.budget_of(wanted.study, wanted.arm)]
    if budget.prediction.device != "cpu":  # CUDA reserves far more memory than it uses
        limits = limits.model_copy(update={"memory_gb": 0})
    names = (wanted.study, wanted.arm, wanted.site, wanted.scan, wanted.finding or "")
    process.run(
        "mapping",
        (str(wanted.root.resolve()), *names),
        work=work.resolve(),
        limits=limits,
        stop=stop,
    )
    told = json.loads((work / TOLD).read_text(encoding="utf-8"))
    return Mapped(work / MAP, **told)
