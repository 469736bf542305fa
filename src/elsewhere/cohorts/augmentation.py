"""augmentation: the contract of augmentations, the random changes of scans during training.

A view of a scan is made in three parts, so that few bytes are read and move: the plan is drawn
before the scan is read, a thread of the processor reads the slices of the plan, and the device
makes float32 of them. On every device the result is the same, bit for bit.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from elsewhere.cohorts.extent import Extent
from elsewhere.cohorts.view import Floats, Voxels
from elsewhere.design import kinds
from elsewhere.design.rows import AugmentationRow, InputRow


@dataclass(frozen=True)
class Plan:
    """What is done with a scan; each kind adds its own draws.

    Attributes
    ----------
    slices
        Slices that are read.
    """

    slices: range


P = TypeVar("P", bound=Plan)


class Augmentation(ABC, Generic[P]):
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
    def plan(self, scan: Extent, rng: np.random.Generator) -> P:
        """Draw what is done with a scan; all randomness is drawn here."""

    @abstractmethod
    def pack(self, raw: Voxels, plan: P) -> tuple[Voxels, ...]:
        """Return the arrays that move to the device, made of the slices of a plan.

        These are the slices as they are stored, unless a change cannot be made on every device
        with the same bits: such a change is made here.

        Parameters
        ----------
        raw
            The slices of the plan, [z, y, x].
        plan
            From `plan`.

        Raises
        ------
        ValueError
            If the slices do not have the lattice of the input.
        """

    @abstractmethod
    def apply(self, parts: Sequence[Tensor], plan: P, *, out: Tensor) -> None:
        """Make the view on the device.

        Parameters
        ----------
        parts
            What `pack` returned, on the device.
        plan
            From `plan`.
        out
            float32 of the input's shape, on the device; all of it is written.
        """


def build(augmentation: AugmentationRow, input: InputRow) -> Augmentation[Any]:
    """Return the augmentation of a row for an input.

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
    return augmentation_class(augmentation, input)


def augment(
    array: Voxels, *, input: InputRow, augmentation: AugmentationRow, rng: np.random.Generator
) -> Floats:
    """Draw one random view of a scan that is in memory, on the processor.

    Parameters
    ----------
    array
        Prepared scan.
    input, augmentation
        As `build` takes them.
    rng
        Source of all randomness: the same state gives the same view.

    Returns
    -------
    numpy.ndarray
        float32 of the input's shape.
    """
    made = build(augmentation, input)
    plan = made.plan(Extent.of(array), rng)
    wanted = plan.slices
    parts = made.pack(array[wanted.start : wanted.stop : wanted.step], plan)
    out = torch.empty(input.shape)
    made.apply([tensor(part) for part in parts], plan, out=out)
    view: Floats = out.numpy()
    return view


def tensor(array: Voxels) -> Tensor:
    """Return an array as a tensor that shares its memory; of one that cannot be written a copy."""
    return torch.from_numpy(array if array.flags.writeable else array.copy())
