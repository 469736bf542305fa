"""bringing: brings what a finished federation left into the project, as a source of its graph."""

from __future__ import annotations

import shutil
from pathlib import Path

from elsewhere.carriers import export
from elsewhere.carriers.settled import settled
from elsewhere.design import paths
from elsewhere.federation.agreement import Agreement
from elsewhere.federation.wire import RefusedError
from elsewhere.files import whole


def bring(folder: Path, name: str, *, project: Path, study: str, arm: str) -> Agreement:
    """Copy the model and the scores of a federation to data/federations.

    Parameters
    ----------
    folder
        The folder `export` of a hospital.
    name
        Of the new folder in data/federations.
    project
        Top folder of the project.
    study, arm
        The arm that is to take the model over.

    Returns
    -------
    Agreement
        That of the federation.

    Raises
    ------
    RefusedError
        If a file of the folder was changed, or the arm is not what the federation trained.
    """
    agreement = export.read(folder)
    here = settled(project, agreement.model_copy(update={"study": study, "arm": arm}))
    if here.sites != agreement.sites:
        raise RefusedError(
            f"arm {arm} trains on {', '.join(here.sites)}, the federation on "
            f"{', '.join(agreement.sites)}; call the rows of `sites` alike"
        )
    agreement.require(here.digests(), at="this project")
    if here.method.batch_norm == "local":
        raise RefusedError(
            "with batch_norm: local each hospital keeps layers of its own, which did not come"
        )
    with whole((project / paths.federation(name, export.DIGESTS)).parent) as part:
        shutil.copytree(folder, part)
    return agreement
