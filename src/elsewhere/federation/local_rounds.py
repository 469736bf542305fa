"""local_rounds: what a hospital keeps on its own disk of the rounds that it trained in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from elsewhere.federation import wire
from elsewhere.federation.fixed_point import Floats
from elsewhere.federation.wire import Message
from elsewhere.files import whole

KEPT = 2  # rounds: the last, and the one before it in case the last is asked for anew


@dataclass(frozen=True)
class Trained:
    """What a hospital has after its local training of one round.

    Attributes
    ----------
    weights
        What it shares, float32 ``[values]``.
    count
        Number of its training scans.
    memory
        What stays at home for its next round: momentum, its own layers, counters.
    loss
        Mean training loss of the round.
    """

    weights: Floats
    count: int
    memory: bytes
    loss: float


class LocalRounds:
    """The trained rounds of a hospital, a file each.

    Parameters
    ----------
    folder
        Folder of these files.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def numbers(self) -> list[int]:
        """Return the rounds that are kept, in order."""
        return sorted(int(path.stem) for path in self.folder.glob("[0-9]*.bin"))

    def before(self, number: int) -> Trained | None:
        """Return the last round before this one in which the hospital trained."""
        earlier = [done for done in self.numbers() if done < number]
        return self.read(earlier[-1])[0] if earlier else None

    def read(self, number: int) -> tuple[Trained, str]:
        """Return a round, and the digest of the weights from which it started."""
        stored = wire.decode(self._file(number).read_bytes())
        header, (weights, memory) = stored.header, stored.parts
        values = np.frombuffer(weights, "<f4").astype(np.float32)
        return Trained(values, header["count"], memory, header["loss"]), header["start"]

    def write(self, number: int, trained: Trained, *, start: str) -> None:
        """Write a round, whole or not at all; forget all but the last `KEPT`."""
        about = {"start": start, "count": trained.count, "loss": trained.loss}
        parts = (trained.weights.astype("<f4").tobytes(), trained.memory)
        with whole(self._file(number)) as part:
            part.write_bytes(wire.encode(Message(about, parts)))
        for done in self.numbers()[:-KEPT]:
            self._file(done).unlink()

    def _file(self, number: int) -> Path:
        return self.folder / f"{number}.bin"
