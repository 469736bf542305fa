"""bringing: brings what a finished federation left into the project, as a source of its graph."""

from __future__ import annotations

import re
from pathlib import Path

from elsewhere.carriers import export
from elsewhere.carriers.settled import settled
from elsewhere.design import paths
from elsewhere.design.rows import NAME_PATTERN
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
        If a file of the folder was changed, the arm is not what the federation trained, or the
        name is that of another federation's folder.
    """
    to = (project / paths.federation(_checked(name), export.DIGESTS)).parent
    agreement = export.read(folder)
    here = settled(project, agreement.model_copy(update={"study": study, "arm": arm}))
    if here.sites != agreement.sites:
        raise RefusedError(
            f"arm {arm} trains on {', '.join(here.sites)}, the federation on "
            f"{', '.join(agreement.sites)}; call the rows of `sites` alike"
        )
    here.require(agreement, at="this project")
    if here.method.batch_norm == "local":
        raise RefusedError(
            "with batch_norm: local each hospital keeps layers of its own, which did not come"
        )
    if to.exists() and not _same(folder, to):
        raise RefusedError(
            f"{to} is of another federation: choose another --name, or remove the folder"
        )
    with whole(to) as part:
        export.copy(folder, part)
    return agreement


def _checked(name: str) -> str:
    """Return the name of a folder in data/federations.

    Raises
    ------
    RefusedError
        If it would be a folder elsewhere, which would be replaced.
    """
    if not re.fullmatch(NAME_PATTERN, name):
        raise RefusedError(f"'{name}' is no name: small letters, digits, - and _")
    return name


def _same(one: Path, other: Path) -> bool:
    """Whether two folders are of one export; one that is damaged may be replaced."""
    files = [folder / export.DIGESTS for folder in (one, other)]
    return files[1].exists() and files[0].read_bytes() == files[1].read_bytes()
