"""loop: the training loop of all methods (A-39 to A-43; D-11, D-16).

A method gives it the losses of a batch. It trains, validates at intervals, keeps the best
weights, and saves its state so that an interrupted run can be resumed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from elsewhere.cohorts.cohort import Cohort
from elsewhere.methods import checkpoint, device
from elsewhere.methods.checkpoint import State
from elsewhere.methods.descent import Descent, LossOf
from elsewhere.methods.feed import Batch, batches
from elsewhere.methods.fit import Budget, Fitted, Validation
from elsewhere.methods.interrupt import EXIT_CODE, Interrupt, Interrupted, listening
from elsewhere.methods.schedule import learning_rate
from elsewhere.methods.validation import answers, require_scans, score
from elsewhere.networks.network import Network
from elsewhere.progress import time_left

LOG_SECONDS = 10.0

log = logging.getLogger(__name__)


def learn(
    network: Network,
    train: Mapping[str, Cohort],
    valid: Mapping[str, Cohort],
    budget: Budget,
    *,
    losses: Sequence[LossOf],
) -> Fitted:
    """Train, validate at intervals, and return the weights of the best validation.

    The randomness of an iteration depends only on the seed and the iteration's number. On the CPU
    an interrupted and resumed run therefore ends bit-identical to an uninterrupted one.

    Parameters
    ----------
    network, train, valid, budget
        As `Method.fit` takes them.
    losses
        Functions that return the scalar loss of a network, in training mode, on a batch. An
        iteration takes one optimiser step for each, in this order. A step updates the parameters
        that have a gradient. The log and the history report the last loss. With `accumulate` a
        step follows the mean gradient of several batches.

    Raises
    ------
    ValueError
        If no site has a validation scan, or a site no training scan.
    FloatingPointError
        If the loss is not finite.
    SystemExit
        With code 143, after SIGTERM, once the state is saved.
    """
    require_scans(valid, chosen="weights")
    run = _Run(network, budget)
    run.resume()
    with listening() as interrupt:
        try:
            run.validate_if_due(valid, interrupt)
            for batch in batches(train, budget, run.done, check=interrupt.check):
                run.step(batch, losses)
                interrupt.check()
                run.save_if_due()
                run.validate_if_due(valid, interrupt)
        except Interrupted:
            run.save()
            log.info("SIGTERM: state saved at iteration %d", run.done)
            raise SystemExit(EXIT_CODE) from None
    return run.fitted()


class _Run:
    """The state of one run: network, optimiser, validations so far and the best weights."""

    def __init__(self, network: Network, budget: Budget) -> None:
        self.budget = budget
        self.device = device.prepare(budget.training)
        self.network = network.to(self.device)
        self.descent = Descent(self.network, budget.training, device=self.device)
        self.done = 0
        self.history: list[Validation] = []
        self.best: Validation | None = None
        self.best_weights: dict[str, Tensor] = {}
        self.losses = torch.zeros((), dtype=torch.float64, device=self.device)
        self.progress = _Progress(budget.training.iterations)
        self.seconds_before = 0.0

    def step(self, batch: Batch, losses: Sequence[LossOf]) -> None:
        """Do one iteration: one optimiser step for each loss."""
        rate = learning_rate(self.budget.training, self.done)
        loss = self.descent.step(batch, losses, seed=(self.budget.seed, self.done), rate=rate)
        self.losses += loss.double()
        self.done += 1
        self.progress.log_if_due(self.done, loss, self.history)

    def validate_if_due(self, valid: Mapping[str, Cohort], interrupt: Interrupt) -> None:
        """Validate every `validate_every` iterations and after the last, never twice (A-42)."""
        training = self.budget.training
        before = self.history[-1].iteration if self.history else 0
        due = self.done % training.validate_every == 0 or self.done == training.iterations
        if not due or self.done == before:
            return
        loss = float(self.losses) / (self.done - before)
        if not np.isfinite(loss):
            raise FloatingPointError(
                f"the training loss is {loss} at iteration {self.done}: lower learning_rate or "
                "set clip_gradient in this row of budgets"
            )
        last_learning_rate = learning_rate(training, self.done - 1)
        validation = Validation(self.done, last_learning_rate, loss, self._score(valid, interrupt))
        self.history.append(validation)
        self.losses.zero_()
        if better(validation, self.best, ties=self.budget.training.ties):
            self.best = validation
            state = self.network.state_dict()
            self.best_weights = {name: state[name].detach().cpu().clone() for name in state}

    def _score(self, valid: Mapping[str, Cohort], interrupt: Interrupt) -> float:
        """Return the selection score over the whole validation scans of all sites (A-16)."""
        network, device = self.network, self.device
        by_site = answers(network, valid, self.budget, device=device, check=interrupt.check)
        return score(by_site, self.budget)

    def save_if_due(self) -> None:
        """Save every `checkpoint_every` iterations."""
        if self.done % self.budget.training.checkpoint_every == 0:
            self.save()

    def save(self) -> None:
        """Write the state of the run."""
        state = State(
            iteration=self.done,
            network=self.network.state_dict(),
            optimizer=self.descent.optimizer.state_dict(),
            best_weights=self.best_weights,
            best_row=self.history.index(self.best) if self.best else -1,
            history=[(v.iteration, v.learning_rate, v.loss, v.score) for v in self.history],
            losses=self.losses,
            seconds=self._seconds(),
            scaler=self.descent.scaler.state_dict(),
        )
        checkpoint.save(state, self.budget.checkpoint)

    def resume(self) -> None:
        """Resume from the state of an interrupted run, if there is one."""
        state = checkpoint.load(self.budget.checkpoint)
        if state is None:
            return
        self.network.load_state_dict(state.network)
        self.descent.optimizer.load_state_dict(state.optimizer)
        if state.scaler:
            self.descent.scaler.load_state_dict(state.scaler)
        self.done = state.iteration
        self.history = [Validation(*row) for row in state.history]
        self.best = self.history[state.best_row] if state.best_row >= 0 else None
        self.best_weights = state.best_weights
        self.losses = state.losses.to(self.device)
        self.seconds_before = state.seconds
        self.progress.resumed_at = self.done
        log.info("resuming at iteration %d", self.done)

    def _seconds(self) -> float:
        return self.seconds_before + time.monotonic() - self.progress.started

    def fitted(self) -> Fitted:
        """Return the network with its best weights, and what the run cost."""
        if self.best is None:
            raise RuntimeError("no validation was made")
        peak = device.peak_memory_mb(self.device)
        self.network.load_state_dict(self.best_weights)
        return Fitted(
            network=self.network.cpu().eval(),
            history=tuple(self.history),
            best=self.best,
            seconds=self._seconds(),
            peak_memory_mb=peak,
            device=device.name(self.device),
        )


def better(
    validation: Validation, best: Validation | None, *, ties: Literal["first", "last"]
) -> bool:
    """Return whether a validation is better than the best so far ([AMB] A-43: ties)."""
    if best is None or validation.score > best.score:
        return True
    return ties == "last" and validation.score == best.score


class _Progress:
    """Logs the progress of training every `LOG_SECONDS`."""

    def __init__(self, iterations: int) -> None:
        self.iterations = iterations
        self.resumed_at = 0
        self.started = time.monotonic()
        self.last_logged = self.started

    def log_if_due(self, done: int, loss: Tensor, history: list[Validation]) -> None:
        """Log iteration, loss, selection score, speed and time left, if the last line is old."""
        now = time.monotonic()
        if now - self.last_logged < LOG_SECONDS and done < self.iterations:
            return
        self.last_logged = now
        per_second = (done - self.resumed_at) / (now - self.started)
        log.info(
            "iteration %d of %d, loss %.4f, selection score %s, %.2f iterations/s, %s",
            done,
            self.iterations,
            float(loss),
            f"{history[-1].score:.3f}" if history else "unknown yet",
            per_second,
            time_left((self.iterations - done) / per_second),
        )
