"""method: the contract of every way of learning: sites arrive apart, by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from elsewhere.cohorts.cohort import Cohort
from elsewhere.design.budgets import Training
from elsewhere.design.parts import Input, MethodRow
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
    input: Input
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


class Method(ABC):
    """How a network learns from its training sites.

    Parameters
    ----------
    row
        The row of `methods`.
    """

    def __init__(self, row: MethodRow) -> None:
        self.row = row

    def adapt(self, network: Network, sites: Sequence[str]) -> Network:
        """Return what is trained, and made again to load its weights: here the network as it is.

        Parameters
        ----------
        network
            As its row describes it; changed in place.
        sites
            The training sites.

        Raises
        ------
        ValueError
            If the network lacks what the method needs.
        """
        del sites
        return network

    @abstractmethod
    def fit(
        self,
        network: Network,
        train: Mapping[str, Cohort],
        valid: Mapping[str, Cohort],
        budget: Budget,
    ) -> Fitted:
        """Train until the budget is spent and return the best network.

        Parameters
        ----------
        network
            From `adapt`, with fresh weights; changed in place.
        train, valid
            Training and validation scans of each training site, in the order of the arm.
        budget
            How long, on what, from which seed.

        Raises
        ------
        SystemExit
            With code 143, after SIGTERM: the state is saved, the same call goes on from there.
        """
