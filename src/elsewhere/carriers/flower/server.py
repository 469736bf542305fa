"""server: the carrier of a federation's server: it starts the SuperLink and sends by it.

The SuperLink only stores and forwards. Flower would have it start a program for each run and fetch
that program from whoever asks for the run; here this process itself is the run's one program, and
the bundle that Flower demands is empty.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.serialization import load_ssh_public_key
from flwr.app import Message
from flwr.cli.build import build_fab_from_files
from flwr.common.serde import fab_to_proto, run_from_proto
from flwr.proto.control_pb2 import RegisterNodeRequest, StartRunRequest
from flwr.proto.runtime_pb2 import (
    AcquireTaskRequest,
    PullTaskInputRequest,
    SendTaskHeartbeatRequest,
)
from flwr.supercore.control import ControlHttpClient
from flwr.supercore.fab import Fab
from flwr.supercore.heartbeat import HeartbeatSender
from flwr.supercore.interceptors import RuntimeTokenHttpInterceptor, RuntimeVersionHttpInterceptor
from flwr.supercore.primitives.asymmetric import public_key_to_bytes
from flwr.supercore.runtime import RuntimeHttpClient
from flwr.supercore.task_identity import TaskIdentity
from flwr.superlink.grid import HttpGrid

from elsewhere.carriers.flower import parcels
from elsewhere.carriers.flower.address import Address
from elsewhere.carriers.flower.link import SECRET_HEADER
from elsewhere.federation import wire

LOGGER = logging.getLogger(__name__)
QUIET = {
    "FLWR_TELEMETRY_ENABLED": "0",
    "FLWR_DISABLE_UPDATE_CHECK": "1",
    "FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION": "1",
}
_LIFE = 7 * 24 * 3600.0  # seconds that the SuperLink keeps a request: longer than any patience
_POLL = 0.2
_START_SECONDS = 60.0
_EMPTY_BUNDLE = b"""
[project]
name = "elsewhere"
version = "1"
license = "Apache-2.0"
[tool.flwr.app]
publisher = "elsewhere"
[tool.flwr.app.components]
serverapp = "nothing:app"
clientapp = "nothing:app"
"""


@contextmanager
def superlink(address: Address, folder: Path, *, log: Path) -> Iterator[str]:
    """Run a SuperLink; yield the secret that opens it to this process.

    Parameters
    ----------
    address
        Where it is to listen: on all interfaces, or on loopback if the host is there.
    folder
        With ``authority.pem``, ``server.pem`` and ``server.key``.
    log
        Receives what it writes.

    Raises
    ------
    ConnectionError
        If it does not start, for instance because another program has the port.
    """
    tls = {"ca-certfile": "authority.pem", "certfile": "server.pem", "keyfile": "server.key"}
    command = [
        *(sys.executable, "-m", "elsewhere.carriers.flower.link"),
        *("--host", address.interface, "--port", str(address.port)),
        *(f"--ssl-{option}={folder / name}" for option, name in tls.items()),
        *("--enable-supernode-auth", "--isolation", "process"),
    ]
    secret = secrets.token_hex(32)
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, **QUIET, "FLWR_HOME": str(folder / "flower"), "PYTHONUTF8": "1"}
    with log.open("ab") as file:
        child = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=file, stderr=file
        )
    assert child.stdin is not None
    child.stdin.write(secret.encode() + b"\n")
    child.stdin.flush()
    try:
        _await_port(address, child, log=log)
        yield secret
    finally:
        child.stdin.close()  # which ends it
        child.wait()


class FlowerCarrier:
    """Sends requests to hospitals over a SuperLink; see `serving.Carrier`.

    Parameters
    ----------
    address
        Where the SuperLink listens.
    secret
        What opens it, from `superlink`.
    node_keys
        Public key of each hospital's node by the hospital's name, OpenSSH. Flower lets a node in
        that shows by a signature that it has the private half.
    """

    def __init__(self, address: Address, secret: str, *, node_keys: Mapping[str, str]) -> None:
        self._url = f"https://{address.local}:{address.port}"
        self._context = address.context(local=True)
        self._secret = parcels.Headers({SECRET_HEADER: secret})
        self._sites = {_key_bytes(key): site for site, key in node_keys.items()}
        self._sent: dict[str, _Sent] = {}
        self._grid = self._started()

    def present(self) -> frozenset[str]:
        """Return the hospitals whose nodes are connected."""
        return frozenset(self._nodes())

    def ask(
        self, requests: Mapping[str, bytes], *, patience: float
    ) -> Iterator[tuple[str, bytes]]:
        """Send requests and yield the answers as they arrive.

        A hospital that is not there yet is sent its request when it comes, and one that started
        anew is sent it again. A request that was sent in an earlier call is not sent twice.

        Parameters
        ----------
        requests
            Hospital to request.
        patience
            Seconds after which no further answer is awaited.
        """
        until = time.monotonic() + patience
        waiting = dict(requests)
        while waiting:
            nodes = self._nodes()
            for site in waiting.keys() & nodes.keys():
                self._send(site, waiting[site], node=nodes[site])
            for site, answer in self._arrived():
                if answer is None:
                    waiting.pop(site, None)
                elif site in waiting:
                    del waiting[site]
                    yield site, answer
            if time.monotonic() > until:
                return
            time.sleep(_POLL)

    def _send(self, site: str, request: bytes, *, node: Any) -> None:
        """Send a request, if it was not sent to the same start of the hospital's node."""
        started = node.last_activated_at
        sent = self._sent.get(site)
        digest = wire.digest(request)
        if sent is not None and (sent.digest, sent.started) == (digest, started):
            return
        content = parcels.packed(request)
        message = Message(content, dst_node_id=node.node_id, message_type="query", ttl=_LIFE)
        (name,) = self._grid.push_messages([message])
        self._sent[site] = _Sent(name, digest, started)

    def _arrived(self) -> Iterator[tuple[str, bytes | None]]:
        """Yield what came in, by hospital; None for one that refused."""
        sites = {sent.message: site for site, sent in self._sent.items()}
        if not sites:
            return
        for message in self._grid.pull_messages(list(sites)):
            site = sites.get(message.metadata.reply_to_message_id)
            if site is None:
                continue
            del self._sent[site]
            if message.has_error():
                LOGGER.warning("%s did not answer: %s", site, message.error.reason)
                yield site, None
            else:
                yield site, parcels.unpacked(message)

    def _nodes(self) -> dict[str, Any]:
        """Return the connected nodes by hospital; nodes with other keys are nobody."""
        nodes = {self._sites.get(node.public_key): node for node in self._grid.get_nodes()}
        return {site: node for site, node in nodes.items() if site is not None}

    def _started(self) -> HttpGrid:
        """Register the hospitals' nodes, start a run and become its program."""
        control = ControlHttpClient(**self._client("flwr CLI"))
        for key, site in self._sites.items():
            control.RegisterNode(RegisterNodeRequest(public_key=key, name=site))
        content, _ = build_fab_from_files({"pyproject.toml": _EMPTY_BUNDLE})
        fab = fab_to_proto(Fab(wire.digest(content), content, {}))
        control.StartRun(StartRunRequest(fab=fab))
        control.close()
        runtime = RuntimeHttpClient(**self._client("SuperExec"))
        task = runtime.AcquireTask(AcquireTaskRequest(supported_task_types=["flwr-serverapp"]))
        runtime.close()
        own = RuntimeTokenHttpInterceptor(task.token)
        client = RuntimeHttpClient(**self._client("flwr-serverapp", own))
        given = client.PullTaskInput(PullTaskInputRequest())
        TaskIdentity.task_id = given.task_id
        TaskIdentity.run_id = given.run.run_id
        TaskIdentity.node_id = given.context.node_id
        grid = HttpGrid(token=task.token)
        grid._client = client  # its own would try a SuperLink that ended again and again
        grid.set_run(run_from_proto(given.run))
        HeartbeatSender(lambda: _alive(client)).start()
        return grid

    def _client(self, component: str, *more: Any) -> dict[str, Any]:
        version = RuntimeVersionHttpInterceptor(component_name=component)
        interceptors = [version, self._secret, *more]
        return {"base_url": self._url, "interceptors": interceptors, "verify": self._context}


@dataclass(frozen=True)
class _Sent:
    """A request on its way: its message, and to which start of a hospital's node it was sent."""

    message: str
    digest: str
    started: str


def _alive(client: RuntimeHttpClient) -> bool:
    try:
        return bool(client.SendTaskHeartbeat(SendTaskHeartbeatRequest()).success)
    except httpx.HTTPError:
        return False  # the next call of the carrier says what is wrong


def _key_bytes(openssh: str) -> bytes:
    key: bytes = public_key_to_bytes(load_ssh_public_key(openssh.encode()))
    return key


def _await_port(address: Address, child: subprocess.Popen[bytes], *, log: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while True:
        if child.poll() is not None or time.monotonic() > until:
            raise ConnectionError(
                f"the SuperLink does not listen on port {address.port}: {log} says why; another "
                "program may have the port"
            )
        try:
            socket.create_connection((address.local, address.port), 1).close()
        except OSError:
            time.sleep(_POLL)
        else:
            return
