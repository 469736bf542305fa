"""view: the contract of an input's second half: how a network sees a prepared scan.

The first half, `elsewhere.imaging.preparation`, makes the prepared arrays on disk. A scan moves to
the device once, as it is stored, and is normalised there; its windows are cut from it there. On
every device the values are the same, bit for bit.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from elsewhere.design import kinds
from elsewhere.design.rows import InputRow

Voxels = npt.NDArray[np.generic]
Floats = npt.NDArray[np.float32]
Positions = tuple[int | None, ...]


class View(ABC):
    """Shows the prepared scans of one input to a network that is evaluated.

    Parameters
    ----------
    row
        The row of `inputs`.
    """

    @abstractmethod
    def __init__(self, row: InputRow) -> None: ...

    @abstractmethod
    def firsts(self, array: Voxels) -> tuple[int, ...]:
        """Return the first slice of each window in which a network sees a scan ``[z, y, x]``.

        Raises
        ------
        ValueError
            If the array does not have the lattice of the input.
        """

    def pack(self, array: Voxels) -> Voxels:
        """Return what moves to the device: the scan as it is stored, of most kinds."""
        return array

    @abstractmethod
    def normalised(self, packed: Tensor) -> Tensor:
        """Do on the device what all windows of a scan share; `packed` is left as it is."""

    @abstractmethod
    def cut(self, seen: Tensor, *, first: int) -> Tensor:
        """Return the window that begins at slice `first`, float32 ``[channels, (z,) y, x]``.

        Parameters
        ----------
        seen
            From `normalised`.
        first
            One of `firsts`.
        """

    def window(self, array: Voxels, *, first: int, device: torch.device | str = "cpu") -> Tensor:
        """Return the window of a prepared scan that begins at slice `first`, on a device."""
        return self.cut(self.normalised(tensor(self.pack(array)).to(device)), first=first)

    def windows(self, array: Voxels) -> Iterator[tuple[int, Tensor]]:
        """Yield first slice and window of all windows of a scan, on the CPU."""
        seen = self.normalised(tensor(self.pack(array)))
        for first in self.firsts(array):
            yield first, self.cut(seen, first=first)

    @abstractmethod
    def positions(self, n_slices: int, *, first: int) -> Positions:
        """Return which slice of a scan each slice of this window is; None: padding."""


def view(row: InputRow) -> View:
    """Return the view of a row of `inputs`.

    Raises
    ------
    KindError
        If there is no input of this kind.
    """
    return kinds.implementation("inputs", row.kind, View)(row)  # type: ignore[type-abstract]


def require_lattice(array: Voxels, *, side: int) -> None:
    """Raise ValueError unless `array` is [z, side, side]."""
    if array.ndim != 3 or array.shape[1:] != (side, side) or array.shape[0] < 1:
        raise ValueError(
            f"got an array of shape {array.shape}, expected [z, {side}, {side}] for this input; "
            "run `prepare` again if the input was changed"
        )


def tensor(array: Voxels) -> Tensor:
    """Return an array as a tensor that shares its memory; of one that cannot be written a copy."""
    return torch.from_numpy(array if array.flags.writeable else array.copy())
