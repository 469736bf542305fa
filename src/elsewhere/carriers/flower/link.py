"""link: Flower's SuperLink as a program that nobody but hospitals can talk to from outside.

It keeps the messages between the server and the hospitals, in memory. Flower 1.42 answers on one
port to the hospitals (fleet), to whoever operates it (control) and to what runs on it (runtime), and
asks operators for no password. Here the last two need a secret that only its parent knows. It starts
no program that came with a request, and it ends when its parent ends, however that happens.
"""

from __future__ import annotations

import functools
import hmac
import os
import sys
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

SECRET_HEADER = "elsewhere-secret"
FOR_HOSPITALS = "/v1/fleet/"

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Guard:
    """Answers 403 to every request that is neither a hospital's nor the parent's.

    Parameters
    ----------
    app
        The ASGI application behind it.
    secret
        What the parent's requests carry in the header `SECRET_HEADER`.
    """

    def __init__(self, app: App, secret: bytes) -> None:
        self.app = app
        self.secret = secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan" or self._may(scope):
            await self.app(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 403, "headers": []})
        await send({"type": "http.response.body", "body": b"not for hospitals"})

    def _may(self, scope: Scope) -> bool:
        if scope["type"] != "http":
            return False
        shown = dict(scope["headers"]).get(SECRET_HEADER.encode(), b"")
        return scope["path"].startswith(FOR_HOSPITALS) or hmac.compare_digest(shown, self.secret)


def main() -> None:
    """Run the SuperLink with the arguments of `flower-superlink`; the secret comes by stdin."""
    from flwr.superlink import main as superlink
    from flwr.superlink.cli.flower_superlink import flower_superlink

    secret = sys.stdin.buffer.readline().strip()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    create = superlink.create_app

    @functools.wraps(create)
    def guarded(*arguments: Any) -> Any:
        app = create(*arguments)
        app.add_middleware(Guard, secret=secret)
        return app

    superlink.create_app = guarded
    flower_superlink()


def _end_with_parent() -> None:
    """Wait until the other end of stdin is closed, which a `kill -9` of the parent does too."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
