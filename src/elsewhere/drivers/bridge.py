"""bridge: tells Snakemake and DVC of each other's work, so that both plan the same.

Snakemake decides by modification times, DVC by content and dvc.lock. When the Snakefile is parsed,
`before` (1) commits to DVC what Snakemake finished and DVC does not know yet, for instance after
`kill -9`; (2) checks out of DVC's run-cache what was made before from the same inputs, settings and
code; (3) marks for Snakemake what dvc.lock or a receipt shows, and what must be made. `after`
commits what the run finished.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Container, Mapping, Sequence
from functools import cache as remembered
from functools import partial
from pathlib import Path
from typing import Any

from elsewhere.design import params as tables
from elsewhere.design.fingerprint import Hashes
from elsewhere.design.graph import stages
from elsewhere.design.stage import Stage
from elsewhere.drivers import (
    alone,
    apart,
    cache,
    late,
    links,
    marks,
    pipeline,
    queued,
    receipts,
    remotes,
    restoring,
    versions,
)
from elsewhere.drivers.console import say
from elsewhere.drivers.state import LOCK, MEMORY, RAW, State, Workspace, is_as, locked, read_lock


def is_on() -> bool:
    """Say whether the bridge is on: in a DVC repository, unless switched off."""
    return Path(".dvc").is_dir() and os.environ.get(versions.SWITCH, "on") != "off"


class Bridge:
    """One comparison of the graph, the workspace, dvc.lock and the receipts of jobs."""

    def __init__(self, values: Mapping[str, Any], graph: Mapping[str, Stage]) -> None:
        self.graph = graph
        self.workspace = Workspace(values, Hashes(MEMORY))
        self.workspace.write_marks(graph)
        self.apart = apart.paths(graph, values.get("uncached", {}))
        self._look_again()

    def _look_again(self) -> None:
        """Forget the states of the stages: dvc.lock or outputs were changed."""
        self.workspace.look_again()
        self.lock = read_lock()
        self._states: dict[str, tuple[State, State | None]] = {}

    def state(self, name: str) -> tuple[State, State | None]:
        """Return a stage as it was when first asked for, and as dvc.lock has it."""
        if name not in self._states:
            lock = locked(self.lock.get(name))
            now = apart.filled(self.workspace.now(self.graph[name]), lock, self.apart)
            self._states[name] = now, lock
        return self._states[name]

    def stale(self) -> list[str]:
        """Return the stages that dvc.lock does not have as they are now."""
        return [name for name in self.graph if self.state(name)[0] != self.state(name)[1]]

    def commit(self, *, wait: bool = True) -> int:
        """Commit what Snakemake finished and DVC does not know; return how many, see `record`."""
        todo = [name for name in self.graph if self._is_uncommitted(name)]
        self.record(todo, wait=wait)
        return len(todo)

    def record(self, names: Sequence[str], *, wait: bool = True) -> None:
        """Commit stages, and with them that dvc.yaml and what it reads are as they are now.

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
        self._look_again()

    def _changed_graph(self) -> list[str]:
        entry = self.lock.get(pipeline.GRAPH, {})
        known = [*entry.get("deps", []), *entry.get("outs", [])]
        paths = (*pipeline.GRAPH_DEPS, *pipeline.GRAPH_OUTS)
        now = {path: self.workspace.hashes.any(path) for path in paths}
        same = {item["path"]: item["md5"] for item in known} == now
        return [] if same else [pipeline.GRAPH]

    def _finished(self, name: str, now: State) -> bool:
        """Return whether a job's receipt shows how a stage's outputs were made."""
        stage = self.graph[name]
        return receipts.holds(stage, now.digest(stage), self.workspace.hashes)

    def is_shown(self, name: str, *, again: bool = False) -> bool:
        """Return whether dvc.lock or a receipt has a stage as it is; `again`: as it is by now."""
        if again:
            self.workspace.look_again()
            self._states.pop(name, None)
        now, lock = self.state(name)
        return now == lock or self._finished(name, now)

    def _is_uncommitted(self, name: str) -> bool:
        """Return whether a finished stage is not in dvc.lock as it is, or not in the cache."""
        now, lock = self.state(name)
        if any(path.startswith(RAW) and not os.path.exists(path) for path in now.deps):
            return False  # DVC does not commit what was made of data that are not here
        cached = {path: now.outs[path] for path in now.outs.keys() - self.apart}
        return not cache.holds(cached) if now == lock else self._finished(name, now)

    def restorable(self) -> dict[str, cache.Entry]:
        """Return stale stages that were made before, with what was made, in order."""
        return restoring.restorable(self.graph, self.state)

    def restore(self) -> int:
        """Check out of the cache what need not run; return how many stages."""
        todo = self.restorable()
        if not todo:
            return 0
        away = sum(not entry.here for entry in todo.values())
        if away:
            say(f"{away} stages were made elsewhere: asking remote '{remotes.default()}' for them")
        for sentence in restoring.fetch(todo):
            say(sentence)
        restored = restoring.restore(todo, self.graph, self.workspace.hashes)
        for warning in restored.warnings:
            say(warning)
        self._look_again()
        return len(restored.stages)

    def report(self) -> None:
        """Say what a real run would restore; change no output, and not dvc.lock."""
        waiting = self.restorable()
        here = sum(entry.here for entry in waiting.values())
        if here:
            say(f"{here} stages listed below are in the cache: a real run restores them")
        if here < len(waiting):
            say(
                f"{len(waiting) - here} stages listed below were made elsewhere: a real run takes "
                f"their results from remote '{remotes.default()}', if it has them"
            )
        self.tell_unfetched(but=waiting)

    def tell_unfetched(self, *, but: Container[str] = ()) -> None:
        """Say how many stages of dvc.lock a `dvc pull` would bring, other than these."""
        remote = remotes.default()
        count = sum(
            remote is not None and self._is_unfetched(name)
            for name in self.graph
            if name not in but
        )
        if count:
            say(
                f"{count} stages stand in dvc.lock, but not all of their results are here: "
                f"`dvc pull` fetches them from remote '{remote}', or names what it has not"
            )

    def _is_unfetched(self, name: str) -> bool:
        now, lock = self.state(name)
        if lock is None or cache.holds_all(lock.outs):
            return False
        return any(now.outs.get(path) is None for path in lock.outs)

    def exchange(self, params: tables.Params) -> None:
        """Commit to DVC what was finished, and take from its cache what was made before."""
        if pipeline.write(params):
            say("dvc.yaml written anew: settings or code changed the graph")
        pipeline.write_read_by_dvc(self.workspace.values, params)
        links.choose()
        for name in remotes.verify():
            say(f"remote '{name}': verify = true is set, to find damaged objects")
        committed, restored = self.commit(), self.restore()
        if committed or restored:
            say(f"{committed} finished stages committed, {restored} restored from the cache")
        self.tell_unfetched()

    def write_marks(self) -> None:
        """Tell Snakemake by the marks of all stages which of them it need not make."""
        shown, called = dict[str, Stage](), dict[str, Stage]()
        for name, stage in self.graph.items():
            now, lock = self.state(name)
            # Snakemake itself does not miss an input while the output is there
            absent = [path for path in stage.compared if now.deps[path] is None]
            if all(path.startswith(RAW) for path in absent) and (
                is_as(lock, now, absent) or self._finished(name, now)
            ):
                shown[name] = stage
            else:
                called[name] = stage
        again = apart.makers(self.graph, called, self.apart)
        say(apart.sentence(again))
        called |= {name: shown.pop(name) for name in again}
        marks.write([*shown.values()], [*called.values()])
        late.note(called.values())


def made_from(stage: Stage, path: str) -> bool:
    """Return whether dvc.lock has a stage as made from a file as it is now; False if off."""
    if not is_on():
        return False
    written = os.stat(LOCK).st_mtime_ns if LOCK.is_file() else 0
    lock = locked(_lock_as_of(written).get(stage.name))
    made = lock is not None and lock.deps.get(path) == Hashes().any(path)
    return made and all(map(os.path.exists, stage.outputs.values()))


@remembered
def _lock_as_of(written: int) -> dict[str, Any]:
    """Return the stages of dvc.lock; read once, for it takes half a second in a large graph."""
    del written
    return read_lock()


def before(values: Mapping[str, Any], params: tables.Params, *, dry: bool) -> Workspace:
    """Bring both tools in step before Snakemake plans; return what to plan its jobs with.

    If the bridge is off, only dvc.lock is read.

    Parameters
    ----------
    values, params
        The settings, plain and checked.
    dry
        Only report what a real run would restore: change no output, and not dvc.lock.

    Raises
    ------
    BridgeError
        If Snakemake or DVC is of a version that cannot be kept in step.
    """
    alone.private()
    if is_on():
        versions.check()
    if not dry and alone.claim():
        queued.settle()
    bridge = Bridge(values, stages(params))
    if is_on():
        bridge.report() if dry else bridge.exchange(params)
    bridge.write_marks()
    bridge.workspace.save()
    return bridge.workspace


def after(*, seconds: float = 0) -> None:
    """Commit what Snakemake finished, after so long a wait at most for what is not seen here yet.

    Settings are read again, they may have changed meanwhile.
    """
    values = tables.read()
    bridge = Bridge(values, stages(tables.parse(values)))
    late.wait(partial(bridge.is_shown, again=True), seconds=seconds)
    committed = bridge.commit()
    bridge.workspace.save()
    say(f"{committed} stages committed to dvc.lock")


_NO_PLAN = {"--touch", "-t", "--unlock", "--lint", "--report", "--list-rules", "--summary", "--dag"}


def plans(workflow: Any) -> bool:
    """Say whether this Snakemake process is the one that plans a run."""
    return bool(workflow.is_main_process) and not _NO_PLAN.intersection(sys.argv)


def is_dry(workflow: Any) -> bool:
    """Say whether this is `snakemake -n`."""
    return workflow.output_settings is not None and bool(workflow.output_settings.dryrun)


def before_jobs(workflow: Any) -> None:
    """Let jobs that go to a cluster outlive this process; Snakemake now knows where they go."""
    if not workflow.local_exec:
        alone.lead_nobody()
        queued.note()


def after_run(workflow: Any) -> None:
    """Commit at the end of a run, unless the bridge is off."""
    if is_on():
        after(seconds=workflow.execution_settings.latency_wait)
