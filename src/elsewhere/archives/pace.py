"""pace: how often an archive is asked, and how long we wait when it fails or is busy."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

log = logging.getLogger(__name__)
T = TypeVar("T")


class Stopped(Exception):  # noqa: N818
    """The pull is to stop; nothing is wrong with the archive."""


class Transient(Exception):  # noqa: N818
    """Something failed that may succeed later.

    Attributes
    ----------
    final
        What to raise when there is no further attempt.
    asked_s
        Seconds that the archive asks us to wait.
    progress
        Something arrived before it failed: not a further failure in a row.
    """

    def __init__(self, final: Exception, *, asked_s: float = 0.0, progress: bool = False) -> None:
        super().__init__(str(final))
        self.final, self.asked_s, self.progress = final, asked_s, progress


@dataclass
class Pace:
    """One clock for all connections to an archive.

    Attributes
    ----------
    per_second
        Most turns a second.
    backoff_s, backoff_most_s
        Pause after the first failure, doubled at each further one, and its limit.
    attempts
        How often something is tried before it is given up.
    stop
        Set: nobody waits any longer, `Stopped` is raised.
    """

    per_second: float
    backoff_s: float
    backoff_most_s: float
    attempts: int
    stop: threading.Event = field(default_factory=threading.Event)
    _next: float = field(default=0.0, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def turn(self) -> None:
        """Wait for the next turn; turns are evenly spaced, so there is no burst."""
        with self._lock:
            now = time.monotonic()
            begins = max(self._next, now)
            self._next = begins + 1 / self.per_second
        self.wait(begins - now)

    def persist(self, action: Callable[[], T]) -> T:
        """Return what an action returns; try again after each `Transient`, with growing pauses.

        Raises
        ------
        Exception
            The last failure's `final`, when there is no further attempt.
        Stopped
            If the pull is to stop.
        """
        failures = 0
        while True:
            try:
                return action()
            except Transient as error:
                failures = 1 if error.progress else failures + 1
                if failures >= self.attempts:
                    raise error.final from None
                log.info("%s; attempt %d of %d failed", error, failures, self.attempts)
                self.back_off(failures, asked_s=error.asked_s)

    def back_off(self, failures: int, *, asked_s: float = 0.0) -> None:
        """Wait after the n-th failure in a row, or longer if asked to; never over the limit."""
        doubled = self.backoff_s * 2.0 ** min(failures - 1, 32)
        self.wait(min(max(doubled, asked_s), self.backoff_most_s))

    def wait(self, seconds: float) -> None:
        """Sleep unless the pull is to stop.

        Raises
        ------
        Stopped
            If it is.
        """
        if self.stop.is_set() or (seconds > 0 and self.stop.wait(seconds)):
            raise Stopped
