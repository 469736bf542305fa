"""fetch: retrieve series in parallel, store them, and compare each with the archive's lists."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydicom.dataset import FileDataset

from elsewhere.archives.archive import Archive, Failed, Instance, Series
from elsewhere.archives.instance_store import InstanceStore, InvalidInstance
from elsewhere.archives.pace import Stopped
from elsewhere.progress import reported

log = logging.getLogger(__name__)
_POLL_S = 0.2


@dataclass(frozen=True)
class Outcome:
    """The result of fetching a series; `problem` is "" if the series is complete."""

    series: Series
    stored: int
    problem: str = ""


class Fetch:
    """Fetches the series of one pull by several threads.

    Attributes
    ----------
    outcomes
        One for each finished series, also when the pull ends early.
    """

    def __init__(self, archive: Archive, store: InstanceStore, *, stop: threading.Event) -> None:
        self.outcomes: list[Outcome] = []
        self._archive, self._store, self._stop = archive, store, stop
        self._events: queue.SimpleQueue[Outcome | BaseException | None] = queue.SimpleQueue()

    def fetch_all(self, series: Sequence[Series], *, connections: int) -> None:
        """Fetch the missing instances of each series.

        Raises
        ------
        ArchiveError
            If the archive cannot be used any more.
        Stopped
            If the pull was asked to stop.
        """
        tasks: queue.SimpleQueue[Series] = queue.SimpleQueue()
        for item in series:
            tasks.put(item)
        n_missing = sum(max(0, (item.count or 0) - len(self._held(item))) for item in series)
        # daemon threads: they write whole files or none, so ending the process loses nothing
        for _ in range(min(connections, len(series))):
            threading.Thread(target=self._work, args=(tasks,), daemon=True).start()
        arrivals = self._arrivals(len(series))
        for _ in reported(arrivals, log, total=n_missing, unit="instances"):
            continue

    def fetch_series(self, series: Series) -> Outcome:
        """Fetch the missing instances of a series; compare with the archive's list and count."""
        held = self._held(series)
        if len(held) == series.count:
            return Outcome(series, len(held))
        try:
            listed = self._archive.instances(series)
            missing = [instance for instance in listed if self._name(series, instance) not in held]
            if missing:
                self._fetch(series, missing)
        except Failed as error:
            return Outcome(series, len(self._held(series)), f"the archive failed: {error}")
        held = self._held(series)
        problem = _difference(series, {self._name(series, instance) for instance in listed}, held)
        return Outcome(series, len(held), problem)

    def _fetch(self, series: Series, missing: Sequence[Instance]) -> None:
        wanted = {instance.uid for instance in missing}

        def keep(dataset: FileDataset) -> None:
            if self._stop.is_set():
                raise Stopped
            if dataset.get("SOPInstanceUID") not in wanted:
                raise InvalidInstance("an instance that was not requested")
            self._store.keep(dataset, study=series.study, series=series.uid)
            self._events.put(None)

        self._archive.fetch(series, missing, keep)

    def _work(self, tasks: queue.SimpleQueue[Series]) -> None:
        while True:
            try:
                self._events.put(self.fetch_series(tasks.get_nowait()))
            except queue.Empty:
                return
            except BaseException as error:
                # the thread that waits for arrivals raises it
                self._events.put(error)
                return

    def _arrivals(self, tasks: int) -> Iterator[None]:
        """Yield once for each stored instance; wake up regularly so that signals are handled."""
        while tasks:
            if self._stop.is_set():
                raise Stopped
            try:
                event = self._events.get(timeout=_POLL_S)
            except queue.Empty:
                continue
            if isinstance(event, BaseException):
                raise event
            if event is None:
                yield
            else:
                self.outcomes.append(event)
                tasks -= 1

    def _held(self, series: Series) -> set[str]:
        return self._store.held(series.study, series.uid)

    def _name(self, series: Series, instance: Instance) -> str:
        return self._store.path(series.study, series.uid, instance.uid).name


def _difference(series: Series, listed: set[str], held: set[str]) -> str:
    if listed - held:
        return f"{len(listed - held)} of {len(listed)} instances of a series are missing or damaged"
    if held - listed:
        return (
            f"{len(held - listed)} files of a series are here that the archive does not list; "
            "remove the study's folder and pull again"
        )
    if series.count not in (None, len(listed)):
        return f"the archive counts {series.count} instances in a series and lists {len(listed)}"
    return ""
