"""adder: the server of a federation: it collects, adds and hands round what it cannot read (C-17).

It holds no key and knows no network. Its state is on its own disk and is written whole; a killed
adder goes on where it stopped. What carries the bytes between it and the hospitals is not its
business.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from elsewhere.federation import wire
from elsewhere.federation.disk import write
from elsewhere.federation.sums import EncryptedSums, PlainSums, Sums
from elsewhere.federation.terms import Plan, Terms
from elsewhere.federation.wire import Message, RefusedError
from elsewhere.files import remove, whole


class Adder:
    """Collects the answers of the hospitals and adds them, round by round.

    Parameters
    ----------
    folder
        Its own disk.
    plan
        Who takes part in which round.
    terms
        The rules of the federation.

    Attributes
    ----------
    seconds
        CPU seconds so far of checking and adding.
    """

    def __init__(self, folder: Path, plan: Plan, *, terms: Terms) -> None:
        self.folder = folder
        self.plan = plan
        self.terms = terms
        self.seconds = 0.0
        self._state = self._read()

    @property
    def done(self) -> int:
        """Number of finished rounds."""
        return int(self._state["round"]) - 1

    @property
    def traffic(self) -> list[tuple[int, int]]:
        """Bytes from and to the hospitals of each finished round, also over a kill."""
        return [(up, down) for up, down in self._state["traffic"]]

    @property
    def away(self) -> tuple[str, ...]:
        """Hospitals that were dropped and are not back."""
        return tuple(self._state["away"])

    @property
    def summed(self) -> tuple[str, ...]:
        """Hospitals whose weights are in the last sum."""
        return tuple(self._state["summed"])

    def requests(self) -> dict[str, bytes]:
        """Return what is to be asked now, by hospital; empty once all rounds are finished.

        The same state gives the same bytes, so that a request may be sent again.
        """
        self._settle()
        if self.done == self.plan.rounds:
            return {}
        members = self._members()
        if self.terms.encryption == "bfv" and self._epoch_members() != members:
            maker = self._maker(members)
            return {maker: self._request("key", members, maker)}
        return {
            site: request
            for site, request in self._round_requests(members).items()
            if not self._upload(site, request).exists()
        }

    def receive(self, site: str, answer: bytes) -> None:
        """Take the answer of a hospital to what `requests` asks of it.

        Raises
        ------
        RefusedError
            If nothing is asked of it now, or the answer is damaged or to another request. The state
            stays as it was.
        """
        request = self.requests().get(site)
        if request is None:
            raise RefusedError(f"nothing is asked of {site} now: the answer is late or repeated")
        message = wire.decode(answer)
        if message.header.get("request") != wire.digest(request):
            raise RefusedError(f"the answer of {site} is to another request: it is old or repeated")
        if wire.decode(request).header["kind"] == "key":
            self._take_key(site, message, size=(len(answer), len(request)))
        else:
            (sealed,) = message.exactly(1, sender=site)
            with self._counted():
                self._sums().check(sealed)
            write(self._upload(site, request), sealed)
        self._settle()

    def drop(self, site: str) -> None:
        """Go on without a hospital that does not answer, until it is `back`.

        The others are asked again in this round, because their masks would not cancel.

        Raises
        ------
        RefusedError
            If fewer than ``min_sites`` hospitals would be left.
        """
        left = [name for name in self._members() if name != site]
        if len(left) < self.terms.min_sites:
            raise RefusedError(
                f"without {site} round {self._state['round']} has {len(left)} hospitals, fewer "
                f"than min_sites, {self.terms.min_sites}; wait for it"
            )
        away = sorted({*self._state["away"], site})
        self._save(away=away, attempt=self._state["attempt"] + 1)

    def back(self, site: str) -> None:
        """Let a dropped hospital take part again; the present round starts anew."""
        away = [name for name in self._state["away"] if name != site]
        self._save(away=away, attempt=self._state["attempt"] + 1)

    def model_request(self, site: str) -> bytes:
        """Return the request that brings a member the last sum, which it can read."""
        if self._state["sum"] is None:
            raise RefusedError("there is no model before the first round is finished")
        return self._request("model", self.readers(), site)

    def readers(self) -> tuple[str, ...]:
        """Return the hospitals that can read the last sum."""
        return self._epoch_members() or self.summed

    def _members(self) -> tuple[str, ...]:
        number = int(self._state["round"])
        away = self._state["away"]
        members = tuple(site for site in self.plan.members(number) if site not in away)
        if len(members) < self.terms.min_sites:
            raise RefusedError(
                f"round {number} has {len(members)} hospitals, fewer than min_sites, "
                f"{self.terms.min_sites}"
            )
        return members

    def _epoch_members(self) -> tuple[str, ...]:
        epoch = self._state["epoch"]
        return tuple(epoch["members"]) if epoch else ()

    def _maker(self, members: tuple[str, ...]) -> str:
        """Return the member that makes the new key: it must be able to read the last sum."""
        able = self._epoch_members() if self._state["sum"] else members
        common = [site for site in members if site in able]
        if not common:
            raise RefusedError(
                f"no hospital of round {self._state['round']} can read the sum before it: nobody "
                "can hand the model on; let one hospital take part in both"
            )
        return common[0]

    def _round_requests(self, members: tuple[str, ...]) -> dict[str, bytes]:
        return {site: self._request("round", members, site) for site in members}

    def _request(self, kind: str, members: tuple[str, ...], site: str) -> bytes:
        state = self._state
        header = {
            "kind": kind,
            "terms": self.terms.digest,
            "round": state["round"],
            "attempt": state["attempt"],
            "members": [*members],
            "summed": state["summed"],
            "old" if kind == "key" else "epoch": state["epoch"],
        }
        last = (self.folder / state["sum"]).read_bytes() if state["sum"] else b""
        return wire.encode(Message(header, (self._wrapped(site), last)))

    def _wrapped(self, site: str) -> bytes:
        """Return the key of the present epoch as it was wrapped for a hospital."""
        epoch = self._state["epoch"]
        if not epoch or site == epoch["maker"]:
            return b""
        message = wire.decode(self._epoch_file(epoch["name"]).read_bytes())
        others = message.header["for"]
        return message.parts[2 + others.index(site)] if site in others else b""

    def _take_key(self, site: str, message: Message, *, size: tuple[int, int]) -> None:
        """Store a new key epoch: the public context, the wrapped keys and the carried sum."""
        members = self._members()
        others = [name for name in members if name != site]
        public, carried, *_ = message.exactly(2 + len(others), sender=site)
        if message.header.get("for") != others or bool(carried) != bool(self._state["sum"]):
            raise RefusedError(f"the key of {site} is not for {', '.join(others)}")
        sums = EncryptedSums(public)
        name = message.header.get("epoch")
        if not isinstance(name, str) or not re.fullmatch("[0-9a-f]{32}", name):
            raise RefusedError(f"{site} gave its key epoch no name")  # it becomes a file name
        last = None
        if carried:
            with self._counted():
                sums.check(carried)
            last = f"sums/{self._state['round']}-{name}.bin"
            write(self.folder / last, carried)
        kept = Message({"epoch": name, "for": others}, message.parts)
        write(self._epoch_file(name), wire.encode(kept))
        epoch = {"name": name, "maker": site, "members": [*members]}
        self._save(sum=last, epoch=epoch, bytes=[*size])

    def _settle(self) -> None:
        """Add, if all hospitals of the round have answered."""
        if self.done == self.plan.rounds:
            return
        members = self._members()
        if self.terms.encryption == "bfv" and self._epoch_members() != members:
            return
        requests = self._round_requests(members)
        uploads = [self._upload(site, request) for site, request in requests.items()]
        if not all(path.exists() for path in uploads):
            return
        number = int(self._state["round"])
        try:
            with self._counted():
                total = self._sums().add([path.read_bytes() for path in uploads])
        except RefusedError:  # which of them is wrong is not known: all are asked again
            remove(self.folder / "uploads")
            raise
        write(self.folder / f"sums/{number}.bin", total)
        up, down = self._state["bytes"]
        up += sum(path.stat().st_size for path in uploads)
        down += sum(map(len, requests.values()))
        self._save(
            round=number + 1,
            attempt=1,
            sum=f"sums/{number}.bin",
            summed=[*members],
            bytes=[0, 0],
            traffic=[*self._state["traffic"], [up, down]],
        )
        self._forget()

    def _sums(self) -> Sums:
        epoch = self._state["epoch"]
        if self.terms.encryption == "none" or epoch is None:
            return PlainSums()
        return EncryptedSums(wire.decode(self._epoch_file(epoch["name"]).read_bytes()).parts[0])

    def _upload(self, site: str, request: bytes) -> Path:
        return self.folder / "uploads" / f"{wire.digest(request)}-{site}.bin"

    def _epoch_file(self, name: str) -> Path:
        return self.folder / "epochs" / f"{name}.bin"

    def _forget(self) -> None:
        """Remove what no request needs any more."""
        remove(self.folder / "uploads")
        for path in (self.folder / "sums").glob("*.bin"):
            if f"sums/{path.name}" != self._state["sum"]:
                path.unlink()

    def _read(self) -> dict[str, Any]:
        path = self.folder / "state.json"
        if path.exists():
            stored: dict[str, Any] = json.loads(path.read_text("utf-8"))
            return stored
        return {
            "round": 1, "attempt": 1, "away": [], "epoch": None, "sum": None, "summed": [],
            "bytes": [0, 0], "traffic": [],
        }  # fmt: skip

    def _save(self, **changes: Any) -> None:
        state: Mapping[str, Any] = self._state | changes
        with whole(self.folder / "state.json") as part:
            part.write_text(json.dumps(state, indent=2, sort_keys=True) + "\n", "utf-8")
        self._state = dict(state)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        started = time.process_time()
        yield
        self.seconds += time.process_time() - started
