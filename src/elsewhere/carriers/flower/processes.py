"""processes: server and hospitals of a federation over Flower, one process each that a user starts.

Either can be killed at any time and started again: what it had done is on its disk.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from elsewhere.carriers import coordinator, membership
from elsewhere.carriers.endpoint import Endpoint
from elsewhere.carriers.flower.node import FlowerNode
from elsewhere.carriers.flower.server import FlowerCarrier
from elsewhere.federation import agreement as agreements
from elsewhere.federation import certificates
from elsewhere.federation.agreement import Agreement

LOGGER = logging.getLogger(__name__)


def serve(folder: Path) -> None:
    """Run the server of a federation until it is finished.

    Parameters
    ----------
    folder
        The server's folder, from `coordinator.prepare`, with the cards of the hospitals.

    Raises
    ------
    RefusedError
        If the folder is in use or damaged, or the federation cannot go on.
    ConnectionError
        If the SuperLink cannot listen, or ended.
    """
    endpoint = _endpoint(Agreement.read(folder / agreements.FILE))
    node_keys = coordinator.nodes(folder)
    for name in ("NO_PROXY", "no_proxy"):  # the SuperLink is on this machine
        os.environ[name] = ",".join(filter(None, [os.environ.get(name), endpoint.local]))
    with (
        _logged(folder / "logs/server.log"),
        FlowerCarrier(folder, endpoint, node_keys=node_keys) as carrier,
    ):
        coordinator.serve(folder, carrier)


def join(folder: Path) -> None:
    """Take part as a hospital until the federation is finished or the hospital has left.

    Parameters
    ----------
    folder
        The hospital's folder, from `membership.prepare`.

    Raises
    ------
    RefusedError
        If the folder is damaged.
    ConnectionError
        If another server answers than the agreement's.
    PermissionError
        If the server does not let this hospital in.
    """
    member = membership.opened(folder)
    key = (folder / certificates.NODE_KEY).read_bytes()
    node = FlowerNode(_endpoint(member.agreement), key, answer=member.answer)
    with _logged(folder / "logs/hospital.log"):
        node.attend(lambda: member.finished or member.has_left)
        state = "is finished"
        if not member.finished:
            state = "goes on without this hospital, which has left; to take part again, remove "
            state += str(folder / membership.LEFT)
        LOGGER.info("the federation %s", state)


def _endpoint(agreement: Agreement) -> Endpoint:
    return Endpoint(agreement.host, agreement.port, agreement.authority)


@contextmanager
def _logged(path: Path) -> Iterator[None]:
    """Write what is logged into a file, too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("elsewhere")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        handler.close()
