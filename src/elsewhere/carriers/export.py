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
from elsewhere.federation.disk import readable
from elsewhere.federation.wire import RefusedError
from elsewhere.files import escaped, whole

DIGESTS = "digests.json"
MODEL_FILES = ("model.safetensors", "run.json")
SCORES = "scores"
STATES = ("ok", "undefined", "not run")
LONGEST = 10**6  # bytes of the scores of all hospitals
LARGEST = 1e15


def table(text: bytes) -> Any:
    """Return scores, as they came over the network or stand in a file.

    Raises
    ------
    RefusedError
        If they are too long, or no JSON.
    """
    if len(text) > LONGEST:
        raise RefusedError(f"the scores have {len(text)} bytes, more than {LONGEST}")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RefusedError("the scores are no JSON") from error


def checked(scores: Any, sites: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Return scores by hospital, as `table` gives them, if they are what hospitals publish.

    They come from other machines, and their texts go into tables and reports: each is one line of
    plain letters, each number is finite.

    Raises
    ------
    RefusedError
        If they are no table of members, or hold something else.
    """
    if not isinstance(scores, dict) or not set(scores) <= set(sites):
        raise RefusedError(f"the scores are not those of {', '.join(sites)}")
    for site, one in scores.items():
        if not isinstance(one, dict):
            raise RefusedError("the scores of a hospital are no table")
        parts = one.get("parts", {})
        cells: list[Any] = [*parts.values()] if isinstance(parts, dict) else [None]
        cells += [one["all_classes"]] if "all_classes" in one else []
        about = {key: value for key, value in one.items() if key not in ("parts", "all_classes")}
        if not all(map(_plain, [about, *cells])) or not all(map(_text, parts)):
            raise RefusedError(f"the scores of {site} are no numbers and short texts alone")
        stated = [cell.get("status") in STATES for cell in cells]
        complete = one.get("site") == site and all(stated) if cells else "reason" in one
        if not complete:
            raise RefusedError(f"the scores of {site} say not of what they are")
    return scores


def _plain(values: Any) -> bool:
    """Whether these are numbers and short texts by name."""
    return isinstance(values, dict) and all(
        _text(name) and (value is None or _text(value) or _finite(value))
        for name, value in values.items()
    )


def _finite(value: Any) -> bool:
    return isinstance(value, (int, float)) and abs(value) < LARGEST  # a NaN is not


def _text(value: Any) -> bool:
    """Whether it can stand in a table: one line; no program takes it for a formula or a tag."""
    return isinstance(value, str) and (
        len(value) < wire.LONGEST
        and value.isprintable()
        and escaped(value) == value
        and not set(value) & set("<>")
    )


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
            (part / SCORES / f"{site}.json").write_bytes(readable(one))
        (part / DIGESTS).write_bytes(readable(_digests(part)))


def read(folder: Path) -> Agreement:
    """Return the agreement of such a folder after checking every file of it.

    Raises
    ------
    RefusedError
        If a file is missing, was added or changed, or is a link, or scores are not `checked`.
    """
    path = folder / DIGESTS
    if not path.exists():
        raise RefusedError(f"{path} is missing: this is no folder that a federation wrote")
    known, found = _known(path), _digests(folder)
    wrong = [name for name in sorted({*known, *found}) if known.get(name) != found.get(name)]
    if wrong:
        raise RefusedError(f"{folder / wrong[0]} is not what was written; copy the folder again")
    agreement = Agreement.read(folder / agreements.FILE)
    scores = {f"{SCORES}/{site}.json": site for site in agreement.sites}
    expected = {*MODEL_FILES, agreements.FILE, LEDGER, *scores}
    if set(found) != expected:
        name = min(set(found) ^ expected)
        raise RefusedError(f"{folder / name} is missing, or belongs to no such folder")
    for name, site in scores.items():
        checked({site: table((folder / name).read_bytes())}, agreement.sites)
    return agreement


def copy(folder: Path, to: Path) -> None:
    """Copy such a folder, after `read`: the files that it lists and nothing else."""
    for name in [*_known(folder / DIGESTS), DIGESTS]:
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / name, to / name, follow_symlinks=False)


def _known(path: Path) -> dict[str, str]:
    known = table(path.read_bytes())
    if not isinstance(known, dict):
        raise RefusedError(f"{path} is no table of digests; copy the folder again")
    return known


def _digests(folder: Path) -> dict[str, str]:
    """Return the digest of each file but `DIGESTS`; a link could bring in what nobody sent."""
    digests = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise RefusedError(f"{path} is a link or no file; copy the folder again, without it")
        if path.is_file() and path.name != DIGESTS:
            digests[path.relative_to(folder).as_posix()] = wire.digest(path.read_bytes())
    return digests
