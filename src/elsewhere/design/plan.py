"""plan: resolve a stage to the job and settings for its step, from current params and code."""

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
    """A job, and the fields of its step's `Settings`."""

    job: Job
    settings: dict[str, Any]


def code_text(stage: Stage, hashes: Hashes) -> str:
    """Return the content of a stage's `code_list`: hash and path of each source file."""
    return "".join(f"{hashes.file(path)}  {path}\n" for path in stage.code)


def stage_settings(stage: Stage, values: dict[str, Any]) -> dict[str, Any]:
    """Return the settings on which a stage depends, by their dotted keys."""
    return {key: tables.at_key(values, key) for key in stage.keys}


def stage_digest(stage: Stage, values: dict[str, Any], hashes: Hashes) -> str:
    """Return the digest of a stage's command, settings and code."""
    return digest(stage.command, stage_settings(stage, values), md5(code_text(stage, hashes)))


def hand(stage: Stage, params: tables.Params, values: dict[str, Any]) -> Handed:
    """Return the arguments of the step's ``run`` for a stage."""
    job = Job(
        name=stage.name,
        wildcards=stage.wildcards,
        inputs={name: _paths(path_or_table) for name, path_or_table in stage.inputs.items()},
        outputs={name: Path(path) for name, path in stage.outputs.items()},
        members=stage.members,
        digest=stage_digest(stage, values, Hashes()),
    )
    return Handed(job, step_settings(stage, params))


def step_settings(stage: Stage, params: tables.Params) -> dict[str, Any]:
    """Return the fields of the step's `Settings` for a stage."""
    return {field: _resolve(params, keys) for field, keys in stage.settings.items()}


def _paths(path_or_table: Paths) -> Path | dict[str, Path]:
    if isinstance(path_or_table, dict):
        return {name: Path(path) for name, path in path_or_table.items()}
    return Path(path_or_table)


def _resolve(params: tables.Params, keys: Paths) -> Any:
    if isinstance(keys, dict):
        return {name: tables.at_key(params, key) for name, key in keys.items()}
    return tables.at_key(params, keys)
