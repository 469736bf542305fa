"""asking: puts files from outside to an arm: intake, checks, prediction, and what it is worth."""

from __future__ import annotations

import threading
from pathlib import Path

from elsewhere.answers.answer import Answer
from elsewhere.design.serving import ServeRow


def ask(  # noqa: PLR0913 - a question has so many parts
    folder: Path,
    *,
    study: str,
    arm: str,
    work: Path,
    limits: ServeRow,
    site: str | None = None,
    stop: threading.Event | None = None,
) -> Answer:
    """Return what an arm says of the scans among some files.

    Parameters
    ----------
    folder
        A folder, a single file or a zip.
    study, arm
        Whose models are asked; they are trained and scored.
    work
        An existing private folder. Nothing outside it is written. Afterwards it has of each scan
        `volume-<number>.b2nd`, and of each answered scan `map-<number>.b2nd` where there is a map.
    limits
        What the question may bring and cost.
    site
        The site of the study that the files are from: where the arm has layers of its own for each
        site they are used, as in its cell. None: a place that the arm does not know.
    stop
        Set to take the question back.

    Raises
    ------
    Refused
        With a sentence for the person who asks.
    elsewhere.answers.process.Stopped
        If `stop` was set.
    """
    raise NotImplementedError
