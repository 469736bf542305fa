"""export: the folder that a finished federation leaves: model, scores, agreement, ledger."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from elsewhere.carriers.outbox import LEDGER
from elsewhere.federation import agreement as agreements
from elsewhere.federation import wire
from elsewhere.federation.agreement import Agreement
from elsewhere.federation.wire import RefusedError
from elsewhere.files import whole

DIGESTS = "digests.json"
MODEL_FILES = ("model.safetensors", "run.json")
SCORES = "scores"


def checked(scores: Any, sites: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Return scores by hospital, as they came over the network.

    Raises
    ------
    RefusedError
        If they are no table of members.
    """
    if not isinstance(scores, dict) or not set(scores) <= set(sites):
        raise RefusedError(f"the scores are not those of {', '.join(sites)}")
    if not all(isinstance(one, dict) for one in scores.values()):
        raise RefusedError("the scores of a hospital are no table")
    return scores


def write(home: Path, scores: Mapping[str, Any], *, model: Path, to: Path) -> None:
    """Write the folder, whole or not at all.

    Parameters
    ----------
    home
        The hospital's folder, with the agreement and the outbox.
    scores
        By hospital.
    model
        Folder with `MODEL_FILES`.
    to
        The folder that is written: `MODEL_FILES`, the agreement, this hospital's ledger, the
        scores of each hospital, and `DIGESTS`, the SHA-256 of every file.
    """
    with whole(to) as part:
        (part / SCORES).mkdir(parents=True)
        for name in MODEL_FILES:
            shutil.copy(model / name, part / name)
        shutil.copy(home / agreements.FILE, part / agreements.FILE)
        shutil.copy(home / "outbox" / LEDGER, part / LEDGER)
        for site, one in scores.items():
            text = json.dumps(one, indent=1, sort_keys=True, allow_nan=False)
            (part / SCORES / f"{site}.json").write_text(f"{text}\n", "utf-8")
        digests = json.dumps(_digests(part), indent=1, sort_keys=True)
        (part / DIGESTS).write_text(f"{digests}\n", "utf-8")


def read(folder: Path) -> Agreement:
    """Return the agreement of such a folder after checking every file of it.

    Raises
    ------
    RefusedError
        If a file is missing, was added or changed.
    """
    path = folder / DIGESTS
    if not path.exists():
        raise RefusedError(f"{path} is missing: this is no folder that a federation wrote")
    known, found = json.loads(path.read_text("utf-8")), _digests(folder)
    wrong = [name for name in sorted({*known, *found}) if known.get(name) != found.get(name)]
    if wrong:
        raise RefusedError(f"{folder / wrong[0]} is not what was written; copy the folder again")
    return Agreement.read(folder / agreements.FILE)


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != DIGESTS)
    return {path.relative_to(folder).as_posix(): wire.digest(path.read_bytes()) for path in files}
