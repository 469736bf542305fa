"""checkpoint: save and load the state of an unfinished training run, so that it can be resumed.

The best weights so far have a file of their own, which is written when they have changed. Its name
says the iteration; the state says which one it belongs with. A kill between the two writes leaves
the older state, whose best weights are still there: a file is removed once no state needs it.
"""

from __future__ import annotations

import logging
import pickle
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from elsewhere.files import whole

log = logging.getLogger(__name__)

VERSION = 2
_STATE, _BEST = "state.pt", "best-{}.pt"


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
    validation_seconds
        The part of them that validations took.
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
    validation_seconds: float = 0.0
    scaler: dict[str, Any] = field(default_factory=dict)
    rounds: list[tuple[dict[str, float | None], dict[str, float]]] = field(default_factory=list)


def save(state: State, folder: Path) -> None:
    """Write the state, whole or not at all; it replaces the previous one."""
    best = _best_file(state.history, state.best_row, folder)
    if best is not None and not best.exists():
        with whole(best) as part:
            torch.save({"version": VERSION, "weights": state.best_weights}, part)
    values = vars(state) | {"version": VERSION}
    del values["best_weights"]
    with whole(folder / _STATE) as part:
        torch.save(values, part)
    _remove_best(folder, but=best)


def load(folder: Path) -> State | None:
    """Read the state; None if there is none, or, with a warning, if it cannot be used."""
    path = folder / _STATE
    if not path.exists():
        _remove_best(folder)
        return None
    try:
        values = _loaded(path)
        best = _best_file(values["history"], values["best_row"], folder)
        path = best or path  # the one that a warning names
        weights = _loaded(best)["weights"] if best else {}
        state = State(**values, best_weights=weights)
    except (  # what torch and pickle raise for a file that was cut, damaged or is not ours
        OSError,
        RuntimeError,
        pickle.UnpicklingError,
        zipfile.BadZipFile,
        EOFError,
        KeyError,
        IndexError,
        TypeError,
        ValueError,
        AttributeError,
    ) as error:
        log.warning("%s cannot be used, the run starts from the beginning: %s", path, error)
        _remove_best(folder)
        return None
    # written just before a kill: an iteration that is repeated on CUDA may reach other weights
    _remove_best(folder, but=best)
    return state


def _best_file(history: Sequence[Sequence[float]], row: int, folder: Path) -> Path | None:
    """Return the file of the best weights; None before the first validation."""
    return folder / _BEST.format(int(history[row][0])) if row >= 0 else None


def _remove_best(folder: Path, *, but: Path | None = None) -> None:
    """Remove best weights that no state names: a run from the beginning makes its own."""
    for path in folder.glob(_BEST.format("*")):
        if path != but:
            path.unlink()


def _loaded(path: Path) -> dict[str, Any]:
    _require_sound(path)
    values: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    if values.pop("version") != VERSION:
        raise ValueError("written by another version")
    return values


def _require_sound(path: Path) -> None:
    """Compare checksums: torch loads a damaged tensor without an error."""
    with zipfile.ZipFile(path) as archive:
        damaged = archive.testzip()
    if damaged is not None:
        raise ValueError(f"{damaged} in it is damaged")
