"""preparation: the contract of an input: how a scan becomes the array that is stored for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from elsewhere.design import kinds
from elsewhere.design.rows import InputRow
from elsewhere.imaging.volume import UNKNOWN_SPACING_MM, SpacingMm, ValueScale

Voxels = npt.NDArray[np.generic]


@dataclass(frozen=True)
class Scanned:
    """What the manifest says of a scan that matters to an input.

    Attributes
    ----------
    name
        Its scan_id, for messages.
    value_scale
        What its values are: see the manifest's column of this name.
    slices
        How many it has.
    spacing_mm
        (dz, dy, dx); NaN where it is not known.
    """

    name: str
    value_scale: ValueScale
    slices: int
    spacing_mm: SpacingMm = UNKNOWN_SPACING_MM


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
    def check(self, scans: Sequence[Scanned]) -> None:
        """Refuse scans that the input does not take, before any of them is read.

        Raises
        ------
        ValueError
            Saying how many they are and what to do.
        """

    @abstractmethod
    def prepared(self, voxels: Voxels, scan: Scanned) -> Voxels:
        """Bring one scan ``[z, y, x]`` onto the lattice and values of the input.

        Parameters
        ----------
        voxels
            The scan as `ingest` stored it.
        scan
            What is known of it; `check` takes it.
        """


def preparation(row: InputRow) -> Preparation:
    """Return the preparation of a row of `inputs`.

    Raises
    ------
    KindError
        If there is no input of this kind.
    """
    return kinds.implementation("inputs", row.kind, Preparation)(row)  # type: ignore[type-abstract]
