"""local_training: the epochs of one hospital in one round of a federation (C-19, C-24)."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable
from dataclasses import replace
from zlib import crc32

import numpy as np
import torch
from torch import Tensor

from elsewhere.cohorts.batches import epoch_plan
from elsewhere.cohorts.cohort import Cohort
from elsewhere.design.budgets import Training
from elsewhere.design.methods.fedavg import Fedavg
from elsewhere.federation.local_rounds import Trained
from elsewhere.methods import shared_values
from elsewhere.methods.descent import Descent, LossOf
from elsewhere.methods.feed import Batch, fed
from elsewhere.methods.fit import Budget
from elsewhere.methods.loss import classification
from elsewhere.methods.schedule import learning_rate
from elsewhere.methods.shared_values import Floats
from elsewhere.networks.network import Network


class LocalTraining:
    """Trains a network on the scans of one hospital; see `federation.hospital.Trainer`.

    The result of a round depends on its arguments alone: the random draws on the seed, the hospital
    and the iteration, the momentum and the hospital's own layers on `memory`.

    Parameters
    ----------
    network
        The initial network, on the device; it is copied.
    cohort
        Training scans of the hospital.
    budget, row
        Settings of the run, and the row of `methods`.
    check
        It is called before each iteration and may raise, to stop.
    """

    def __init__(
        self,
        network: Network,
        cohort: Cohort,
        budget: Budget,
        *,
        row: Fedavg,
        check: Callable[[], None],
    ) -> None:
        self.network = copy.deepcopy(network)
        self.cohort = cohort
        self.row = row
        self.check = check
        self.size = budget.training.batch_size * budget.training.accumulate
        self.steps = steps(len(cohort), row.local_epochs, budget.training)
        training = budget.training.model_copy(update={"iterations": row.rounds * self.steps})
        seed = site_seed(budget.seed, cohort.site)
        self.budget = replace(budget, training=training, seed=seed)
        self._start = {name: value.clone() for name, value in network.state_dict().items()}
        self._device = next(network.parameters()).device

    def initial(self) -> Floats:
        """Return the shared values of the initial network."""
        self.network.load_state_dict(self._start)
        return shared_values.get(self.network)

    def train(self, weights: Floats, *, number: int, memory: bytes) -> Trained:
        """Train for the epochs of one round; see `federation.hospital.Trainer`.

        Raises
        ------
        FloatingPointError
            If the loss is not finite.
        """
        descent = self._resumed(weights, memory)
        losses = torch.zeros((), dtype=torch.float64, device=self._device)
        loss_of = self._loss()
        train, plans = {self.cohort.site: self.cohort}, self._plans(number)
        made = fed(train, self.budget, plans, check=self.check)
        for (iteration, _), batch in zip(plans, made, strict=True):
            self.check()
            rate = learning_rate(self.budget.training, iteration)
            seed = (self.budget.seed, iteration)
            losses += descent.step(batch, [loss_of], seed=seed, rate=rate).double()
        loss = float(losses) / self.steps
        if not np.isfinite(loss):
            raise FloatingPointError(
                f"the training loss of {self.cohort.site} is {loss} in round {number}: lower "
                "learning_rate or set clip_gradient in this row of budgets"
            )
        shared = shared_values.get(self.network)
        return Trained(shared, len(self.cohort), self._memory(descent), loss)

    def rate(self, number: int) -> float:
        """Return the learning rate of the last iteration of a round."""
        return learning_rate(self.budget.training, number * self.steps - 1)

    def own(self, memory: bytes) -> dict[str, Tensor]:
        """Return the tensors that the hospital keeps, from its memory; empty: the initial ones."""
        if not memory:
            self.network.load_state_dict(self._start)
            return shared_values.get_own(self.network, self.cohort.site)
        own: dict[str, Tensor] = _loaded(memory)["own"]
        return own

    def _resumed(self, weights: Floats, memory: bytes) -> Descent:
        """Return the network as a round starts, with the optimiser as it was left."""
        self.network.load_state_dict(self._start)
        shared_values.put(self.network, weights)
        descent = Descent(self.network, self.budget.training, device=self._device)
        if memory:
            stored = _loaded(memory)
            shared_values.put_own(self.network, stored["own"])
            descent.optimizer.load_state_dict(stored["optimizer"])
            if stored["scaler"]:
                descent.scaler.load_state_dict(stored["scaler"])
        return descent

    def _memory(self, descent: Descent) -> bytes:
        stored = {
            "own": shared_values.get_own(self.network, self.cohort.site),
            "optimizer": descent.optimizer.state_dict(),
            "scaler": descent.scaler.state_dict(),
        }
        buffer = io.BytesIO()
        torch.save(stored, buffer)
        return buffer.getvalue()

    def _plans(self, number: int) -> list[tuple[int, list[tuple[str, int]]]]:
        """Return the iterations of a round, each with site and index of its scans."""
        epochs = range((number - 1) * self.row.local_epochs, number * self.row.local_epochs)
        site, seed = self.cohort.site, self.budget.seed
        plans = [
            plan
            for epoch in epochs
            for plan in epoch_plan(
                site, len(self.cohort), batch_size=self.size, seed=seed, epoch=epoch
            )
        ]
        return [*enumerate(plans, start=(number - 1) * self.steps)]

    def _loss(self) -> LossOf:
        """Return the cross-entropy, with FedProx plus the distance to the start of the round."""
        shared = {*shared_values.shared_names(self.network)}
        anchors = [
            (parameter, parameter.detach().clone())
            for name, parameter in self.network.named_parameters()
            if self.row.mu and name in shared
        ]

        def loss_of(network: Network, batch: Batch) -> Tensor:
            loss = cross_entropy(network, batch)
            for parameter, anchor in anchors:
                loss = loss + self.row.mu / 2 * (parameter - anchor).square().sum()
            return loss

        return loss_of


def cross_entropy(network: Network, batch: Batch) -> Tensor:
    """Return the mean cross-entropy of a batch of one hospital, a scalar."""
    logits = network(batch.images, batch.sites[0])
    return classification(logits, batch.labels, class_weights=batch.class_weights)


def site_seed(seed: int, site: str) -> int:
    """Return the seed of a hospital's random draws, another at each hospital."""
    words = np.random.SeedSequence([seed, crc32(site.encode())]).generate_state(1, np.uint64)
    return int(words[0] >> 1)


def steps(scans: int, epochs: int, training: Training) -> int:
    """Return the iterations of a hospital in one round."""
    return epochs * -(-scans // (training.batch_size * training.accumulate))


def _loaded(memory: bytes) -> dict[str, dict[str, Tensor]]:
    stored: dict[str, dict[str, Tensor]] = torch.load(
        io.BytesIO(memory), map_location="cpu", weights_only=True
    )
    return stored
