"""serving: drives an adder over a carrier: who is asked, waited for, left out and let in again.

A carrier brings bytes to hospitals and back, by whatever network. It is believed in nothing: what
it brings is checked by the adder.
"""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from elsewhere.federation import wire
from elsewhere.federation.adder import Adder
from elsewhere.federation.wire import RefusedError

log = logging.getLogger(__name__)

ROUNDS = "rounds.jsonl"
LEFT = "left.txt"


class Carrier(Protocol):
    """Brings requests to hospitals and their answers back."""

    def present(self) -> frozenset[str]:
        """Return the hospitals that are connected now."""

    def ask(self, requests: Mapping[str, bytes], *, patience: float) -> Iterator[tuple[str, bytes]]:
        """Yield hospital and answer as they arrive; end once all have answered, or after a time.

        Parameters
        ----------
        requests
            By hospital.
        patience
            How long to wait, in seconds.
        """


@dataclass(frozen=True)
class Patience:
    """How long the server waits, in seconds, and how often it asks.

    Attributes
    ----------
    answer_s
        For an answer, with the training in it, or for a hospital that is not connected.
    pause_s
        Between two looks for who is connected, and before a hospital that refused is asked again.
    tries
        Answers of a hospital that may be refused, or refuse, before it is left out.
    """

    answer_s: float = 3600.0
    pause_s: float = 5.0
    tries: int = 3


@dataclass
class Service:
    """An adder that is served to hospitals.

    Attributes
    ----------
    folder
        The server's folder; receives `ROUNDS`, a line a round, and may hold `LEFT`, the hospitals
        that have left, a line each.
    adder
        Collects and adds.
    carrier
        Brings the bytes.
    patience
        How long it waits.
    """

    folder: Path
    adder: Adder
    carrier: Carrier
    patience: Patience = field(default_factory=Patience)

    def __post_init__(self) -> None:
        self._failures: Counter[str] = Counter()
        self._refusing: dict[str, str] = {}  # why a hospital was left out; until it connects anew
        self._started = time.monotonic()

    def run(self) -> None:
        """Finish all rounds.

        Raises
        ------
        RefusedError
            If a hospital refuses and too few are left without it; the message says why. The state
            is kept: a next call goes on.
        """
        self.adder.requests()  # adds up a round that a kill interrupted
        self._noted()
        while self.adder.done < self.adder.plan.rounds:
            self._let_in()
            done = self.adder.done
            while self.adder.done == done:
                self._step()
            self._note()

    def asked(
        self, requests: Mapping[str, bytes], *, take: Callable[[str, bytes], None]
    ) -> dict[str, str | None]:
        """Ask hospitals once; return who gave no good answer: why, or None of who kept silent.

        Parameters
        ----------
        requests
            By hospital.
        take
            Receives hospital and answer; raises RefusedError if it is not good.
        """
        failed: dict[str, str | None] = dict.fromkeys(requests)
        for site, answer in self.carrier.ask(requests, patience=self.patience.answer_s):
            try:
                reason = wire.decode(answer).refusal
                if reason is None:
                    take(site, answer)
            except RefusedError as error:
                reason = f"its answer is refused: {error}"
            if reason is None:
                failed.pop(site, None)
                self._failures.pop(site, None)
            else:
                failed[site] = reason
                self._failures[site] += 1
                log.warning("%s: %s", site, reason)
        return failed

    def gathered(self, sites: frozenset[str]) -> frozenset[str]:
        """Wait until hospitals are connected; return those that are when patience ends."""
        deadline = time.monotonic() + self.patience.answer_s
        told: frozenset[str] = frozenset()
        while True:
            missing = sites - self.carrier.present()
            if not missing or time.monotonic() >= deadline:
                return sites - missing
            if missing != told:
                log.info("waiting for %s to connect", ", ".join(sorted(missing)))
                told = missing
            time.sleep(min(self.patience.pause_s, max(deadline - time.monotonic(), 0.0)))

    def _step(self) -> None:
        """Ask for what the adder waits for, and leave out who does not give it."""
        requests = self.adder.requests()
        for site in left(self.folder) & set(requests):
            self._drop(site, f"it has left, says {LEFT}")
            return
        here = self.gathered(frozenset(requests))
        for site in [site for site in requests if site not in here]:
            self._drop(site, "it is not connected")
            return
        failed = self.asked(requests, take=self.adder.receive)
        for site, reason in failed.items():
            if reason is None:
                self._drop(site, f"no answer within {self.patience.answer_s:g} s")
            elif self._failures[site] >= self.patience.tries:
                self._refusing[site] = reason
                self._drop(site, reason)
        if failed:
            time.sleep(self.patience.pause_s)

    def _drop(self, site: str, reason: str) -> None:
        """Go on without a hospital; if too few would be left, wait for it or say why not."""
        self._failures.pop(site, None)
        try:
            self.adder.drop(site)
            try:
                self.adder.requests()
            except RefusedError:  # nobody left can hand the model on
                self.adder.back(site)
                raise
        except RefusedError as error:
            if site in self._refusing or site in left(self.folder):
                raise RefusedError(f"{site}: {reason}; {error}") from error
            log.warning("%s: %s; %s", site, reason, error)
        else:
            log.warning("%s: %s; round %d goes on without it", site, reason, self.adder.done + 1)

    def _let_in(self) -> None:
        """Let hospitals that were left out take part again, between two rounds."""
        present = self.carrier.present()
        self._refusing = {site: why for site, why in self._refusing.items() if site in present}
        for site in sorted({*self.adder.away} & present - {*self._refusing} - left(self.folder)):
            self.adder.back(site)
            log.info("%s is back from round %d on", site, self.adder.done + 1)

    def _noted(self) -> None:
        """Note rounds that were finished, but not noted, before a kill; their times are lost."""
        path = self.folder / ROUNDS
        lines = path.read_text("utf-8").splitlines(keepends=True) if path.exists() else []
        whole = [line for line in lines if line.endswith("\n")][: self.adder.done]
        if lines != whole:
            path.write_text("".join(whole), "utf-8")
        for number in range(len(whole) + 1, self.adder.done + 1):
            last = number == self.adder.done
            self._append(number, members=self.adder.summed if last else None, seconds=None)

    def _note(self) -> None:
        seconds = time.monotonic() - self._started
        self._started = time.monotonic()
        self._append(self.adder.done, members=self.adder.summed, seconds=round(seconds, 3))

    def _append(
        self, number: int, *, members: tuple[str, ...] | None, seconds: float | None
    ) -> None:
        up, down = self.adder.traffic[number - 1]
        row = {
            "round": number,
            "finished": datetime.now(UTC).isoformat(timespec="seconds") if seconds else None,
            "seconds": seconds,
            "members": [*members] if members is not None else None,
            "bytes_up": up,
            "bytes_down": down,
        }
        with (self.folder / ROUNDS).open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        if members is not None:
            log.info("round %d of %d: %s", number, self.adder.plan.rounds, ", ".join(members))


def left(folder: Path) -> set[str]:
    """Return the hospitals that have left for good, from `LEFT`."""
    path = folder / LEFT
    rows = path.read_text("utf-8").splitlines() if path.exists() else []
    return {row.strip() for row in rows if row.strip() and not row.startswith("#")}
