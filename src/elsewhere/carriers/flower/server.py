"""server: the carrier of a federation's server: it starts the SuperLink and sends by it.

The SuperLink only stores and forwards. Flower would have it start a program for each run and fetch
that program from whoever asks for the run; here this process itself is the run's one program, and
the bundle that Flower demands is empty.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import httpx
from cryptography.hazmat.primitives.serialization import load_ssh_public_key
from flwr.app import Message
from flwr.cli.build import build_fab_from_files
from flwr.common.serde import fab_to_proto, run_from_proto
from flwr.proto.control_pb2 import ListNodesRequest, RegisterNodeRequest, StartRunRequest
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

from elsewhere.carriers.endpoint import Endpoint
from elsewhere.carriers.flower import parcels
from elsewhere.carriers.flower.link import SECRET_HEADER, Link, superlink
from elsewhere.federation import wire

LOGGER = logging.getLogger(__name__)
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


class FlowerCarrier:
    """Sends requests to hospitals over a SuperLink; see `serving.Carrier`.

    The SuperLink starts at the first call, so that whoever calls can lock the folder before, and
    ends with the ``with`` block.

    Parameters
    ----------
    folder
        The server's folder, with its certificate.
    endpoint
        Where the SuperLink listens.
    node_keys
        Public key of each hospital's node by the hospital's name, OpenSSH. Flower lets a node in
        that shows by a signature that it has the private half.
    """

    def __init__(self, folder: Path, endpoint: Endpoint, *, node_keys: Mapping[str, str]) -> None:
        self.folder = folder
        self.endpoint = endpoint
        self._sites = {_key_bytes(key): site for site, key in node_keys.items()}
        self._sent: dict[str, _Sent] = {}
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def present(self) -> frozenset[str]:
        """Return the hospitals whose nodes are connected."""
        with self._explained():
            return frozenset(self._nodes())

    def ask(self, requests: Mapping[str, bytes], *, patience: float) -> Iterator[tuple[str, bytes]]:
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
            with self._explained():
                nodes = self._nodes()
                for site in waiting.keys() & nodes.keys():
                    self._send(site, waiting[site], node=nodes[site])
                arrived = [*self._arrived()]
            for site, answer in arrived:
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
        """Yield what came in, by hospital; None for one that cannot answer."""
        sites = {sent.message: site for site, sent in self._sent.items()}
        if not sites:
            return
        for message in self._grid.pull_messages(list(sites)):
            site = sites.get(message.metadata.reply_to_message_id)
            if site is None:
                continue
            del self._sent[site]
            if not message.has_error():
                yield site, _bytes(message, site)
            elif message.error.code == parcels.REFUSED:
                said = wire.one_line(message.error.reason)
                LOGGER.warning("%s does not answer: %s", site, said)
                yield site, None
            else:  # it was lost on its way, and is sent again
                said = wire.one_line(message.error.reason)
                LOGGER.info("%s was not reached: %s", site, said)

    def _nodes(self) -> dict[str, Any]:
        """Return the connected nodes by hospital; nodes with other keys are nobody."""
        nodes = {self._sites.get(node.public_key): node for node in self._grid.get_nodes()}
        return {site: node for site, node in nodes.items() if site is not None}

    @cached_property
    def _link(self) -> Link:
        return self._opened.enter_context(superlink(self.endpoint, self.folder))

    @cached_property
    def _grid(self) -> HttpGrid:
        """Register the hospitals' nodes, start a run and become its program."""
        control = ControlHttpClient(**self._client("flwr CLI"))
        self._await(control)
        for key, site in self._sites.items():
            control.RegisterNode(RegisterNodeRequest(public_key=key, name=site))
        content, _ = build_fab_from_files({"pyproject.toml": _EMPTY_BUNDLE})
        fab = fab_to_proto(Fab(wire.digest(content), content, {}))
        control.StartRun(StartRunRequest(fab=fab))
        runtime = RuntimeHttpClient(**self._client("SuperExec"))
        task = runtime.AcquireTask(AcquireTaskRequest(supported_task_types=["flwr-serverapp"]))
        token = RuntimeTokenHttpInterceptor(task.token)
        client = RuntimeHttpClient(**self._client("flwr-serverapp", token))
        given = client.PullTaskInput(PullTaskInputRequest())
        TaskIdentity.task_id = given.task_id
        TaskIdentity.run_id = given.run.run_id
        TaskIdentity.node_id = given.context.node_id
        grid = HttpGrid(token=task.token)
        grid._client = client  # its own would call a SuperLink that has ended for ever
        grid.set_run(run_from_proto(given.run))
        beat = HeartbeatSender(lambda: _alive(client))
        beat.start()
        self._opened.callback(beat.stop)
        for one in (control, runtime, client):
            self._opened.callback(one.close)
        return grid

    def _client(self, component: str, *more: Any) -> dict[str, Any]:
        version = RuntimeVersionHttpInterceptor(component_name=component)
        secret = parcels.Headers({SECRET_HEADER: self._link.secret})
        return {
            "base_url": f"https://{self.endpoint.local}:{self.endpoint.port}",
            "interceptors": [version, secret, *more],
            "verify": self.endpoint.context(local=True),
        }

    def _await(self, control: ControlHttpClient) -> None:
        """Wait until the SuperLink answers; one that does not know the secret is another's."""
        until = time.monotonic() + _START_SECONDS
        while True:
            try:
                control.ListNodes(ListNodesRequest())
            except httpx.HTTPError:
                if self._link.ended or time.monotonic() > until:
                    raise
                time.sleep(_POLL)
            else:
                return

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Raise a ConnectionError that says what to do if the SuperLink does not answer."""
        try:
            yield
        except httpx.HTTPError as error:
            raise ConnectionError(
                f"the SuperLink on port {self.endpoint.port} does not answer: "
                f"{str(error).splitlines()[0]}; the end of {self._link.log} says why, for instance "
                "that another program has the port; a next start goes on from the last round"
            ) from error


@dataclass(frozen=True)
class _Sent:
    """A request on its way: its message, and to which start of a hospital's node it was sent."""

    message: str
    digest: str
    started: str


def _bytes(message: Message, site: str) -> bytes:
    """Return what a hospital answers; if it sent something else, nothing, which is refused."""
    try:
        return parcels.unpacked(message)
    except ValueError as error:
        LOGGER.warning("what %s sent is refused: %s", site, error)
        return b""


def _alive(client: RuntimeHttpClient) -> bool:
    try:
        return bool(client.SendTaskHeartbeat(SendTaskHeartbeatRequest()).success)
    except httpx.HTTPError:
        return False  # the next call of the carrier says what is wrong


def _key_bytes(openssh: str) -> bytes:
    key: bytes = public_key_to_bytes(load_ssh_public_key(openssh.encode()))
    return key
