"""interrupt: let SIGTERM stop a training run at a safe point, so that its state can be saved."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

EXIT_CODE = 128 + signal.SIGTERM


class Interrupted(Exception):  # noqa: N818
    """SIGTERM was received."""


class Interrupt:
    """A flag that SIGTERM sets and the run checks where it is safe to stop."""

    def __init__(self) -> None:
        self._asked = False

    def ask(self) -> None:
        """Request that the run stops."""
        self._asked = True

    def check(self) -> None:
        """Raise Interrupted if a stop was requested."""
        if self._asked:
            raise Interrupted


@contextmanager
def listening() -> Iterator[Interrupt]:
    """Yield an Interrupt that SIGTERM sets; outside the main thread no signal reaches it."""
    interrupt = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return
    before = signal.signal(signal.SIGTERM, lambda *_: interrupt.ask())
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGTERM, before)
