"""coordinator: the server of a federation between hospitals: its folder, its rounds, its end.

It holds no key of a sum and reads no weight. Its folder is locked while it runs, and a next start
goes on from it.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from elsewhere.carriers import export
from elsewhere.carriers.membership import RESULTS
from elsewhere.federation import agreement as agreements
from elsewhere.federation import certificates, introductions, wire
from elsewhere.federation.adder import Adder
from elsewhere.federation.agreement import Agreement
from elsewhere.federation.disk import keep_out_of_git, readable, write
from elsewhere.federation.serving import LEFT, Carrier, Patience, Service, left
from elsewhere.federation.wire import Message, RefusedError

log = logging.getLogger(__name__)

LOCK = "server.lock"
SCORES = "scores"
RECEIVED = "received"  # an empty file for each hospital that has the scores of all
PAUSE_S = 5.0


def prepare(folder: Path, agreement: Agreement) -> Agreement:
    """Make the server's folder: its authority, its certificate, and the agreement.

    Parameters
    ----------
    folder
        The folder; an authority that is there is kept.
    agreement
        From `settled.proposed`, without the certificate of the authority.

    Returns
    -------
    Agreement
        With it, as it was written and is to be sent to the hospitals.

    Raises
    ------
    RefusedError
        If the folder is of another agreement.
    """
    path = folder / agreements.FILE
    if path.exists() and Agreement.read(path).digest != agreement.digest:
        raise RefusedError(f"{folder} is of another agreement: choose a new folder")
    keep_out_of_git(folder)
    authority = certificates.new_authority(folder)
    certificates.new_server(folder, agreement.host)
    agreement = agreement.model_copy(update={"authority": authority})
    agreement.write(path)
    (folder / introductions.CARDS).mkdir(exist_ok=True)
    return agreement


def nodes(folder: Path) -> dict[str, str]:
    """Return the key of each hospital's connection, OpenSSH, from the cards in the folder.

    Raises
    ------
    RefusedError
        If a card is damaged or of another agreement, fewer than ``min_sites`` have come, or this
        is no coordinator's folder.
    """
    agreement = _agreement(folder)
    cards = introductions.cards(folder, agreement.sites, agreement=agreement.digest)
    if len(cards) < agreement.min_sites:
        missing = [site for site in agreement.sites if site not in cards]
        raise RefusedError(
            f"{folder / introductions.CARDS} has no card of {', '.join(missing)}: put there the "
            "files that `elsewhere federation key` writes at the hospitals"
        )
    return {site: card.node for site, card in cards.items()}


def serve(folder: Path, carrier: Carrier) -> None:
    """Run all rounds, collect the scores, and hand them round.

    Raises
    ------
    RefusedError
        If the folder is in use or damaged, or the federation cannot go on; the message says why.
        The folder is kept: a next call goes on.
    """
    agreement = Agreement.read(folder / agreements.FILE)
    with locked(folder):
        adder = Adder(folder, agreement.plan(), terms=agreement.terms())
        patience = Patience(agreement.patience_s, min(PAUSE_S, agreement.patience_s / 10))
        service = Service(folder, adder, carrier, patience)
        service.run()
        _Closing(folder, agreement, service).run()
    log.info("the federation is finished: each hospital has its folder `export`")


def leave(folder: Path, site: str) -> None:
    """Go on without a hospital for good: add it to the list of those that have left.

    Raises
    ------
    RefusedError
        If it is no member, or this is no coordinator's folder.
    """
    agreement = _agreement(folder)
    if site not in agreement.sites:
        raise RefusedError(f"{site} is none of the members: {', '.join(agreement.sites)}")
    names = sorted(left(folder) | {site})
    header = "# hospitals that have left; remove a line to let one in again\n"
    write(folder / LEFT, (header + "".join(f"{name}\n" for name in names)).encode())


def _agreement(folder: Path) -> Agreement:
    agreement = Agreement.read(folder / agreements.FILE)
    if not (folder / certificates.AUTHORITY_KEY).exists():
        raise RefusedError(
            f"{folder} is not the coordinator's folder, which `elsewhere federation init` makes"
        )
    return agreement


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder as long as the block runs; the lock ends with the process, however it ends.

    Raises
    ------
    RefusedError
        If another process holds it.
    """
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise RefusedError(f"another server uses {folder}; end it first") from None
    try:
        (folder / LOCK).write_text(f"{os.getpid()}\n", "ascii")
        yield
    finally:
        lock.release()


class _Closing:
    """What follows the last round: each hospital scores the model, and gets the scores of all."""

    def __init__(self, folder: Path, agreement: Agreement, service: Service) -> None:
        self.folder = folder
        self.agreement = agreement
        self.service = service

    def run(self) -> None:
        readers = self.service.adder.readers()
        model_requests = {site: self.service.adder.model_request(site) for site in readers}
        known = {path.stem for path in (self.folder / SCORES).glob("*.json")}
        asked = {site: one for site, one in model_requests.items() if site not in known}
        self._until_answered(asked, self._take_scores)
        for site in self.agreement.sites:
            if not self._scores(site).exists():
                reason = "did not score the model" if site in readers else "was not in the last sum"
                missing = {"status": "not run", "reason": f"{site} {reason}"}
                write(self._scores(site), readable(missing))
        header = {"kind": RESULTS, "terms": self.agreement.digest}
        scores = {s: json.loads(self._scores(s).read_text("utf-8")) for s in self.agreement.sites}
        request = wire.encode(Message(header, (readable(scores),)))
        given = [site for site in readers if scores[site].get("computed")]
        given = [site for site in given if not (self.folder / RECEIVED / site).exists()]
        self._until_answered(dict.fromkeys(given, request), self._take_receipt)

    def _until_answered(self, requests: Mapping[str, bytes], take: Any) -> None:
        """Ask each hospital until it answers well, refuses too often, or patience ends."""
        waiting, tries = dict(requests), self.service.patience.tries
        while waiting and tries:
            here = self.service.gathered(frozenset(waiting))
            asked = {site: request for site, request in waiting.items() if site in here}
            failed = self.service.asked(asked, take=take)
            waiting = {site: asked[site] for site in failed}
            tries -= 1
            if waiting and tries:
                time.sleep(self.service.patience.pause_s)

    def _take_scores(self, site: str, answer: bytes) -> None:
        message = wire.decode(answer)
        request = wire.digest(self.service.adder.model_request(site))
        if message.header.get("kind") != "scores" or message.header.get("request") != request:
            raise RefusedError(f"the answer of {site} is to another request")
        (text,) = message.exactly(1, sender=site)
        scores = export.checked({site: export.table(text)}, self.agreement.sites)
        write(self._scores(site), readable(scores[site]))
        log.info("%s has scored the model", site)

    def _take_receipt(self, site: str, answer: bytes) -> None:
        if wire.decode(answer).header.get("kind") != "received":
            raise RefusedError(f"the answer of {site} is to another request")
        write(self.folder / RECEIVED / site, b"")  # a next start does not wait for it

    def _scores(self, site: str) -> Path:
        return self.folder / SCORES / f"{site}.json"
