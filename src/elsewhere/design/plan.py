"""plan: what one stage is handed, from the params and the code that stand on disk now."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elsewhere.design import params as tables
from elsewhere.design.fingerprint import Hashes, digest, md5
from elsewhere.design.job import Job
from elsewhere.design.stage import Paths, Stage


@dataclass(frozen=True)
class Handed:
    """A job, the fields of its step's `Settings`, and the digest of what makes it."""

    job: Job
    settings: dict[str, Any]


def code_text(stage: Stage, hashes: Hashes) -> str:
    """Return the content of a stage's `code_list`: hash and path of each source file."""
    return "".join(f"{hashes.file(path)}  {path}\n" for path in stage.code)


def stage_digest(stage: Stage, values: dict[str, Any], hashes: Hashes) -> str:
    """Return the digest of a stage's command, settings and code."""
    settings = {key: tables.at_key(values, key) for key in stage.keys}
    return digest(stage.command, settings, md5(code_text(stage, hashes)))


def hand(stage: Stage, params: tables.Params, values: dict[str, Any]) -> Handed:
    """Resolve a stage to what its step's ``run`` takes."""
    job = Job(
        name=stage.name,
        wildcards=stage.wildcards,
        inputs={name: _paths(found) for name, found in stage.inputs.items()},
        outputs={name: Path(found) for name, found in stage.outputs.items()},
        members=stage.members,
        digest=stage_digest(stage, values, Hashes()),
    )
    settings = {field: _resolve(params, keys) for field, keys in stage.settings.items()}
    return Handed(job, settings)


def _paths(found: Paths) -> Path | dict[str, Path]:
    if isinstance(found, dict):
        return {name: Path(path) for name, path in found.items()}
    return Path(found)


def _resolve(params: tables.Params, keys: Paths) -> Any:
    if isinstance(keys, dict):
        return {name: tables.at_key(params, key) for name, key in keys.items()}
    return tables.at_key(params, keys)
