"""erm: the method that pools the scans of all sites (empirical risk minimisation; A-37, A-38)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from elsewhere.methods.descent import LossOf
from elsewhere.methods.feed import Batch
from elsewhere.methods.loss import classification
from elsewhere.methods.method import Method
from elsewhere.networks.network import Network


class EmpiricalRisk(Method):
    """Minimise the mean cross-entropy of a batch, whichever sites its scans are from.

    [AMB] A-43: the paper states neither the loss nor the balance of the sites in a batch.
    """

    def losses(self) -> Sequence[LossOf]:
        """Return the loss of a batch; see `Method.losses`."""
        return [cross_entropy]


def cross_entropy(network: Network, batch: Batch) -> Tensor:
    """Return the mean cross-entropy of a batch, a scalar."""
    return classification(
        network(batch.images, None), batch.labels, class_weights=batch.class_weights
    )
