"""augmentation: the contract of random changes: what a scan looks like at one iteration."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from elsewhere.cohorts.view import Floats, Voxels
from elsewhere.design import kinds
from elsewhere.design.rows import AugmentationRow, InputRow


class Augmentation(ABC):
    """Random changes of the scans of one input.

    Parameters
    ----------
    row
        `augmentation` of a row of `budgets`.
    input_row
        The row of `inputs`, of the kind that `row.input_kind` names.
    """

    @abstractmethod
    def __init__(self, row: AugmentationRow, input_row: InputRow) -> None: ...

    @abstractmethod
    def draw(self, array: Voxels, rng: np.random.Generator) -> Floats:
        """Draw one random view of a prepared scan ``[z, y, x]``.

        Returns
        -------
        numpy.ndarray
            float32 of the input's shape.

        Raises
        ------
        ValueError
            If the array has not the input's lattice.
        """


def augment(
    array: Voxels, *, input: InputRow, augmentation: AugmentationRow, rng: np.random.Generator
) -> Floats:
    """Draw one random view of a scan.

    Parameters
    ----------
    array
        Prepared scan.
    input, augmentation
        Rows that fit each other.
    rng
        Source of every choice: the same state gives the same view.

    Raises
    ------
    TypeError
        If the augmentation is made for another kind of input.
    """
    if augmentation.input_kind != input.kind:
        raise TypeError(
            f"input is of kind {input.kind}, augmentation of kind {augmentation.kind}: "
            "name a budget whose augmentation fits the input"
        )
    chosen = kinds.implementation(
        "augmentations",
        augmentation.kind,
        Augmentation,  # type: ignore[type-abstract]
    )
    return chosen(augmentation, input).draw(array, rng)
