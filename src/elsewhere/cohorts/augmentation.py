"""augmentation: the contract of augmentations, the random changes of scans during training."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from elsewhere.cohorts.view import Floats, Voxels
from elsewhere.design import kinds
from elsewhere.design.rows import AugmentationRow, InputRow


class Augmentation(ABC):
    """Random changes of the scans of one input during training.

    Parameters
    ----------
    row
        `augmentation` of a row of `budgets`.
    input_row
        The row of `inputs`; its kind is `row.input_kind`.
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
            If the array does not have the lattice of the input.
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
        Rows of `inputs` and of `budgets`; the augmentation must be for this kind of input.
    rng
        Source of all randomness: the same state gives the same view.

    Raises
    ------
    TypeError
        If the augmentation is for another kind of input.
    """
    if augmentation.input_kind != input.kind:
        raise TypeError(
            f"input is of kind {input.kind}, augmentation of kind {augmentation.kind}: "
            "choose a budget whose augmentation fits the input"
        )
    augmentation_class = kinds.implementation(
        "augmentations",
        augmentation.kind,
        Augmentation,  # type: ignore[type-abstract]
    )
    return augmentation_class(augmentation, input).draw(array, rng)
