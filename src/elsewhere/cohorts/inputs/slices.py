"""slices: draw slices of a prepared CT volume, several times a scan (C-09, C-11, C-12)."""

from __future__ import annotations

from zlib import crc32

import numpy as np
import torch
from torch import Tensor

from elsewhere.cohorts.view import Positions, View, Voxels, require_lattice
from elsewhere.design.inputs.slices import Draw, SlicesInput


class SlicesView(View):
    """Shows several random draws of slices of each scan.

    The draws depend on the seed of the row and the values of the scan alone, so that neither other
    scans nor their order change a prediction.
    """

    def __init__(self, row: SlicesInput) -> None:
        self.row = row

    def firsts(self, array: Voxels) -> tuple[int, ...]:
        """Return the first slice of each draw; see `View.firsts`.

        A scan with a single possible draw is shown once.
        """
        require_lattice(array, side=self.row.matrix)
        starts = possible_starts(len(array), draw=self._draw(len(array)), depth=self.row.depth)
        rng = np.random.default_rng([self.row.seed, crc32(np.ascontiguousarray(array).data)])
        draws = range(self.row.draws if len(starts) > 1 else 1)
        return tuple(int(rng.choice(starts)) for _ in draws)

    def normalised(self, packed: Tensor) -> Tensor:
        """Return the scan: only the slices that are drawn are normalised."""
        return packed

    def cut(self, seen: Tensor, *, first: int) -> Tensor:
        """Return the draw that begins at slice `first`; see `View.cut`."""
        slices = self._slices(len(seen), first)
        chosen = seen[slices.start : slices.stop : slices.step]
        out = chosen.new_zeros((1, self.row.depth, *seen.shape[1:]), dtype=torch.float32)
        normalise(chosen, input=self.row, out=out)
        return out

    def positions(self, n_slices: int, *, first: int) -> Positions:
        """Return the slices of a draw; see `View.positions`."""
        slices = self._slices(n_slices, first)
        return (*slices, *(None for _ in range(self.row.depth - len(slices))))

    def _slices(self, n_slices: int, first: int) -> range:
        interval = self._draw(n_slices).interval
        return drawn(n_slices, first=first, interval=interval, depth=self.row.depth)

    def _draw(self, n_slices: int) -> Draw:
        return draw_for(n_slices, self.row.test)


def draw_for(n_slices: int, draws: tuple[Draw, ...]) -> Draw:
    """Return the first row that is for a scan of this many slices."""
    return next(draw for draw in draws if draw.up_to is None or n_slices <= draw.up_to)


def possible_starts(n_slices: int, *, draw: Draw, depth: int) -> range:
    """Return the slices at which a draw may begin (C-12); there is at least one."""
    starts = range(draw.first, n_slices - draw.margin)
    if starts:
        return starts
    last = max(0, n_slices - 1 - (depth - 1) * draw.interval)
    only = min(draw.first, last)
    return range(only, only + 1)


def drawn(n_slices: int, *, first: int, interval: int, depth: int) -> range:
    """Return the slices of a draw, fewer than `depth` where the scan ends before."""
    return range(first, min(n_slices, first + depth * interval), interval)


def normalise(chosen: Tensor, *, input: SlicesInput, out: Tensor) -> None:
    """Write some slices as a network sees them to `out` (C-10, C-12).

    [AMB] C-12: where a scan has too few slices, slices of zeros follow, which stand for the mean.
    The released code adds them after normalisation, too; where is not known.

    Parameters
    ----------
    chosen
        At most `depth` slices of a prepared volume [z, y, x], int16: HU minus `clip_min_hu`.
    input
        The row of `inputs`.
    out
        float32 [1, depth, y, x], on the same device; all of it is written.
    """
    scan = out[0, : len(chosen)]
    out[0, len(chosen) :].zero_()
    scan.copy_(chosen)
    scan.add_(float(np.float32(input.clip_min_hu - input.mean_hu)))
    # by a tensor: of a number CUDA takes the reciprocal, and multiplies, which has other bits
    scan.div_(out.new_full((), input.sd_hu))
