"""erm: empirical risk minimisation over the pooled scans of the training sites (A-37, A-38)."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from elsewhere.cohorts.cohort import Cohort
from elsewhere.methods.feed import Batch
from elsewhere.methods.loop import learn
from elsewhere.methods.loss import classification
from elsewhere.methods.method import Budget, Fitted, Method
from elsewhere.networks.network import Network


class EmpiricalRisk(Method):
    """Minimise the mean cross-entropy of every batch, whatever its sites ([AMB] A-43)."""

    def fit(
        self,
        network: Network,
        train: Mapping[str, Cohort],
        valid: Mapping[str, Cohort],
        budget: Budget,
    ) -> Fitted:
        """Train on all sites together; see `Method.fit`."""
        return learn(network, train, valid, budget, losses=[cross_entropy])


def cross_entropy(network: Network, batch: Batch) -> Tensor:
    """Return the mean cross-entropy of a batch, a scalar."""
    return classification(network(batch.images, None), batch.labels)
