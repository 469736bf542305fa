"""node: a hospital's connection to the server, over Flower's protocol for SuperNodes.

It calls the server and is never called. It takes requests, has the hospital answer them, and sends
the answers. Flower's own SuperNode would fetch a bundle of code from the server and run it; this
one fetches no bundle, so nothing that is sent can be executed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import httpx
from cryptography.hazmat.primitives.serialization import load_ssh_private_key
from flwr.app import Error, Message
from flwr.app.message import remove_content_from_message
from flwr.common.serde import message_to_proto
from flwr.proto.fleet_pb2 import (
    ActivateNodeRequest,
    DeactivateNodeRequest,
    PullMessagesRequest,
    PushMessagesRequest,
)
from flwr.proto.heartbeat_pb2 import SendNodeHeartbeatRequest
from flwr.proto.node_pb2 import Node
from flwr.supercore.error import FlowerError
from flwr.supercore.inflatable.inflatable_object import (
    get_all_nested_objects,
    get_object_tree,
    no_object_id_recompute,
)
from flwr.supercore.inflatable.inflatable_protobuf_utils import (
    make_confirm_message_received_fn_protobuf,
    make_pull_object_fn_protobuf,
    make_push_object_fn_protobuf,
)
from flwr.supercore.inflatable.inflatable_utils import (
    ObjectPullError,
    ObjectPushError,
    pull_and_inflate_object_from_tree,
    push_objects,
)
from flwr.supercore.interceptors import RuntimeVersionHttpInterceptor
from flwr.supercore.primitives.asymmetric import public_key_to_bytes
from flwr.supernode.fleet_http_client import FleetHttpClient
from flwr.supernode.node_auth_http_interceptor import NodeAuthHttpInterceptor

from elsewhere.carriers.endpoint import Endpoint
from elsewhere.carriers.flower import parcels

LOGGER = logging.getLogger(__name__)
HEARTBEAT = 10.0  # seconds; the server takes a node for gone after twice as long
_POLL = 0.5
_LONGEST_PAUSE = 5.0
_NOT_LET_IN = 2004  # Flower's code: the key is not registered, or the node is still connected
_UNAUTHORIZED = 401  # the node is not known, or the signature's time is not now
_NOT_FOR = 3 * HEARTBEAT  # seconds: by then the server has noticed that an earlier start has ended
_BROKEN = (httpx.HTTPError, ObjectPullError, ObjectPushError)


class FlowerNode:
    """Answers what the server asks of a hospital.

    Parameters
    ----------
    endpoint
        Where the server is.
    key
        The private half of the node's key pair, OpenSSH. Its signature lets the node in.
    answer
        Returns the answer to a request.
    """

    def __init__(self, endpoint: Endpoint, key: bytes, *, answer: Callable[[bytes], bytes]) -> None:
        self.endpoint = endpoint
        self._answer = answer
        self._client, self._key = _client(endpoint, key)
        self._node: Node | None = None
        self._refused_since: float | None = None
        self._said = ""

    def attend(self, finished: Callable[[], bool]) -> None:
        """Answer requests until the federation is finished; connect again when the line breaks.

        Raises
        ------
        ConnectionError
            If the server does not show a certificate of the federation's authority.
        PermissionError
            If the server knows no hospital with this key, or one with it is connected already.
        """
        stop = threading.Event()
        threading.Thread(target=self._beat, args=[stop], daemon=True).start()
        try:
            self._attend(finished)
        except BaseException:
            self._leave()
            raise
        finally:  # at the end it does not say goodbye: Flower drops answers of nodes that are gone
            stop.set()

    def _attend(self, finished: Callable[[], bool]) -> None:
        pause = 1.0
        while not finished():
            try:
                self._leave()
                self._enter()
                pause = 1.0
                self._work(finished)
            except _BROKEN as error:
                self._judge(error)
                self._say(f"not connected to {self.endpoint}: {_plain(error)}; trying again")
                time.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    def _enter(self) -> None:
        request = ActivateNodeRequest(public_key=self._key, heartbeat_interval=HEARTBEAT)
        self._node = Node(node_id=self._client.ActivateNode(request).node_id)
        self._refused_since = None
        self._say(f"connected to {self.endpoint}")

    def _leave(self) -> None:
        """Tell the server that this node goes, if it is known and can be told."""
        if self._node is not None:
            with suppress(httpx.HTTPError):
                self._client.DeactivateNode(DeactivateNodeRequest(node_id=self._node.node_id))
            self._node = None

    def _work(self, finished: Callable[[], bool]) -> None:
        while not finished():
            message = self._next()
            if message is None:
                time.sleep(_POLL)
                continue
            try:
                request = parcels.unpacked(message)
            except ValueError as error:
                LOGGER.warning("what %s sent is refused: %s", self.endpoint, error)
                self._send(Message(Error(parcels.REFUSED, str(error)), reply_to=message))
            else:
                content = parcels.packed(self._answer(request))
                self._send(Message(content, reply_to=message))

    def _next(self) -> Message | None:
        """Return the next request, fetched whole."""
        node = self._node
        pulled = self._client.PullMessages(PullMessagesRequest(node=node))
        if not pulled.messages_list:
            return None
        run = pulled.messages_list[0].metadata.run_id
        tree = pulled.message_object_trees[0]
        message = pull_and_inflate_object_from_tree(
            tree,
            make_pull_object_fn_protobuf(self._client.PullObject, node, run),
            make_confirm_message_received_fn_protobuf(
                self._client.ConfirmMessageReceived, node, run
            ),
            return_type=Message,
        )
        message.metadata.__dict__["_message_id"] = tree.object_id
        return message

    def _send(self, message: Message) -> None:
        node = self._node
        message.metadata.__dict__["_message_id"] = message.object_id
        with no_object_id_recompute():
            pushed = self._client.PushMessages(
                PushMessagesRequest(
                    node=node,
                    messages_list=[message_to_proto(remove_content_from_message(message))],
                    message_object_trees=[get_object_tree(message)],
                    clientapp_runtime_list=[0.0],
                )
            )
            push = make_push_object_fn_protobuf(
                self._client.PushObject, node, message.metadata.run_id, pushed.session_id
            )
            push_objects(
                get_all_nested_objects(message),
                push,
                object_ids_to_push=set(pushed.objects_to_push),
            )

    def _beat(self, stop: threading.Event) -> None:
        """Tell the server that this node lives, also during a long training."""
        while not stop.wait(HEARTBEAT / 2):
            if self._node is None:
                continue
            request = SendNodeHeartbeatRequest(node=self._node, heartbeat_interval=HEARTBEAT)
            try:
                self._client.SendNodeHeartbeat(request)
            except httpx.HTTPStatusError:  # the server started anew: it is to know that we are here
                with suppress(httpx.HTTPError):
                    self._enter()
            except httpx.HTTPError as error:
                LOGGER.debug("no heartbeat reached %s: %s", self.endpoint, _plain(error))

    def _say(self, text: str) -> None:
        """Log a change of the connection, not every try: a server may be away for days."""
        if text != self._said:
            LOGGER.info(text)
            self._said = text

    def _judge(self, error: Exception) -> None:
        """Raise what trying again would not mend."""
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise ConnectionError(
                f"what answers at {self.endpoint} has no certificate of this federation's "
                f"authority ({_plain(error)}): it is another server, or `authority` in the "
                "agreement is another federation's"
            ) from error
        if not _not_let_in(error):
            return
        now = time.monotonic()
        self._refused_since = self._refused_since or now
        if now - self._refused_since > _NOT_FOR:
            raise PermissionError(
                f"the server at {self.endpoint} does not let this hospital in [code {_NOT_LET_IN}]:"
                " it does not know the hospital's key, or the hospital is connected already from "
                "elsewhere; send its card to whoever runs the server"
            ) from error


def _client(endpoint: Endpoint, key: bytes) -> tuple[FleetHttpClient, bytes]:
    private = load_ssh_private_key(key, None)
    interceptors = [
        RuntimeVersionHttpInterceptor(component_name="SuperNode"),
        NodeAuthHttpInterceptor(private, private.public_key()),
    ]
    client = FleetHttpClient(
        f"https://{endpoint}", interceptors=interceptors, verify=endpoint.context()
    )
    return client, public_key_to_bytes(private.public_key())


def _not_let_in(error: Exception) -> bool:
    if not isinstance(error, httpx.HTTPStatusError):
        return False
    reply = FlowerError.from_json(error.response.text)
    return reply is not None and reply.code == _NOT_LET_IN


def _plain(error: Exception) -> str:
    """Return an error in one line."""
    if _not_let_in(error):
        return "it does not let this hospital in yet"
    if isinstance(error, httpx.HTTPStatusError) and error.response.status_code == _UNAUTHORIZED:
        return "it started anew, or it does not accept the signature: is the clock right here?"
    return (str(error).splitlines() or [type(error).__name__])[0]
