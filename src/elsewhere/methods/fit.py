"""fit: what one training is given beside network and data, and what it returns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from elsewhere.design.budgets import Training
from elsewhere.design.rows import InputRow
from elsewhere.networks.network import Network


@dataclass(frozen=True)
class Budget:
    """What a fit is given beside network and data.

    Attributes
    ----------
    training
        Row of `budgets`: how long and how.
    input
        Row of `inputs` that the network sees.
    seed
        Source of all randomness of the run.
    checkpoint
        Folder for the state of an unfinished run; the caller removes it in the end.
    """

    training: Training
    input: InputRow
    seed: int
    checkpoint: Path


@dataclass(frozen=True)
class Validation:
    """One validation (A-42).

    Attributes
    ----------
    iteration
        Optimiser steps done.
    learning_rate
        Of the last step.
    loss
        Mean training loss since the validation before.
    score
        What chooses the weights, over the validation scans of all training sites: share of right
        ones, or AUC; see `select_by` of `Training`.
    """

    iteration: int
    learning_rate: float
    loss: float
    score: float


@dataclass(frozen=True)
class Fitted:
    """A finished run.

    Attributes
    ----------
    network
        With the weights of the best validation, on the CPU.
    history
        Every validation, in order.
    best
        The validation whose weights were kept.
    seconds
        Wall time, all parts of an interrupted run together.
    peak_memory_mb
        Of the device on CUDA, of the process on the CPU.
    device
        Name of the device.
    """

    network: Network
    history: tuple[Validation, ...]
    best: Validation
    seconds: float
    peak_memory_mb: float
    device: str
