"""link: Flower's SuperLink as a program that nobody but hospitals can talk to from outside.

It keeps the messages between the server and the hospitals, in memory. Flower 1.42 answers on one
port to the hospitals (fleet), to whoever operates it (control) and to what runs on it (runtime),
and asks operators for no password. Here the last two need a secret that only its parent knows. It
starts no program that came with a request, and it ends when its parent ends, however that happens.
"""

from __future__ import annotations

import functools
import hmac
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elsewhere.carriers.endpoint import Endpoint
from elsewhere.federation import certificates

SECRET_HEADER = "elsewhere-secret"
FOR_HOSPITALS = "/v1/fleet/"
QUIET = {  # no report to Flower's makers, no look for newer versions, nothing installed on the way
    "FLWR_TELEMETRY_ENABLED": "0",
    "FLWR_DISABLE_UPDATE_CHECK": "1",
    "FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION": "1",
}

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


@dataclass(frozen=True)
class Link:
    """A SuperLink that runs.

    Attributes
    ----------
    secret
        What its parent's requests must carry.
    log
        What it writes.
    """

    secret: str
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self.process.poll() is not None


@contextmanager
def superlink(endpoint: Endpoint, folder: Path) -> Iterator[Link]:
    """Run a SuperLink as long as the block runs.

    Parameters
    ----------
    endpoint
        Where it is to listen.
    folder
        The server's folder, with its certificate; receives ``logs/superlink.log``.
    """
    log = folder / "logs/superlink.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, **QUIET, "FLWR_HOME": str(folder / "flower"), "PYTHONUTF8": "1"}
    with log.open("ab") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", __spec__.name, *_arguments(endpoint, folder)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=file,
        )
    secret = secrets.token_hex(32)
    assert process.stdin is not None
    try:
        process.stdin.write(f"{secret}\n".encode())
        process.stdin.flush()
        yield Link(secret, log, process)
    finally:
        process.stdin.close()  # which ends it
        process.wait()


def _arguments(endpoint: Endpoint, folder: Path) -> list[str]:
    return [
        *("--host", endpoint.interface, "--port", str(endpoint.port)),
        *("--ssl-ca-certfile", str(folder / certificates.AUTHORITY)),
        *("--ssl-certfile", str(folder / certificates.SERVER)),
        *("--ssl-keyfile", str(folder / certificates.SERVER_KEY)),
        "--enable-supernode-auth",
        *("--isolation", "process"),  # it starts no program itself
    ]


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
