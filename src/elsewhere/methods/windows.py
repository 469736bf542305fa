"""windows: read scans ahead, move each to the device once, and cut it there into batches."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from elsewhere.cohorts.view import Voxels, view
from elsewhere.design.rows import InputRow
from elsewhere.methods import transfer

# Most voxels in one pass on a CPU: 16 windows of 32 x 64 x 64. A window at the papers' size has
# more and is computed alone: its activations take gigabytes.
CPU_VOXELS = 1 << 21

Read = Callable[[], Voxels]
Window = tuple[int, int, Tensor]  # scan, first slice, [channels, (z,) y, x]


@dataclass(frozen=True)
class Packed:
    """A scan on its way to the device.

    Attributes
    ----------
    firsts
        First slice of each of its windows.
    values
        What moves, as `View.pack` returns it.
    """

    firsts: tuple[int, ...]
    values: Tensor


@dataclass(frozen=True)
class Passes:
    """How scans are cut and put together for the passes of a network.

    Attributes
    ----------
    input
        The row of `inputs`.
    device
        Device of the network.
    batch_size
        Windows or images in one pass; on a CPU fewer if they are large.
    threads
        Scans that are read at a time for a GPU, while it computes; for a CPU it is one.
    """

    input: InputRow
    device: torch.device
    batch_size: int
    threads: int = 1

    def packed(self, array: Voxels) -> Packed:
        """Return a prepared scan [z, y, x] as it moves to the device."""
        shown = view(self.input)
        return Packed(shown.firsts(array), transfer.host(shown.pack(array), self.device))

    def ahead(self, reads: Iterable[Read]) -> Generator[Packed, None, None]:
        """Yield scans in their order; the next ones are read while the device computes."""
        threads = self.threads if self.device.type == "cuda" else 1
        made = (partial(_read_and_pack, self, read) for read in reads)
        return transfer.read_ahead(made, threads=threads)

    def batches(self, scans: Iterable[Packed], *, repeated: int = 1) -> Iterator[list[Window]]:
        """Yield the windows of scans in batches; the next scan's may share one.

        Parameters
        ----------
        scans
            Each is moved to the device once.
        repeated
            How often each window follows itself.
        """
        batch: list[Window] = []
        for window in self._windows(scans):
            limit = self._limit(window[2].numel())
            for _ in range(repeated):
                batch.append(window)
                if len(batch) >= limit:
                    yield batch
                    batch = []
        if batch:
            yield batch

    def images(self, reads: Iterable[Read]) -> Iterator[Tensor]:
        """Yield scans as a network sees them, ``[batch, channels, (z,) y, x]``, on the device."""
        for batch in self.batches(self.ahead(reads)):
            yield stacked(batch)

    def _windows(self, scans: Iterable[Packed]) -> Iterator[Window]:
        shown = view(self.input)
        for number, scan in enumerate(scans):
            seen = shown.normalised(scan.values.to(self.device, non_blocking=True))
            for first in scan.firsts:
                yield number, first, shown.cut(seen, first=first)

    def _limit(self, voxels: int) -> int:
        """Return how many windows of so many voxels one pass takes, so that any scan fits."""
        if self.device.type != "cpu":
            return self.batch_size
        return min(self.batch_size, max(1, CPU_VOXELS // voxels))


def stacked(batch: list[Window]) -> Tensor:
    """Return the windows of a batch as one tensor."""
    return torch.stack([window for _, _, window in batch])


def _read_and_pack(passes: Passes, read: Read) -> Packed:
    return passes.packed(read())
