"""serve: starts the local web application, prints the link that opens it, and stops cleanly."""

from __future__ import annotations

import errno
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import typer
import uvicorn

from elsewhere.pages import scratch
from elsewhere.pages.app import application
from elsewhere.pages.connections import Connection
from elsewhere.pages.guard import ENTER, HOSTS, Entrance

HOST = HOSTS[0]
HTTP_BYTES = 64 * 1024  # of a request's line and headers
GRACE_SECONDS = 3


class ServeError(RuntimeError):
    """The server cannot start; the message says what to do."""


def serve(top: Path, *, port: int, asks: bool = True, as_root: bool = False) -> None:
    """Serve the project in a folder until Ctrl-C or SIGTERM.

    Raises
    ------
    ServeError
        If the port is taken, the project cannot be written, or root starts it unasked.
    ParamsError
        If the folder holds no project, or its settings are wrong.
    """
    if os.geteuid() == 0 and not as_root:
        raise ServeError(
            "root should not serve pages: start it as the user who owns the project, or, where "
            "there is no other user, as in a container, with --as-root"
        )
    entrance = Entrance()
    with _bound(port) as listening, _scratch(top / scratch.PLACE) as private:
        app = application(top, entrance=entrance, scratch=private.folder, asks=asks)
        _private()
        _run(_server(app), listening, entrance, port)


@contextmanager
def _scratch(place: Path) -> Iterator[scratch.Scratch]:
    """Yield the private folder of this server."""
    with ExitStack() as stack:
        try:
            private = stack.enter_context(scratch.opened(place))
        except OSError as error:
            raise ServeError(
                f"{place} cannot be used ({error.strerror or error}); scans that are sent, and "
                "maps, are kept there for minutes: serve the project, or a copy, where you may "
                "write"
            ) from error
        yield private


def _private() -> None:
    """Let nobody else read what this process and its children write; a core holds pixels."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@contextmanager
def _bound(port: int) -> Iterator[socket.socket]:
    """Yield a socket bound to this port of this machine alone."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, port))
            listening.listen()
        except OSError as error:
            raise ServeError(_why_not(port, error)) from error
        yield listening


def _why_not(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        free = next((p for p in range(port + 1, min(port + 100, 65536)) if _free(p)), None)
        other = f"; {free} is free: `elsewhere serve --port {free}`" if free else ""
        return f"port {port} is taken, perhaps by another `elsewhere serve`{other}"
    if error.errno == errno.EACCES:
        return f"port {port} is for the system; take one of 1024 or more"
    return f"port {port} cannot be used: {error.strerror}"


def _free(port: int) -> bool:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except OSError:
            return False
    return True


def _server(app: Any) -> uvicorn.Server:
    """Return the server: no log of requests, no word of what it is, no trust in a proxy."""
    config = uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        loop="asyncio",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=HTTP_BYTES,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return uvicorn.Server(config)


def _run(server: uvicorn.Server, listening: socket.socket, entrance: Entrance, port: int) -> None:
    """Run until a signal; uvicorn raises it again after a clean stop, which then does nothing."""
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        signal.signal(getattr(signal, name), lambda *_: _stop(server))
    typer.echo(_welcome(entrance, port))
    if sys.stdin is not None and sys.stdin.isatty():
        threading.Thread(target=_more_links, args=(entrance, port), daemon=True).start()
    server.run(sockets=[listening])


def _stop(server: uvicorn.Server) -> None:
    server.should_exit = True


def _link(entrance: Entrance, port: int) -> str:
    return f"http://{HOST}:{port}{ENTER}?token={entrance.token()}"


def _welcome(entrance: Entrance, port: int) -> str:
    more = "Enter prints another one. " if sys.stdin is not None and sys.stdin.isatty() else ""
    return (
        f"Open   {_link(entrance, port)}\n"
        f"The link works once. {more}Ctrl-C stops the server.\n"
        "From another machine, first connect this port to it, then open the link there:\n"
        f"       ssh -L {port}:{HOST}:{port} {socket.gethostname()}"
    )


def _more_links(entrance: Entrance, port: int) -> None:
    """Print a new link whenever Enter is pressed."""
    for _ in sys.stdin:
        typer.echo(f"Open   {_link(entrance, port)}")
