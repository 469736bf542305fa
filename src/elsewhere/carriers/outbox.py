"""outbox: everything that leaves a hospital of a federation, where a person can read it.

A line of the ledger is written, and the content kept, before it is sent.
"""

from __future__ import annotations

import csv
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from elsewhere.federation import wire
from elsewhere.federation.disk import write
from elsewhere.files import csv_lines, unescaped

LEDGER = "ledger.csv"
SCORES = "scores.json"
COLUMNS = ("time", "kind", "round", "bytes", "sha256", "text")
SEALED = ("key", "round")  # kinds whose content no person can read
KEPT = 2  # of these, the last


@dataclass(frozen=True)
class Entry:
    """A line of the ledger.

    Attributes
    ----------
    time
        When it left, UTC.
    kind
        "key": a new key, wrapped for each hospital, and the public half; "round": sealed weights;
        "scores"; "received"; "refused".
    round
        Round of the request; empty if it had none.
    bytes, sha256
        Size and digest of the whole message.
    text
        Why a request was refused; nothing else is in such a message.
    """

    time: str
    kind: str
    round: str
    bytes: str
    sha256: str
    text: str


class Outbox:
    """What has left, in a folder.

    Parameters
    ----------
    folder
        Receives `LEDGER`, `SCORES`, and the last `KEPT` sealed messages, each named by its digest.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, answer: bytes, *, number: str) -> None:
        """Note and keep a message that is about to leave.

        Parameters
        ----------
        answer
            The message.
        number
            Round of the request; empty if it had none.
        """
        message, digest = wire.decode(answer), wire.digest(answer)
        kind = str(message.header["kind"])
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._append(Entry(now, kind, number, str(len(answer)), digest, message.refusal or ""))
        if kind == "scores":
            (scores,) = message.parts
            write(self.folder / SCORES, scores)
        if kind in SEALED:
            write(self._file(digest), answer)
            self._forget()

    def entries(self) -> list[Entry]:
        """Return the ledger, oldest first."""
        path = self.folder / LEDGER
        if not path.exists():
            return []
        with path.open(encoding="utf-8", newline="") as file:
            rows = [*csv.DictReader(file)]
        return [Entry(**{name: unescaped(row.get(name) or "") for name in COLUMNS}) for row in rows]

    def _append(self, entry: Entry) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        path, line = self.folder / LEDGER, csv_lines([asdict(entry).values()])
        before = path.read_bytes() if path.exists() else b""
        if not before:
            line = csv_lines([COLUMNS]) + line
        elif not before.endswith(b"\n"):  # a full disk or a power cut ended within a line
            line = "\n" + line
        with path.open("a", encoding="utf-8", newline="") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    def _file(self, digest: str) -> Path:
        return self.folder / f"{digest[:16]}.bin"

    def _forget(self) -> None:
        """Remove all but the last sealed messages: they are large."""
        digests = [entry.sha256 for entry in reversed(self.entries()) if entry.kind in SEALED]
        kept = {self._file(digest) for digest in [*dict.fromkeys(digests)][:KEPT]}
        for path in {*self.folder.glob("*.bin")} - kept:
            path.unlink()
