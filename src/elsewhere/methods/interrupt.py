"""interrupt: SIGTERM asks a run to save its state and stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

EXIT_CODE = 128 + signal.SIGTERM


class Interrupted(Exception):  # noqa: N818
    """SIGTERM arrived."""


class Interrupt:
    """Whether SIGTERM arrived; looked at where stopping is safe."""

    def __init__(self) -> None:
        self._asked = False

    def ask(self) -> None:
        """Note that the run is to stop."""
        self._asked = True

    def check(self) -> None:
        """Raise Interrupted if the run is to stop."""
        if self._asked:
            raise Interrupted


@contextmanager
def listening() -> Iterator[Interrupt]:
    """Yield an Interrupt that hears SIGTERM; only the main thread can listen."""
    interrupt = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return
    before = signal.signal(signal.SIGTERM, lambda *_: interrupt.ask())
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGTERM, before)
