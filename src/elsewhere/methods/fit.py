"""fit: the settings that one training run takes and the result that it returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from elsewhere.design.budgets import Training
from elsewhere.design.rows import InputRow
from elsewhere.networks.network import Network


@dataclass(frozen=True)
class Budget:
    """Settings of one training run, beside the network and the data.

    Attributes
    ----------
    training
        Training half of a row of `budgets`: how long and how the network is trained.
    input
        Row of `inputs`: what the network sees.
    seed
        Seed of all randomness of the run.
    checkpoint
        Folder for the state of an unfinished run; the caller removes it after the run.
    """

    training: Training
    input: InputRow
    seed: int
    checkpoint: Path


@dataclass(frozen=True)
class Validation:
    """The result of one validation (A-42).

    Attributes
    ----------
    iteration
        Optimiser steps done.
    learning_rate
        Learning rate of the last step.
    loss
        Mean training loss since the previous validation.
    score
        The score that chooses the weights, over the validation scans of all training sites:
        accuracy or AUC; see `select_by` of `Training`.
    by_site
        The score of each site, where a method reports it; None where it cannot be computed.
    """

    iteration: int
    learning_rate: float
    loss: float
    score: float
    by_site: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Fitted:
    """The result of a finished training run.

    Attributes
    ----------
    network
        The network with the weights of the best validation, on the CPU.
    history
        Every validation, in order.
    best
        The validation whose weights were kept.
    seconds
        Wall time; the sum over all parts of an interrupted run.
    validation_seconds
        The part of it that validations took; None: not known.
    peak_memory_mb
        Peak memory in MiB, of the device on CUDA, of the process on the CPU.
    device
        Name of the device.
    iterations
        Optimiser steps, where the method decides them and not the budget; in a federation those of
        all hospitals together.
    epochs
        Passes over each site's training scans, in the same case.
    rounds
        Rounds of a federation: what each cost beside the training, by name.
    """

    network: Network
    history: tuple[Validation, ...]
    best: Validation
    seconds: float
    peak_memory_mb: float
    device: str
    iterations: int | None = None
    epochs: Mapping[str, float] | None = None
    rounds: tuple[Mapping[str, float], ...] = ()
    validation_seconds: float | None = None
