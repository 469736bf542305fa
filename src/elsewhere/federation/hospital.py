"""hospital: a member of a federation: its data, key and momentum never leave its own disk (C-17).

It answers requests, which are bytes, with bytes. The same request gets the same answer, also after
a kill: what was trained and what was answered is on disk before it is sent.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from elsewhere.federation import fixed_point, keys, masks, wire
from elsewhere.federation.ciphers import Bfv, Cipher, Plain, new_key
from elsewhere.federation.disk import SECRET, write
from elsewhere.federation.fixed_point import EQUAL_COUNT, MODULUS, Floats, Integers
from elsewhere.federation.local_rounds import LocalRounds, Trained
from elsewhere.federation.roster import Circle
from elsewhere.federation.terms import Terms
from elsewhere.federation.wire import Message, RefusedError

ANSWERS_KEPT = 2  # rounds whose requests may be repeated


class Trainer(Protocol):
    """Trains at a hospital; a pure function of its arguments, so that it can be repeated."""

    def initial(self) -> Floats:
        """Return the weights with which the first round starts, float32 ``[values]``."""

    def train(self, weights: Floats, *, number: int, memory: bytes) -> Trained:
        """Train in one round.

        Parameters
        ----------
        weights
            Where the round starts.
        number
            The round, from 1 on.
        memory
            Of the hospital's previous round; empty before its first.
        """


class Hospital:
    """A member of a federation.

    Parameters
    ----------
    folder
        Its own disk; with encryption it holds the hospital's key and roster.
    site
        Its name in the roster.
    terms
        The rules that it agreed to.
    trainer
        Trains on its scans.

    Attributes
    ----------
    rounds
        What it trained.
    seconds
        CPU seconds so far of "encrypt" (with masks and keys) and "decrypt".
    """

    def __init__(self, folder: Path, site: str, *, terms: Terms, trainer: Trainer) -> None:
        self.folder = folder
        self.site = site
        self.terms = terms
        self.trainer = trainer
        self.rounds = LocalRounds(folder / "rounds")
        self.seconds = {"encrypt": 0.0, "decrypt": 0.0}

    def answer(self, request: bytes) -> bytes:
        """Return the answer to a request of the adder.

        Raises
        ------
        RefusedError
            If the request is damaged, of a round that is over, or against the terms.
        OverflowError
            If the weights are too large for the fixed-point sum.
        """
        asked = wire.digest(request)
        message = self._checked(request)
        number = int(message.header["round"])
        path = self.folder / "answers" / f"{number}-{asked}.bin"
        if path.exists():
            return path.read_bytes()
        kind = message.header["kind"]
        if kind not in ("key", "round"):
            raise RefusedError(f"{self.site} is asked for '{kind}', expected 'key' or 'round'")
        made = self._make_key(message) if kind == "key" else self._take_part(message)
        answer = wire.encode(Message({**made.header, "request": asked, "kind": kind}, made.parts))
        write(path, answer)
        self._forget(number - ANSWERS_KEPT)
        return answer

    def model(self, request: bytes) -> Floats:
        """Return the weights in the sum that a request of kind "model" brings; they stay here."""
        return self._opened(self._checked(request))

    def _checked(self, request: bytes) -> Message:
        """Return a request that this hospital may answer."""
        message = wire.decode(request)
        header, members = message.header, message.header["members"]
        if header["terms"] != self.terms.digest:
            raise RefusedError(
                f"{self.site} trains with other terms than the server: input, network, method or "
                "budget differ"
            )
        if self.site not in members or len(set(members)) < len(members):
            raise RefusedError(f"the members {members} do not hold {self.site} once")
        if len(members) < self.terms.min_sites:
            raise RefusedError(
                f"round {header['round']} has {len(members)} members; {self.site} takes part in "
                f"sums of {self.terms.min_sites} or more (min_sites)"
            )
        if self.terms.encryption == "bfv":
            self._circle().require(members)
            epoch = header.get("epoch")
            if epoch is not None and set(epoch["members"]) != set(members):
                raise RefusedError(f"the key of the epoch is not that of the members {members}")
        return message

    def _make_key(self, message: Message) -> Message:
        """Make the key of a new epoch, wrap it for the members, and carry the last sum over."""
        wrapped_old, last = message.parts
        members = message.header["members"]
        circle = self._circle()
        integers = self._sum(message.header["old"], wrapped_old, last) if last else None
        with self._counted("encrypt"):
            private, public = new_key()
            epoch = os.urandom(16).hex()
            others = [name for name in members if name != self.site]
            wrapped = [
                keys.wrap(private, circle, receiver=name, epoch=epoch, members=members)
                for name in others
            ]
            carried = Bfv(private).seal(integers) if integers is not None else b""
        write(self._key(epoch), private, mode=SECRET)
        return Message({"epoch": epoch, "for": others}, (public, carried, *wrapped))

    def _take_part(self, message: Message) -> Message:
        """Train from the last sum and seal the result."""
        header, number = message.header, int(message.header["round"])
        last = max(self.rounds.numbers(), default=0)
        if number < last:
            raise RefusedError(
                f"round {number} is over: {self.site} has trained in round {last}; the request is "
                "old or repeated with other content"
            )
        start = self._opened(message) if message.parts[1] else self._start(number)
        trained = self._trained(number, start)
        equal = self.terms.weighting == "equal"
        integers = fixed_point.encode(
            trained.weights,
            EQUAL_COUNT if equal else trained.count,
            fraction_bits=self.terms.fraction_bits,
            members=len(header["members"]),
        )
        with self._counted("encrypt"):
            if self.terms.encryption == "bfv":
                label = wire.digest(_text(header) + wire.digest(message.parts[1]).encode())
                members = header["members"]
                integers = masks.masked(integers, self._circle(), members=members, label=label)
            sealed = self._cipher(header["epoch"], message.parts[0]).seal(integers % MODULUS)
        return Message({}, (sealed,))

    def _start(self, number: int) -> Floats:
        if number > 1:
            raise RefusedError(f"round {number} brings no sum to start from")
        return self.trainer.initial()

    def _trained(self, number: int, start: Floats) -> Trained:
        """Train, or return what was trained from the same start before."""
        key = wire.digest(start.tobytes())
        if number in self.rounds.numbers():
            trained, started_from = self.rounds.read(number)
            if started_from == key:
                return trained
        before = self.rounds.before(number)
        memory = before.memory if before else b""
        trained = self.trainer.train(start, number=number, memory=memory)
        self.rounds.write(number, trained, start=key)
        return trained

    def _opened(self, message: Message) -> Floats:
        """Return the mean in the sum that a message brings."""
        wrapped, last = message.parts
        integers = self._sum(message.header["epoch"], wrapped, last)
        weights, count = fixed_point.decode(integers, fraction_bits=self.terms.fraction_bits)
        self._check_count(count, message.header["summed"])
        return weights

    def _check_count(self, count: int, summed: Sequence[str]) -> None:
        """Refuse a sum that is not that of the hospitals which the server names.

        A refusal may reach the server, so it says no number that was decrypted or counted here.
        """
        if self.terms.weighting == "equal":
            if count != EQUAL_COUNT * len(summed):
                raise RefusedError(
                    f"the sum does not count {EQUAL_COUNT * len(summed)}, as that of "
                    f"{len(summed)} hospitals does: it is not theirs"
                )
            return
        numbers = self.rounds.numbers()
        own = self.rounds.read(numbers[-1])[0].count if numbers else 0
        if self.site in summed and len(summed) > 1 and count <= own:
            raise RefusedError(
                f"the sum counts no more scans than {self.site} alone has: it is not that of "
                f"{len(summed)} hospitals"
            )

    def _sum(self, epoch: Mapping[str, Any] | None, wrapped: bytes, last: bytes) -> Integers:
        cipher = self._cipher(epoch, wrapped)
        with self._counted("decrypt"):
            return cipher.open(last)

    def _cipher(self, epoch: Mapping[str, Any] | None, wrapped: bytes) -> Cipher:
        """Return the cipher of a key epoch; its key comes from this disk, or wrapped."""
        if self.terms.encryption == "none":
            return Plain()
        if epoch is None:
            raise RefusedError("the request names no key epoch, but the terms want encryption")
        path = self._key(epoch["name"])
        if not path.exists():
            key = keys.unwrap(
                wrapped,
                self._circle(),
                maker=epoch["maker"],
                epoch=epoch["name"],
                members=epoch["members"],
            )
            write(path, key, mode=SECRET)
        return Bfv(path.read_bytes())

    def _circle(self) -> Circle:
        return Circle(self.folder, self.site)

    def _key(self, epoch: str) -> Path:
        if len(epoch) != 32 or not set(epoch) <= set("0123456789abcdef"):
            raise RefusedError(f"'{epoch}' is no name of a key epoch")  # it becomes a file name
        return self.folder / "epochs" / f"{epoch}.key"

    def _forget(self, number: int) -> None:
        """Remove answers up to a round."""
        for path in (self.folder / "answers").glob("[0-9]*.bin"):
            if int(path.name.split("-")[0]) <= number:
                path.unlink()

    @contextmanager
    def _counted(self, what: str) -> Iterator[None]:
        started = time.process_time()
        yield
        self.seconds[what] += time.process_time() - started


def _text(header: Mapping[str, Any]) -> bytes:
    return json.dumps(dict(header), sort_keys=True).encode()
