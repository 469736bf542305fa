"""descent: one training iteration, a step of the optimiser for each loss (A-43, B-27)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from elsewhere.design.budgets import Training
from elsewhere.methods import optimizer
from elsewhere.methods.device import autocast
from elsewhere.methods.feed import Batch, iteration_seed
from elsewhere.networks import execution
from elsewhere.networks.network import Network

LossOf = Callable[[Network, Batch], Tensor]


class Descent:
    """A network and its optimiser.

    Parameters
    ----------
    network
        It is on the device already. How it computes a step is set as the budget asks.
    training
        Training half of the budget.
    device
        Device of the network.

    Attributes
    ----------
    optimizer
        Of all parameters.
    scaler
        Scales the loss in fp16, whose smallest gradients would be 0; else it does nothing.
    """

    def __init__(self, network: Network, training: Training, *, device: torch.device) -> None:
        self.network = network
        self.training = training
        self.device = device
        execution.arrange(network, fused=training.fused, recompute=training.recompute)
        execution.compile_for(network, training.compile)
        self.optimizer = optimizer.build(network, training)
        fp16 = training.precision == "fp16"
        self.scaler = torch.amp.GradScaler(device.type, enabled=fp16)

    def step(
        self, batch: Batch, losses: Sequence[LossOf], *, seed: tuple[int, int], rate: float
    ) -> Tensor:
        """Take an optimiser step for each loss; return the last loss, a scalar.

        Parameters
        ----------
        batch
            ``batch_size * accumulate`` scans, or the rest of an epoch, on the device.
        losses
            Functions that return the scalar loss of the network, in training mode, on a batch.
        seed
            Seed of the run and number of the iteration: what torch draws depends on nothing else.
        rate
            Learning rate.
        """
        torch.manual_seed(iteration_seed(*seed))
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.network.train()
        for loss_of in losses:
            loss = self._descend(batch, loss_of)
        return loss

    def _descend(self, batch: Batch, loss_of: LossOf) -> Tensor:
        """Take one optimiser step along the mean gradient of a loss; return the mean loss."""
        training = self.training
        self.optimizer.zero_grad(set_to_none=True)
        total = torch.zeros((), dtype=torch.float32, device=self.device)
        pieces = [*batch.cut(training.batch_size)]
        for piece in pieces:
            with autocast(self.device, training.precision):
                loss = loss_of(self.network, piece) / len(pieces)
            self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        if training.clip_gradient is not None:
            self.scaler.unscale_(self.optimizer)
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), training.clip_gradient)
        self.scaler.step(self.optimizer)  # without a finite gradient it takes no step
        self.scaler.update()
        return total
