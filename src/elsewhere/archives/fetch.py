"""fetch: series by series onto the shelf, several at a time, each compared with the archive."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydicom.dataset import FileDataset

from elsewhere.archives.archive import Archive, Failed, Instance, Series
from elsewhere.archives.pace import Stopped
from elsewhere.archives.shelf import Shelf, Unsound
from elsewhere.progress import reported

log = logging.getLogger(__name__)
_LOOK_S = 0.2


@dataclass(frozen=True)
class Outcome:
    """How a series stands after it was fetched; `problem` is "" if it is complete."""

    series: Series
    stored: int
    problem: str = ""


class Fetch:
    """What the threads of one pull share.

    Attributes
    ----------
    outcomes
        Of the series that are finished, also when the pull ends early.
    """

    def __init__(self, archive: Archive, shelf: Shelf, *, stop: threading.Event) -> None:
        self.outcomes: list[Outcome] = []
        self._archive, self._shelf, self._stop = archive, shelf, stop
        self._events: queue.SimpleQueue[Outcome | BaseException | None] = queue.SimpleQueue()

    def all(self, series: Sequence[Series], *, connections: int) -> None:
        """Fetch what lacks of each series.

        Raises
        ------
        ArchiveError
            If going on is useless.
        Stopped
            If the pull is to stop.
        """
        tasks: queue.SimpleQueue[Series] = queue.SimpleQueue()
        for one in series:
            tasks.put(one)
        lacking = sum(max(0, (one.count or 0) - len(self._held(one))) for one in series)
        # daemons: what they write is whole or not there, nothing is lost when the process ends
        for _ in range(min(connections, len(series))):
            threading.Thread(target=self._work, args=(tasks,), daemon=True).start()
        arrivals = self._arrivals(len(series))
        for _ in reported(arrivals, log, total=lacking, unit="instances"):
            continue

    def one(self, series: Series) -> Outcome:
        """Fetch what lacks of one series; compare it with what the archive lists and counts."""
        held = self._held(series)
        if len(held) == series.count:
            return Outcome(series, len(held))
        try:
            listed = self._archive.instances(series)
            lacking = [one for one in listed if self._name(series, one) not in held]
            if lacking:
                self._fetch(series, lacking)
        except Failed as error:
            return Outcome(series, len(self._held(series)), f"the archive failed: {error}")
        held = self._held(series)
        problem = _difference(series, {self._name(series, one) for one in listed}, held)
        return Outcome(series, len(held), problem)

    def _fetch(self, series: Series, lacking: Sequence[Instance]) -> None:
        wanted = {one.uid for one in lacking}

        def keep(dataset: FileDataset) -> None:
            if self._stop.is_set():
                raise Stopped
            if dataset.get("SOPInstanceUID") not in wanted:
                raise Unsound("an instance that was not asked for")
            self._shelf.keep(dataset, study=series.study, series=series.uid)
            self._events.put(None)

        self._archive.fetch(series, lacking, keep)

    def _work(self, tasks: queue.SimpleQueue[Series]) -> None:
        while True:
            try:
                self._events.put(self.one(tasks.get_nowait()))
            except queue.Empty:
                return
            except BaseException as error:
                # raised by the thread that waits for arrivals
                self._events.put(error)
                return

    def _arrivals(self, tasks: int) -> Iterator[None]:
        """Yield once an instance; looks up now and then, so that a signal is heard."""
        while tasks:
            if self._stop.is_set():
                raise Stopped
            try:
                event = self._events.get(timeout=_LOOK_S)
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
        return self._shelf.held(series.study, series.uid)

    def _name(self, series: Series, one: Instance) -> str:
        return self._shelf.path(series.study, series.uid, one.uid).name


def _difference(series: Series, listed: set[str], held: set[str]) -> str:
    if listed - held:
        return f"{len(listed - held)} of {len(listed)} instances of a series did not arrive sound"
    if held - listed:
        return (
            f"{len(held - listed)} files of a series are here that the archive does not list; "
            "remove the study's folder and pull again"
        )
    if series.count not in (None, len(listed)):
        return f"the archive counts {series.count} instances in a series and lists {len(listed)}"
    return ""
