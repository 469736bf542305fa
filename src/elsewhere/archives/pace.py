"""pace: limit the requests per second to an archive, and retry failed ones with a backoff."""

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
    """The pull was asked to stop; this is no error of the archive."""


class Transient(Exception):  # noqa: N818
    """Something failed that may succeed later.

    Attributes
    ----------
    final
        The exception to raise after the last attempt.
    asked_s
        Seconds that the archive asks us to wait.
    progress
        Whether something arrived before the failure; the count of failures then starts again.
    """

    def __init__(self, final: Exception, *, asked_s: float = 0.0, progress: bool = False) -> None:
        super().__init__(str(final))
        self.final, self.asked_s, self.progress = final, asked_s, progress


@dataclass
class Pace:
    """The request rate and the retries that all connections to an archive share.

    Attributes
    ----------
    per_second
        Maximum number of requests per second.
    backoff_s, backoff_most_s
        Pause after the first failure, doubled at each further one, and its limit.
    attempts
        Number of attempts before an action is given up.
    stop
        When it is set, every wait ends and raises `Stopped`.
    """

    per_second: float
    backoff_s: float
    backoff_most_s: float
    attempts: int
    stop: threading.Event = field(default_factory=threading.Event)
    _next: float = field(default=0.0, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def wait_turn(self) -> None:
        """Wait for the next turn; turns are evenly spaced, so requests never come in bursts."""
        with self._lock:
            now = time.monotonic()
            begins = max(self._next, now)
            self._next = begins + 1 / self.per_second
        self.wait(begins - now)

    def retry(self, action: Callable[[], T]) -> T:
        """Run an action and return its result; retry after each `Transient`, with growing pauses.

        Raises
        ------
        Exception
            The `final` of the last failure, when all attempts have failed.
        Stopped
            If the pull was asked to stop.
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
        """Wait after the n-th failure in a row, or as long as the archive asks, up to the limit."""
        doubled = self.backoff_s * 2.0 ** min(failures - 1, 32)
        self.wait(min(max(doubled, asked_s), self.backoff_most_s))

    def wait(self, seconds: float) -> None:
        """Sleep.

        Raises
        ------
        Stopped
            If the pull was asked to stop.
        """
        if self.stop.is_set() or (seconds > 0 and self.stop.wait(seconds)):
            raise Stopped
