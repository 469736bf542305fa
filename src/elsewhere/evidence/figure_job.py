"""figure_job: what the figures of a study are given, finished or not."""

from __future__ import annotations

from pathlib import Path

from elsewhere.design.job import Job
from elsewhere.design.plan import step_settings
from elsewhere.design.stage import Stage
from elsewhere.design.tables import Params
from elsewhere.figures.given import Given, Settings


def given_of(stage: Stage, params: Params, *, top: Path = Path()) -> Given:
    """Return what the figures of a study are given, its files below a top folder.

    Parameters
    ----------
    stage
        Of the step `figure`; its files need not be there.
    params
        The settings.
    top
        Folder of the project.
    """
    inputs = {
        name: top / value if isinstance(value, str) else {k: top / v for k, v in value.items()}
        for name, value in stage.inputs.items()
    }
    outputs = {name: top / path for name, path in stage.outputs.items()}
    job = Job(stage.name, stage.wildcards, inputs, outputs, stage.members)
    return Given(job, Settings(**step_settings(stage, params)))
