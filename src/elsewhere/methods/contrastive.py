"""contrastive: separate normalisation and contrastive embeddings (D-12 to D-15)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from elsewhere.cohorts.cohort import Cohort
from elsewhere.design.budgets import Training
from elsewhere.design.methods.contrastive import Contrastive
from elsewhere.methods.by_site import BySite, embeddings
from elsewhere.methods.feed import Batch
from elsewhere.methods.loop import LossOf
from elsewhere.methods.loss import classification
from elsewhere.networks.network import Network
from elsewhere.networks.sites import SitedNetwork, separate_norms


class ContrastiveLearning(BySite):
    """Embeddings of one class are drawn together whatever their site (Wang et al. 2020, Eq. 5).

    The contrastive loss moves the shared layers and the projection; the cross-entropy does not
    reach the projection.
    """

    def __init__(self, row: Contrastive) -> None:
        super().__init__(row)
        self.terms = row

    def adapt(self, network: Network, sites: Sequence[str]) -> Network:
        """Give the sites normalisations, the training a projection; see `Method.adapt`."""
        separate_norms(network, sites)
        hidden, outputs = self.terms.projection
        projection = nn.Sequential(
            nn.Linear(network.features, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, outputs)
        )
        return SitedNetwork(network, sites, {"projection": projection})

    def check(self, train: Mapping[str, Cohort], training: Training) -> None:
        """Refuse scans with findings, and batches too small for a pair; see `Method.check`."""
        if any(cohort.findings for cohort in train.values()):
            raise ValueError(
                "contrastive draws together scans of one class, and these have findings, several "
                "at a time; choose another method for this arm"
            )
        size = training.batch_size
        if size < 3:
            raise ValueError(
                f"contrastive compares the scans of a batch: batch_size is {size}, expected at "
                "least 3 (two of one class, one of the other)"
            )

    def losses(self) -> Sequence[LossOf]:
        """Return the loss of Eq. 5; see `Method.losses`."""
        return [self.loss]

    def loss(self, network: Network, batch: Batch) -> Tensor:
        """Return cross-entropy plus weighted contrastive loss (Eq. 5), a scalar."""
        if not isinstance(network, SitedNetwork):
            kind = type(network).__name__
            raise TypeError(f"contrastive trains what its `adapt` made, got {kind}")
        embedded = embeddings(network, batch)
        classified = classification(network.classifier(embedded), batch.labels)
        projected = network.heads["projection"](embedded).float()
        # In bf16 a similarity near 1 / temperature = 20 has steps of 0.125.
        with torch.autocast(projected.device.type, enabled=False):
            apart = contrast(projected, batch.labels, self.terms)
        return classified + self.terms.weight * apart


def contrast(projected: Tensor, labels: Tensor, terms: Contrastive) -> Tensor:
    """Return the contrastive loss over all positive pairs, in both orders (Eq. 3, 4; D-14).

    A positive pair (m, n) has one class. ``negatives_only``, as the paper prints it: the
    denominator is the sum over all k of another class than m. ``nt_xent``, as the released code
    has it: the pair itself stands in the denominator too, so that the loss is never below 0.

    Parameters
    ----------
    projected
        ``[batch, outputs]``, of any length; only directions count.
    labels
        ``[batch]``.
    terms
        Kind of loss, temperature, and mean or sum over the pairs.

    Returns
    -------
    Tensor
        A scalar; 0 where the batch has no pair or but one class.
    """
    unit = F.normalize(projected, dim=1)
    similar = unit @ unit.T / terms.temperature
    same = labels[:, None] == labels[None, :]
    pairs = same & ~torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    if not pairs.any() or same.all():
        return projected.sum() * 0
    rest = similar.masked_fill(same, -torch.inf).logsumexp(dim=1, keepdim=True).expand_as(similar)
    if terms.loss == "nt_xent":
        rest = torch.logaddexp(rest, similar)
    losses = (rest - similar)[pairs]
    return losses.sum() if terms.reduction == "sum" else losses.mean()
