"""bridge: keeps Snakemake's records and dvc.lock in step, so that both plan the same.

Snakemake decides by modification times and its own notes, DVC by content and dvc.lock. When the
Snakefile is parsed, `before` (1) commits to DVC what Snakemake finished and DVC does not know yet,
for instance after `kill -9`; (2) checks out of DVC's run-cache what was made before from the same
inputs, settings and code; (3) writes Snakemake's notes for all that dvc.lock holds. `after` commits
what the run finished.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from elsewhere.design import params as tables
from elsewhere.design.fingerprint import Hashes
from elsewhere.design.graph import stages
from elsewhere.design.stage import Stage
from elsewhere.drivers import alone, cache, pipeline
from elsewhere.drivers.state import (
    RAW,
    State,
    Workspace,
    locked,
    read_lock,
    rule_inputs,
    rule_outputs,
)
from elsewhere.files import remove

logger = logging.getLogger(__name__)

MEMORY = Path(".elsewhere/hashes.json")
SWITCH = "ELSEWHERE_BRIDGE"
_TESTED = {"snakemake": "9.27.1", "dvc": "3.67.1"}


class BridgeError(RuntimeError):
    """Snakemake and DVC cannot be kept in step."""


def check_versions() -> None:
    """Raise BridgeError unless both tools are of the versions that this bridge was tested with."""
    from importlib.metadata import version

    for package, tested in _TESTED.items():
        if version(package) != tested:
            raise BridgeError(
                f"{package} is {version(package)}, but the bridge uses private parts of {tested}: "
                f"install {tested}, or set {SWITCH}=off to run Snakemake alone"
            )


def is_on() -> bool:
    """Say whether the bridge is on: in a DVC repository, unless switched off."""
    return Path(".dvc").is_dir() and os.environ.get(SWITCH, "on") != "off"


class Bridge:
    """One comparison of the graph, the workspace, dvc.lock and Snakemake's records."""

    def __init__(self, values: Mapping[str, Any], graph: Mapping[str, Stage]) -> None:
        from elsewhere.drivers.records import Records

        self.graph = graph
        self.workspace = Workspace(values, Hashes(MEMORY))
        self.workspace.write_marks(graph)
        self.lock = read_lock()
        self.records = Records(self.workspace)

    def state(self, name: str) -> tuple[State, State | None]:
        """Return a stage as it is now, and as dvc.lock has it."""
        return self.workspace.now(self.graph[name]), locked(self.lock.get(name))

    def stale(self) -> list[str]:
        """Return the stages that dvc.lock does not have as they are now."""
        return [name for name in self.graph if self.state(name)[0] != self.state(name)[1]]

    def commit(self, *, wait: bool = True) -> int:
        """Commit what Snakemake finished and DVC does not know; return how many stages.

        Parameters
        ----------
        wait
            As `record` takes it.
        """
        todo = [name for name in self.stale() if self._finished(name)]
        self.record(todo, wait=wait)
        return len(todo)

    def record(self, names: Sequence[str], *, wait: bool = True) -> None:
        """Commit stages, and with them that dvc.yaml and results/params.json are as they are now.

        All at once, because opening the repository takes a second in a large graph.

        Parameters
        ----------
        names
            Of the stages.
        wait
            As long as another command holds DVC's lock, or else raise DVC's LockError.
        """
        all_names = [*names, *(self._changed_graph() if names or self.lock else [])]
        if not all_names:
            return
        with cache.opened(wait=wait) as opened:
            for name in all_names:
                opened.commit(name)
        self.lock = read_lock()

    def _changed_graph(self) -> list[str]:
        entry = self.lock.get(pipeline.GRAPH, {})
        known = [*entry.get("deps", []), *entry.get("outs", [])]
        paths = (*pipeline.GRAPH_DEPS, *pipeline.GRAPH_OUTS)
        now = {path: self.workspace.hashes.any(path) for path in paths}
        same = {item["path"]: item["md5"] for item in known} == now
        return [] if same else [pipeline.GRAPH]

    def _finished(self, name: str) -> bool:
        """Say whether Snakemake made a stage's outputs as they are now.

        Snakemake's records do not say what is in a folder. The file beside it lists its content,
        so a folder that alone differs from dvc.lock was changed by hand.
        """
        now, lock = self.state(name)
        if lock is not None and now.made_by(lock):
            listed = rule_outputs(self.graph[name])
            same = all(now.outs[path] == lock.outs.get(path) for path in listed)
            if same and now.outs != lock.outs:
                return False
        return self.records.finished(self.graph[name], now)

    def restorable(self) -> dict[str, dict[str, str]]:
        """Return stale stages that the run-cache holds, with their outputs, in order."""
        entries: dict[str, dict[str, str]] = {}
        restored: dict[str, str] = {}
        blocked: set[str] = set()
        for name, stage in self.graph.items():
            now, lock = self.state(name)
            if blocked.intersection(stage.files):
                blocked.update(stage.outputs.values())
                continue
            future = replace(now, deps={p: restored.get(p, h) for p, h in now.deps.items()})
            if now == lock and future == now:
                continue
            entry = cache.run_cache_entry(future)
            if entry is None:
                blocked.update(stage.outputs.values())
            else:
                entries[name] = entry
                restored.update(entry)
        return entries

    def restore(self) -> int:
        """Check out of the run-cache what need not run; return how many stages."""
        todo = self.restorable()
        if not todo:
            return 0
        done, lost = 0, set[str]()
        with cache.opened() as opened:
            for name in todo:
                stage = self.graph[name]
                if lost.intersection(stage.files):
                    lost.update(stage.outputs.values())
                    continue
                # DVC refuses to overwrite files that it did not make
                for path in stage.outputs.values():
                    remove(Path(path))
                if opened.restore(name):
                    done += 1
                else:
                    lost.update(stage.outputs.values())
        self.lock = read_lock()
        return done

    def write_records(self) -> int:
        """Write Snakemake's notes for what dvc.lock holds; return how many stages changed."""
        changed = 0
        for name, stage in self.graph.items():
            now, lock = self.state(name)
            if lock is None:
                continue
            # Snakemake itself does not miss an input while the output is there
            absent = [path for path in stage.files if now.deps[path] is None]
            if all(path.startswith(RAW) for path in absent) and now.outs == lock.outs:
                changed += self.records.write(stage, lock, now)
                if now == lock and self._order_times(stage):
                    self.records.write(stage, lock, now)
            elif absent or not self._finished(name):
                self.records.forget(stage)
        return changed

    def _order_times(self, stage: Stage) -> bool:
        """Make outputs newer than inputs, or Snakemake would hash big inputs at each start."""
        times = [os.stat(path).st_mtime_ns for path in rule_inputs(stage) if os.path.exists(path)]
        newest, changed = max(times, default=0), False
        for path in rule_outputs(stage):
            status = os.lstat(path)
            if status.st_mtime_ns <= newest:
                os.utime(path, ns=(status.st_atime_ns, newest + 1000), follow_symlinks=False)
                changed = True
        return changed


def made_from(stage: Stage, path: str) -> bool:
    """Say whether a stage was made from a file as it is now, whatever its date; False if off."""
    from elsewhere.drivers.records import Records

    return is_on() and Records(Workspace({}, Hashes())).made_from(stage, path)


def before(*, dry: bool) -> None:
    """Bring both tools in step before Snakemake plans; if the bridge is off, only mark raw data.

    Parameters
    ----------
    dry
        Only report what a real run would restore: change no output, and not dvc.lock.

    Raises
    ------
    BridgeError
        If Snakemake or DVC is of another version than the tested one.
    """
    start = time.monotonic()
    values = tables.read()
    params = tables.parse(values)
    if is_on():
        check_versions()
    if not dry:
        alone.claim()
    if not is_on():
        workspace = Workspace(values, Hashes(MEMORY))
        workspace.write_marks(stages(params))
        workspace.hashes.save()
        return
    bridge = Bridge(values, stages(params))
    if dry:
        waiting = bridge.restorable() if bridge.lock else {}
        if waiting:
            _say(f"{len(waiting)} stages listed below are in the cache: a real run restores them")
    else:
        if pipeline.write(params):
            _say("dvc.yaml written anew: settings or code changed the graph")
        pipeline.write_read_by_dvc(values, params)
        committed, restored = bridge.commit(), bridge.restore() if bridge.lock else 0
        if committed or restored:
            _say(f"{committed} finished stages committed, {restored} restored from the cache")
    bridge.write_records()
    bridge.workspace.hashes.save()
    logger.debug("bridge: %.2f s", time.monotonic() - start)


def after() -> None:
    """Commit what Snakemake finished; settings are read again, they may have changed meanwhile."""
    values = tables.read()
    bridge = Bridge(values, stages(tables.parse(values)))
    committed = bridge.commit()
    bridge.workspace.hashes.save()
    _say(f"{committed} stages committed to dvc.lock")


def _say(text: str) -> None:
    sys.stderr.write(f"[elsewhere] {text}\n")


_NO_PLAN = {"--touch", "-t", "--unlock", "--lint", "--report", "--list-rules", "--summary", "--dag"}


def plans(workflow: Any) -> bool:
    """Say whether this Snakemake process is the one that plans a run."""
    return bool(workflow.is_main_process) and not _NO_PLAN.intersection(sys.argv)


def is_dry(workflow: Any) -> bool:
    """Say whether this is `snakemake -n`."""
    return workflow.output_settings is not None and bool(workflow.output_settings.dryrun)


def after_run() -> None:
    """Commit at the end of a run, unless the bridge is off."""
    if is_on():
        after()
