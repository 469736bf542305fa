"""versions: which versions of Snakemake and DVC are kept in step, and what is used of DVC.

Snakemake is told what to make through files alone. Of DVC private parts are used (the table in
ARCHITECTURE.md says why); a version that is newer than the tested ones is tried at start for each.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from inspect import signature
from types import MappingProxyType

SWITCH = "ELSEWHERE_BRIDGE"


@dataclass(frozen=True)
class Range:
    """Versions of a tool: the oldest and newest tested, and the first that is refused."""

    oldest: str
    newest: str
    below: str


RANGES = {
    "snakemake": Range("9.1.11", "9.27.1", "10"),
    "dvc": Range("3.66.0", "3.67.1", "4"),
}

# module and name to the parameters that are passed
PARTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "dvc.config:Config.load_one": ("level",),
        "dvc.data_cloud:DataCloud.pull": ("objs",),
        "dvc.exceptions:DvcException": (),
        "dvc.lock:LockError": (),
        "dvc.lock:LockBase.lock": (),
        "dvc.lock:LockBase.unlock": (),
        "dvc.output:Output.get_obj": (),
        "dvc.repo:Repo.index": (),
        "dvc.repo:Repo.scm_context": (),
        "dvc.repo.scm_context:SCMContext.track_file": ("paths",),
        "dvc.stage:Stage.addressing": (),
        "dvc.stage:Stage.dump": ("kwargs",),
        "dvc.stage:Stage.save": ("run_cache",),
        "dvc.stage:Stage.commit": ("kwargs",),
        "dvc.stage.cache:RunCacheNotFoundError": (),
        "dvc.stage.cache:StageCache.restore": ("stage",),
        "dvc.stage.serialize:to_single_stage_lockfile": ("stage",),
        "dvc.utils:dict_sha256": ("d",),
        "dvc.utils.serialize:dumps_yaml": ("d",),
        "dvc_data.hashfile.hash_info:HashInfo": ("name", "value"),
    }
)


class BridgeError(RuntimeError):
    """Snakemake and DVC cannot be kept in step."""


def check() -> None:
    """Raise BridgeError if a tool is not of a version that can be kept in step with the other."""
    from importlib.metadata import version

    for tool, known in RANGES.items():
        found = version(tool)
        if not _number(known.oldest) <= _number(found) < _number(known.below):
            raise BridgeError(
                f"{tool} is {found}, but it is kept in step from {known.oldest} on and below "
                f"{known.below}: {_what_to_do(tool)}"
            )
    if _number(version("dvc")) > _number(RANGES["dvc"].newest):
        _check_parts(version("dvc"))


def _check_parts(found: str) -> None:
    gone = missing()
    if gone:
        raise BridgeError(f"dvc is {found}, which no longer has {gone[0]}: {_what_to_do('dvc')}")


def missing() -> list[str]:
    """Return the parts of DVC that it does not have, or that do not take what is passed."""
    return [part for part, passed in PARTS.items() if not _has(part, passed)]


def _has(part: str, passed: tuple[str, ...]) -> bool:
    module, _, path = part.partition(":")
    try:
        found = import_module(module)
        for name in path.split("."):
            found = getattr(found, name)
    except (ImportError, AttributeError):
        return False
    return not passed or {*passed} <= {*signature(found).parameters}  # type: ignore[arg-type]


def _what_to_do(tool: str) -> str:
    return (
        f"install {tool}=={RANGES[tool].newest}, or set {SWITCH}=off to run Snakemake without DVC"
    )


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)[:3]))
