"""preparation: the contract of an input: how a scan becomes the array that is stored for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt

from elsewhere.design import kinds
from elsewhere.design.rows import InputRow

Voxels = npt.NDArray[np.generic]


class Preparation(ABC):
    """What is done to a scan once, before any training; nothing of it is random.

    Parameters
    ----------
    row
        The row of `inputs`.
    """

    @abstractmethod
    def __init__(self, row: InputRow) -> None: ...

    @abstractmethod
    def prepared(self, voxels: Voxels, value_scale: Any) -> Voxels:
        """Bring one scan ``[z, y, x]`` onto the lattice and values of the input.

        Parameters
        ----------
        voxels
            The scan as `ingest` stored it.
        value_scale
            What its values are: see the manifest's column of this name.

        Raises
        ------
        ValueError
            If the input does not take such scans.
        """


def preparation(row: InputRow) -> Preparation:
    """Return the preparation of a row of `inputs`.

    Raises
    ------
    KindError
        If there is no input of this kind.
    """
    return kinds.implementation("inputs", row.kind, Preparation)(row)  # type: ignore[type-abstract]
