"""cache: DVC's cache and run-cache, with the private parts that `versions` lists."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache as remembered
from pathlib import Path
from typing import Any

from elsewhere.design import reading
from elsewhere.design.fingerprint import Hashes
from elsewhere.drivers import dvc_config, links
from elsewhere.drivers.lock_text import updated
from elsewhere.drivers.state import LOCK, State
from elsewhere.files import whole

logger = logging.getLogger(__name__)

_ENTRY = re.compile("[0-9a-f]{64}")  # a transfer that was killed leaves other names beside these


@dataclass(frozen=True)
class Entry:
    """What was made before from the same inputs, settings and code.

    Attributes
    ----------
    outs
        Path to hash of each output.
    file
        The entry of the run-cache; None if dvc.lock says so.
    """

    outs: Mapping[str, str]
    file: Path | None = None

    @property
    def here(self) -> bool:
        """Whether the cache has all objects of each output."""
        return holds_all(self.outs)

    def prefer(self) -> None:
        """Make it the one that DVC takes, which is the newest: other machines made others."""
        if self.file is not None:
            newest = max(path.stat().st_mtime for path in self.file.parent.iterdir())
            os.utime(self.file, (newest + 1, newest + 1))


class Cache:
    """One opened DVC repository; opening costs half a second, so it is done only when needed."""

    def __init__(self, repo: Any) -> None:
        self._repo = repo
        self._stages = {stage.addressing: stage for stage in repo.index.stages}
        self._done: list[Any] = []
        self._is_hard = remembered(
            lambda: links.is_hard(repo.cache.local.cache_types, dvc_config.cache_folder())
        )

    def commit(self, name: str) -> None:
        """Put a stage's outputs into the cache, itself into the run-cache and dvc.lock."""
        stage = self._stages[name]
        stage.save(run_cache=all(out.use_cache for out in stage.outs))  # it would store the others
        if self._is_hard():
            links.share(_stored(stage))
        stage.commit(relink=False)
        self._done.append(stage)

    def fetch(self, contents: Iterable[str]) -> None:
        """Bring objects from the default remote into the cache, those that the remote has.

        Raises
        ------
        Exception
            Of any type, if the remote does not answer or refuses: each protocol has its own.
        """
        from dvc_data.hashfile.hash_info import HashInfo

        self._repo.cloud.pull({HashInfo("md5", content) for content in contents})

    def restore(self, name: str) -> bool:
        """Check a stage out, as dvc.lock or the run-cache has it; return whether it was there."""
        from dvc.exceptions import DvcException
        from dvc.stage.cache import RunCacheNotFoundError

        stage = self._stages[name]
        try:
            self._repo.stage_cache.restore(stage)
        except RunCacheNotFoundError:
            return False
        except DvcException as error:
            logger.warning("%s: in the run-cache, but cannot be checked out: %s", name, error)
            return False
        return True

    def save(self) -> None:
        """Write dvc.lock once for all that was committed."""
        from dvc.stage.serialize import to_single_stage_lockfile

        if not self._done:
            return
        old = LOCK.read_text(encoding="utf-8") if LOCK.is_file() else ""
        entries = {stage.name: to_single_stage_lockfile(stage) for stage in self._done}
        new = updated(old, entries)
        if new is None:
            for stage in self._done:
                stage.dump(update_pipeline=False)
        elif new != old:
            with whole(LOCK) as part:
                part.write_text(new, encoding="utf-8")
            self._repo.scm_context.track_file(str(LOCK))
        self._done = []


@contextmanager
def opened(*, wait: bool = True) -> Iterator[Cache]:
    """Open and lock the repository, and write dvc.lock at the end, also on error.

    Parameters
    ----------
    wait
        Until the lock is free, however long; otherwise for three seconds, then raise LockError.
    """
    from dvc.repo import Repo

    repo = Repo()
    try:
        _lock(repo, wait=wait)
        try:
            cache = Cache(repo)
            try:
                yield cache
            finally:
                cache.save()
        finally:
            repo.lock.unlock()
    finally:
        repo.close()


def _stored(stage: Any) -> Iterator[tuple[str, Path]]:
    """Yield each file of the folders that a stage made, and where the cache keeps its content."""
    objects = _objects()
    for out in stage.outs:
        if out.use_cache and out.hash_info.isdir:
            for key, _, content in out.get_obj():
                yield os.path.join(out.fs_path, *key), objects / _place(content.value)


def _lock(repo: Any, *, wait: bool) -> None:
    from dvc.lock import LockError

    while True:
        try:
            repo.lock.lock()
        except LockError:
            if not wait:
                raise
        else:
            return


def run_cache_entries(state: State) -> list[Entry]:
    """Return what the run-cache has for this command, inputs and settings, the newest first.

    Looks the entries up by their file name alone, without opening the repository, so that a dry
    run can report what a real run would restore. One stage has several if machines that share a
    run-cache made it with other bytes.
    """
    from dvc.utils import dict_sha256

    if any(value is None for value in state.deps.values()):
        return []
    key = dict_sha256(_lock_entry(state))
    files = [*(dvc_config.cache_folder() / "runs" / key[:2] / key).glob("*")]
    newest = sorted(files, key=lambda path: path.stat().st_mtime, reverse=True)
    return [Entry(outs, file) for file in newest if (outs := _entry_outs(file))]


def _entry_outs(file: Path) -> dict[str, str]:
    """Return the outputs of an entry of the run-cache; none if it is not whole."""
    if not _ENTRY.fullmatch(file.name):
        return {}
    try:
        return {out["path"]: out["md5"] for out in reading.read(file)["outs"]}
    except (reading.ParamsError, KeyError, TypeError):
        return {}


def holds(outs: Mapping[str, str | None]) -> bool:
    """Return whether the cache has an object for each output."""
    objects = _objects()
    return all(md5 is not None and (objects / _place(md5)).is_file() for md5 in outs.values())


def holds_all(outs: Mapping[str, str | None]) -> bool:
    """Return whether the cache has an object for each output, and all that a folder lists.

    A list can be there without its files, when a `dvc pull` was killed.
    """
    objects = _objects()
    listed = (name for md5 in outs.values() for name in _listed(objects, str(md5)))
    return holds(outs) and all((objects / _place(name)).is_file() for name in listed)


def remove_damaged(content: str) -> list[str]:
    """Remove the damaged objects of an output from the cache; return their names.

    Parameters
    ----------
    content
        Hash of the output, which is the name of its object; ``<hash>.dir`` names a list of objects.
    """
    objects, hashes, damaged = _objects(), Hashes(), []
    for name in (content, *_listed(objects, content)):
        file = objects / _place(name)
        if hashes.file(file) not in (None, name.removesuffix(".dir")):
            file.unlink()
            damaged.append(name)
    return damaged


def _listed(objects: Path, content: str) -> list[str]:
    """Return the objects that the object of a folder names; none if it cannot be read."""
    if not content.endswith(".dir"):
        return []
    try:
        text = (objects / _place(content)).read_text("utf-8")
        return [str(row["md5"]) for row in json.loads(text)]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _objects() -> Path:
    return dvc_config.cache_folder() / "files" / "md5"


def _place(md5: str) -> str:
    return f"{md5[:2]}/{md5[2:]}"


def _lock_entry(state: State) -> dict[str, Any]:
    deps = [{"path": p, "hash": "md5", "md5": state.deps[p]} for p in sorted(state.deps)]
    entry: dict[str, Any] = {"cmd": state.command, "deps": deps}
    if state.settings:
        entry["params"] = {state.settings_file: dict(sorted(state.settings.items()))}
    entry["outs"] = sorted(state.outs)
    return entry
