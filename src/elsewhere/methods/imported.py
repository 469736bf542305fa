"""imported: take over the model that hospitals trained together, in place of a training here."""

from __future__ import annotations

import json
import shutil

from elsewhere.design.job import Job
from elsewhere.files import whole
from elsewhere.methods import record


def take_over(job: Job, *, name: str) -> None:
    """Write the outputs of the step `train` from what `elsewhere federation import` brought.

    Parameters
    ----------
    job
        Of the step `train`, with the inputs ``federation_model`` and ``federation_record``.
    name
        Folder of the federation in data/federations.

    Raises
    ------
    ValueError
        If the model is of another fold or seed than this run.
    """
    found = json.loads(job.path("federation_record").read_text(encoding="utf-8"))
    run = f"{found['fold']}-{found['seed']}"
    if run != job.wildcards["run"]:
        raise ValueError(
            f"data/federations/{name} has the model of run {run}, this is "
            f"{job.wildcards['run']}: the scale's seeds are others than the federation's"
        )
    with whole(job.outputs["model"]) as part:
        shutil.copy(job.path("federation_model"), part)
    about = {"arm": job.wildcards["arm"], "federation": name}
    record.write_json({**found, **about}, job.outputs["record"])
    record.write_history((), job.outputs["history"])
    record.write_json({"status": "trained at the hospitals"}, job.outputs["cost"])
