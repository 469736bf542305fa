"""state: the state of each stage in the workspace, and in dvc.lock."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from elsewhere.design import reading
from elsewhere.design.code import remember
from elsewhere.design.fingerprint import Hashes, digest, md5
from elsewhere.design.plan import code_text, stage_settings
from elsewhere.design.stage import LISTED, Stage
from elsewhere.files import whole

LOCK = Path("dvc.lock")
RAW = "data/raw/"
MEMORY = Path(".elsewhere/hashes.json")  # of files in the workspace
LOCK_MEMORY = Path(".elsewhere/lock.json")
RAW_MARKS = Path(".elsewhere/raw")
SENT = Path(".elsewhere/sent")  # jobs were sent to a cluster, and may be there still
STAGE_MARKS = ".elsewhere/marks"
CODE = "its code differs"
_DAMAGED = (
    "{path} cannot be read: {why}. Bring it back by `git checkout {path}`, or delete it and run "
    "`snakemake -j8`, which writes it again"
)
_YOUNG_S = 10.0  # after which nobody is still writing dvc.lock
_WRITING_S = 30.0  # until it is called damaged, however often it was written meanwhile
_PAUSE_S = 0.2
# what lies beside a file of the same stage that stands for it, see `rule_outputs`
BESIDE = (*LISTED, "outlines", "figures", "readers")


@dataclass(frozen=True)
class State:
    """What a stage was made from, and its outputs: paths to DVC's hashes, keys to values.

    DVC notes the file of the settings with them, and counts another file as another setting.
    """

    command: str
    deps: Mapping[str, str | None]
    settings: Mapping[str, Any]
    outs: Mapping[str, str | None]
    settings_file: str = ""

    def made_by(self, other: State) -> bool:
        """Say whether both have the same command, inputs, code and settings."""
        return self == replace(other, outs=self.outs)

    def digest(self, stage: Stage) -> str:
        """Return the digest that Snakemake is given as a param of the stage's job."""
        return digest(self.command, self.settings, str(self.deps.get(stage.code_list)))


def difference(stage: Stage, now: State, lock: State | None) -> str:
    """Say how a stage differs from its entry in dvc.lock; `CODE` if in its code alone."""
    if lock is None:
        return "it was never made"
    if now.outs != lock.outs:
        return "its outputs are not those that were made"
    if now.settings != lock.settings or now.command != lock.command:
        return "its settings differ"
    if any(now.deps[path] != lock.deps.get(path) for path in stage.compared):
        return "its inputs differ"
    return CODE if now != lock else ""


def is_as(lock: State | None, now: State, absent: Sequence[str]) -> bool:
    """Return whether dvc.lock has a stage as it is now, leaving out inputs that are absent."""
    if lock is None:
        return False
    return now == replace(lock, deps={**lock.deps, **dict.fromkeys(absent)})


def mark(path: str) -> str:
    """Return the small file through which Snakemake sees the raw data of a site."""
    return f"{RAW_MARKS}/{path.removeprefix(RAW)}.md5"


def stage_mark(stage: Stage) -> str:
    """Return the small file by whose time Snakemake knows whether to make a stage."""
    return f"{STAGE_MARKS}/{stage.name}"


def rule_outputs(stage: Stage) -> list[str]:
    """Return the outputs that Snakemake tracks.

    A folder's content is listed with hashes in a file written beside it (manifest, index, outlined,
    report), so that file stands for it: Snakemake knows a folder only by its time. The manifest
    stands for the table of readers too, which not every site has.
    """
    return [path for name, path in stage.outputs.items() if name not in BESIDE]


def rule_inputs(stage: Stage) -> list[str]:
    """Return the inputs that Snakemake tracks, sorted."""
    inputs = {stage_mark(stage)}
    for name, paths in stage.inputs.items():
        if name in BESIDE:
            continue
        for path in paths.values() if isinstance(paths, dict) else [paths]:
            inputs.add(mark(path) if path.startswith(RAW) else path)
    return sorted(inputs)


class Workspace:
    """Reads the state of stages; hashes are remembered between processes.

    A path is looked at once until `look_again`: many stages read the same files.
    """

    def __init__(self, values: Mapping[str, Any], hashes: Hashes) -> None:
        self.values = dict(values)
        self.hashes = hashes
        self._seen: dict[str, str | None] = {}
        self._raw: dict[str, str | None] = {}
        self._code: dict[str, str] = {}

    def look_again(self) -> None:
        """Forget what files and folders were, for they may have changed; raw data and code stay."""
        self._seen = {}

    def _content(self, path: str) -> str | None:
        if path not in self._seen:
            self._seen[path] = self.hashes.any(path)
        return self._seen[path]

    def save(self) -> None:
        """Keep for later processes what was read of files."""
        self.hashes.save()
        remember()

    def raw(self, path: str) -> str | None:
        """Return the hash of a site's raw folder, or that in its .dvc file if it is absent."""
        if path not in self._raw:
            content_hash = self.hashes.folder(path)
            tracked = Path(f"{path}.dvc")
            if content_hash is None and tracked.is_file():
                content_hash = reading.read(tracked)["outs"][0]["md5"]
            self._raw[path] = content_hash
        return self._raw[path]

    def code(self, stage: Stage) -> str:
        """Return the hash that the list of a stage's code has, or would have if written now."""
        if stage.code_list not in self._code:
            self._code[stage.code_list] = md5(code_text(stage, self.hashes))
        return self._code[stage.code_list]

    def digest(self, stage: Stage) -> str:
        """Return the digest of a stage: of its command, settings and code when first asked for."""
        return digest(stage.command, stage_settings(stage, self.values), self.code(stage))

    def now(self, stage: Stage) -> State:
        """Return the state of a stage in the workspace."""
        files = {
            path: self.raw(path) if path.startswith(RAW) else self._content(path)
            for path in stage.compared
        }
        return State(
            command=stage.command,
            deps={**files, stage.code_list: self.code(stage)},
            settings=stage_settings(stage, self.values),
            outs={path: self._content(path) for path in stage.outputs.values()},
            settings_file=stage.settings_file,
        )

    def write_marks(self, stages: Mapping[str, Stage]) -> None:
        """Bring the marks of all raw folders up to date; an unchanged one is not touched."""
        for stage in stages.values():
            for path in (path for path in stage.files if path.startswith(RAW)):
                target, content = Path(mark(path)), f"{self.raw(path)}\n"
                if self.raw(path) is None:
                    target.unlink(missing_ok=True)
                elif not target.is_file() or target.read_text(encoding="utf-8") != content:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_text(content, encoding="utf-8")


def locked(entry: Mapping[str, Any] | None) -> State | None:
    """Return the state of a stage in dvc.lock, None if it has no entry."""
    if entry is None:
        return None
    settings_file, settings = next(iter(entry.get("params", {}).items()), ("", {}))
    return State(
        command=entry["cmd"],
        # earlier versions noted folders that a table lists, too; DVC passes over them
        deps={
            dep["path"]: dep.get("md5")
            for dep in entry.get("deps", [])
            if dep["path"].rpartition("/")[2] not in LISTED
        },
        settings=settings,
        outs={out["path"]: out.get("md5") for out in entry.get("outs", [])},
        settings_file=settings_file,
    )


def read_lock(path: Path = LOCK) -> dict[str, Any]:
    """Return the stages of dvc.lock, none if there is no such file.

    DVC writes it in place: one that was written just now and is not whole is soon read again.

    Raises
    ------
    ParamsError
        If it cannot be read; the message says what brings it back.
    """
    began = time.monotonic()
    while True:
        try:
            return _stages(path)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            if not is_young(path) or time.monotonic() - began > _WRITING_S:
                why = " ".join(str(error).split())
                raise reading.ParamsError(_DAMAGED.format(path=path, why=why)) from error
        time.sleep(_PAUSE_S)


def is_young(path: Path = LOCK) -> bool:
    """Say whether dvc.lock was written just now, by the clock of whichever machine."""
    return path.is_file() and abs(time.time() - path.stat().st_mtime) < _YOUNG_S


def _stages(path: Path) -> dict[str, Any]:
    """Return the stages of dvc.lock.

    YAML takes 1.5 ms for each stage, and JSON a fiftieth of it: what was read is kept beside, by
    the hash of the file and of the code that reads it.
    """
    if not path.is_file():
        return {}
    memory = path.parent / LOCK_MEMORY
    text = path.read_text(encoding="utf-8")
    key = md5(text + Path(reading.__file__).read_text(encoding="utf-8"))
    known = _remembered(memory, key)
    if known is not None:
        return known
    stages = dict(reading.plain(text, str(path)).get("stages", {}))
    for entry in stages.values():
        locked(entry)  # an error, if it is not whole
    if os.access(memory.parent, os.W_OK):
        # it is but a memory, and jobs on other machines may write it at the same moment
        with suppress(OSError), whole(memory) as part:
            part.write_text(json.dumps({"key": key, "stages": stages}), encoding="utf-8")
    return stages


def _remembered(memory: Path, key: str) -> dict[str, Any] | None:
    """Return the stages that were kept with a key; a file that cannot be read keeps none."""
    try:
        kept = json.loads(memory.read_text(encoding="utf-8"))
        return dict(kept["stages"]) if kept["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
