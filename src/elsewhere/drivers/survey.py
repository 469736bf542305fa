"""survey: how each stage stands, told in milliseconds from small files alone.

Both drivers hash what they compare, which takes minutes with real data. Here a stage is done if
dvc.lock or its receipt was written with the settings and the code of now, for inputs that are
recorded as their makers' outputs, and if its outputs are there with the sizes that DVC noted. So a
file that somebody changed by hand without changing its size is not noticed, nor are raw data that
changed since Snakemake looked at them last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from elsewhere.design import params as tables
from elsewhere.design.fingerprint import Hashes, files_below, md5
from elsewhere.design.graph import stages
from elsewhere.design.plan import code_text
from elsewhere.design.stage import SOURCE, Stage
from elsewhere.drivers import alive, logs, receipts, stage_lock
from elsewhere.drivers.alive import Driver
from elsewhere.drivers.compared import Compared
from elsewhere.drivers.recorded import Records

State = Literal["done", "running", "failed", "waiting", "stale"]
STATES: tuple[State, ...] = ("done", "running", "failed", "waiting", "stale")
_CODE = f"{SOURCE}/elsewhere"


@dataclass(frozen=True)
class Standing:
    """How a stage stands.

    Attributes
    ----------
    stage
        The stage.
    state
        What is known of it; "waiting" was never made, "stale" was made from something else.
    why
        Of a stage that is stale: what differs; that failed: the reason; that waits: what it waits
        for.
    said
        How far a running one says to be, None if it has said nothing yet.
    driver
        Who started a running one.
    since
        When a running one began, or a failed one ended, in seconds since 1970.
    """

    stage: Stage
    state: State
    why: str = ""
    said: str | None = None
    driver: str = ""
    since: float | None = None


@dataclass(frozen=True)
class Looked:
    """All stages of the settings at one time, in order, and the drivers that run.

    Attributes
    ----------
    trouble
        Why no stage is known, empty if they are.
    """

    standings: tuple[Standing, ...]
    drivers: tuple[Driver, ...]
    trouble: str = ""


class Survey:
    """Looks at a project again and again, and reads again only what changed.

    Parameters
    ----------
    root
        Its folder.
    """

    def __init__(self, root: Path = Path()) -> None:
        self._root = root
        self._records = Records(root)
        self._hashes = Hashes()
        self._kept: dict[str, tuple[Any, Any]] = {}

    def look(self) -> Looked:
        """Return how all stages stand now."""
        drivers = tuple(alive.drivers(self._root))
        try:
            values, graph = self._graph()
        except (tables.ParamsError, UnicodeError) as error:
            return Looked((), drivers, f"The settings cannot be used: {error}")
        compared = Compared(self._root, values, self._code(graph))
        all_stages = (self._standing(stage, compared, drivers) for stage in graph.values())
        return Looked(tuple(all_stages), drivers)

    def _graph(self) -> tuple[dict[str, Any], dict[str, Stage]]:
        settings = [self._root / "params.yaml", *_below(self._root / "config")]
        state = tuple(_state(path) for path in settings)
        if self._kept.get("graph", (None,))[0] != state:
            values = tables.read(self._root)
            self._kept["graph"] = (state, (values, stages(tables.parse(values))))
        found: tuple[dict[str, Any], dict[str, Stage]] = self._kept["graph"][1]
        return found

    def _code(self, graph: Mapping[str, Stage]) -> dict[str, str]:
        """Return the hash of each list of code, as the source files are now."""
        lists = {stage.code_list: stage for stage in graph.values()}
        if self._root.resolve() != Path.cwd():  # a stage names its files from the working folder
            known = {path: self._hashes.file(self._root / path) for path in lists}
            return {path: found for path, found in known.items() if found}
        state = (*lists, *(_state(path) for path in _below(self._root / _CODE)))
        if self._kept.get("code", (None,))[0] != state:
            found = {path: md5(code_text(one, self._hashes)) for path, one in lists.items()}
            self._kept["code"] = (state, found)
        code: dict[str, str] = self._kept["code"][1]
        return code

    def _standing(self, stage: Stage, compared: Compared, drivers: tuple[Driver, ...]) -> Standing:
        records = [*self._records.of(stage)]
        why = compared.difference(stage, records)
        failed = self._failed(stage) if why else None
        # asked afterwards: a job that begins meanwhile has written its lock and nothing else
        holder = stage_lock.holder(stage.name, root=self._root)
        if holder is not None:
            return self._running(stage, holder.driver)
        if not why:
            return Standing(stage, "done")
        if failed is not None and all(driver.since <= failed[1] for driver in drivers):
            return Standing(stage, "failed", failed[0], since=failed[1])
        return Standing(stage, "stale" if records else "waiting", why)

    def _running(self, stage: Stage, driver: str) -> Standing:
        began = _time(self._root / stage_lock.path(stage.name))
        log = self._root / logs.path(stage)
        text = logs.end(log) if (_time(log) or 0) >= (began or 0) else ""  # none of an earlier job
        said = logs.progress(text) or logs.last(text)
        return Standing(stage, "running", said=said, driver=driver, since=began)

    def _failed(self, stage: Stage) -> tuple[str, float] | None:
        """Return why and when the last job of a stage failed; None if it ended well, or never was.

        A job writes its receipt at its end. One that began after the receipt and runs no longer was
        broken off. A job may also be refused before it begins; then its log says so.
        """
        began, ended = (
            _time(self._root / path) or 0
            for path in (stage_lock.path(stage.name), receipts.path(stage))
        )
        log = self._root / logs.path(stage)
        text, written = logs.end(log), _time(log) or 0
        refused = logs.is_failed(text) and written > ended
        if began <= ended and not refused:
            return None
        return logs.reason([text]), max(began, written)


def _below(top: Path) -> list[Path]:
    """Return the files of settings, or of code, below a folder."""
    if not top.is_dir():
        return []
    return sorted(Path(path) for _, path in files_below(top))


def _state(path: Path) -> tuple[str, int, int]:
    try:
        status = path.stat()
    except FileNotFoundError:  # an editor is replacing it
        return str(path), 0, 0
    return str(path), status.st_mtime_ns, status.st_size


def _time(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None
