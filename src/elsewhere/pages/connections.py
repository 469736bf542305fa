"""connections: one connection of the server; who only holds it open does not keep others out.

Any program on the machine may connect, also one of another user, which is asked for its session
only when its request has come. uvicorn waits for ever for the end of a request's headers.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST = 256  # open at once; a browser opens six
HEADERS_S = 15.0


class Connection(H11Protocol):
    """A connection that is closed if no request comes, or if it stops in its headers or its body.

    A request that the pages are answering is left alone: `upload` has limits of its own.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._opened = self.loop.time()
        self._look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a new connection; of too many the one closes that has been idle for longest."""
        super().connection_made(transport)
        self._wait(None)
        if len(self.connections) > MOST:
            every = (one for one in self.connections if isinstance(one, Connection))
            idle = [one for one in every if one.idle and not one.transport.is_closing()]
            min(idle, key=lambda one: one._opened).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the watch."""
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)

    @property
    def idle(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def _wait(self, last: object) -> None:
        """Look again later; ``last`` is the request after which nothing whole has come."""
        self._look = self.loop.call_later(HEADERS_S, self._check, last)

    def _check(self, last: object) -> None:
        if self.idle and self.cycle is last:
            self.transport.abort()
        else:
            self._wait(self.cycle)
