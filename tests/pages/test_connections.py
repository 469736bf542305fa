"""connections: clients that hold a connection open, against a real server in this process."""

import asyncio
import socket
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.responses import PlainTextResponse

from elsewhere.pages import connections
from elsewhere.pages.connections import Connection

REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@asynccontextmanager
async def serving(app):
    """Yield the port of a server."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, http=Connection, ws="none", lifespan="off", log_config=None)
        server = uvicorn.Server(config)
        async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
            tasks.create_task(server._serve([listening]))
            while not server.started:
                await asyncio.sleep(0.01)
            yield listening.getsockname()[1]
            server.should_exit = True


async def opened(port):
    return await asyncio.open_connection("127.0.0.1", port)


async def ended(reader):
    try:
        await reader.read()
    except ConnectionResetError:
        return True
    return reader.at_eof()


async def drip(writer, text):
    """Send a header that never ends, one byte at a time."""
    try:
        while True:
            writer.write(text)
            await writer.drain()
            await asyncio.sleep(0.01)
    except ConnectionError:
        return


@pytest.mark.parametrize(
    ("begun", "dripped"),
    [
        (b"", b""),
        (b"GET / HTTP/1.1\r\nX: ", b"a"),
        (REQUEST + b"GET / HTTP/1.1\r\nX: ", b"a"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n", b"a"),
    ],
    ids=["nothing", "headers", "headers after an answer", "a body that nobody reads"],
)
def test_a_connection_on_which_nothing_whole_comes_is_closed(monkeypatch, begun, dripped):
    monkeypatch.setattr(connections, "HEADERS_S", 0.1)

    async def check():
        async with serving(PlainTextResponse("said")) as port:
            reader, writer = await opened(port)
            writer.write(begun)
            dripping = asyncio.create_task(drip(writer, dripped))
            assert await ended(reader)
            dripping.cancel()
            writer.close()

    asyncio.run(check())


def test_a_request_that_is_being_answered_is_left_alone(monkeypatch):
    monkeypatch.setattr(connections, "HEADERS_S", 0.02)

    async def slow(scope, receive, send):
        await asyncio.sleep(0.5)  # many looks
        await PlainTextResponse("said")(scope, receive, send)

    async def check():
        async with serving(slow) as port:
            reader, writer = await opened(port)
            writer.write(REQUEST)
            assert b"said" in await reader.readuntil(b"said")
            writer.close()

    asyncio.run(check())


def test_of_too_many_connections_the_oldest_idle_one_is_closed(monkeypatch):
    monkeypatch.setattr(connections, "MOST", 5)
    go = asyncio.Event()

    async def held(scope, receive, send):
        await go.wait()
        await PlainTextResponse("said")(scope, receive, send)

    async def check():
        async with serving(held) as port:
            busy, asks = await opened(port)
            asks.write(REQUEST)
            first, *others = [await opened(port) for _ in range(4)]
            last, asks_last = await opened(port)
            assert await ended(first[0])
            asks_last.write(REQUEST)
            go.set()
            for reader in (busy, last):
                assert b"said" in await reader.readuntil(b"said")
            for _, writer in (first, *others, (busy, asks), (last, asks_last)):
                writer.close()

    asyncio.run(check())
