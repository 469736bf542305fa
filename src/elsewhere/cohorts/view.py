"""view: the contract of an input's second half: how a network sees a prepared scan.

The first half, `elsewhere.imaging.preparation`, makes the prepared arrays on disk.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from elsewhere.design import kinds
from elsewhere.design.rows import InputRow

Voxels = npt.NDArray[np.generic]
Floats = npt.NDArray[np.float32]
Window = tuple[int, Floats]  # first slice, [channels, (z,) y, x]
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
    def windows(self, array: Voxels) -> Iterator[Window]:
        """Yield the windows in which a network sees a whole prepared scan ``[z, y, x]``.

        Raises
        ------
        ValueError
            If the array does not have the lattice of the input.
        """

    @abstractmethod
    def window(self, array: Voxels, *, first: int) -> Floats:
        """Return the window of a prepared scan that begins at slice `first`."""

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
