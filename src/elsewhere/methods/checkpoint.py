"""checkpoint: save and load the state of an unfinished training run, so that it can be resumed."""

from __future__ import annotations

import logging
import pickle
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from elsewhere.files import whole

log = logging.getLogger(__name__)

VERSION = 1


@dataclass
class State:
    """All that a run needs to resume with bit-identical results.

    Attributes
    ----------
    iteration
        Optimiser steps done.
    network, optimizer
        Their state_dicts.
    best_weights
        Weights of the best validation so far, on the CPU; empty before the first validation.
    best_row
        Index in `history` of the best validation; -1 before the first.
    history
        (iteration, learning rate, loss, score) of each validation.
    losses
        Sum of the training losses since the last validation, a float64 scalar.
    seconds
        Wall time so far, in seconds.
    scaler
        The state_dict of the scaler of an fp16 loss; else empty.
    rounds
        Of a federation, for each validation: the score of each site, and the cost of the round.
    """

    iteration: int
    network: dict[str, Any]
    optimizer: dict[str, Any]
    best_weights: dict[str, Any] = field(default_factory=dict)
    best_row: int = -1
    history: list[tuple[int, float, float, float]] = field(default_factory=list)
    losses: torch.Tensor = field(default_factory=lambda: torch.zeros((), dtype=torch.float64))
    seconds: float = 0.0
    scaler: dict[str, Any] = field(default_factory=dict)
    rounds: list[tuple[dict[str, float | None], dict[str, float]]] = field(default_factory=list)


def save(state: State, folder: Path) -> None:
    """Write the state, whole or not at all; it replaces the previous one."""
    with whole(_file(folder)) as part:
        torch.save({"version": VERSION, **vars(state)}, part)


def load(folder: Path) -> State | None:
    """Read the state; None if there is none, or, with a warning, if it cannot be used."""
    path = _file(folder)
    if not path.exists():
        return None
    try:
        _require_sound(path)
        values = torch.load(path, map_location="cpu", weights_only=True)
        if values.pop("version") != VERSION:
            raise ValueError("written by another version")
        return State(**values)
    except (  # what torch and pickle raise for a file that was cut, damaged or is not ours
        OSError,
        RuntimeError,
        pickle.UnpicklingError,
        zipfile.BadZipFile,
        EOFError,
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
    ) as error:
        log.warning("%s cannot be used, the run starts from the beginning: %s", path, error)
        return None


def _require_sound(path: Path) -> None:
    """Compare checksums: torch loads a damaged tensor without an error."""
    with zipfile.ZipFile(path) as archive:
        damaged = archive.testzip()
    if damaged is not None:
        raise ValueError(f"{damaged} in it is damaged")


def _file(folder: Path) -> Path:
    return folder / "state.pt"
