"""view: the contract of an input: how a prepared scan becomes what a network sees."""

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


class View(ABC):
    """How scans of one input are shown to a network when it is evaluated.

    Parameters
    ----------
    row
        The row of `inputs`.
    """

    @abstractmethod
    def __init__(self, row: InputRow) -> None: ...

    @abstractmethod
    def windows(self, array: Voxels) -> Iterator[Window]:
        """Yield all that a network sees of a prepared scan ``[z, y, x]``, window by window.

        Raises
        ------
        ValueError
            If the array has not the input's lattice.
        """

    @abstractmethod
    def window(self, array: Voxels, *, first: int) -> Floats:
        """Return the window of a prepared scan that begins at slice `first`."""


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
            f"got an array of shape {array.shape}, expected [z, {side}, {side}] as the input "
            "says; run `prepare` again if the input was changed"
        )
