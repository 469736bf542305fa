"""contrastive: joint learning by separate normalisation and a contrastive loss (D-12 to D-15)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from elsewhere.cohorts.cohort import Cohort
from elsewhere.design.budgets import Training
from elsewhere.design.methods.contrastive import Contrastive
from elsewhere.methods.by_site import BySite, embeddings, site_logits
from elsewhere.methods.descent import LossOf
from elsewhere.methods.feed import Batch
from elsewhere.methods.loss import classification
from elsewhere.networks.batch_norm import BatchNorm
from elsewhere.networks.network import Network
from elsewhere.networks.sites import PerSite, SitedNetwork, separate_norms


class ContrastiveLearning(BySite):
    """Pull embeddings of one class together across sites (Wang et al. 2020, Eq. 5).

    The contrastive loss trains the shared layers and the projection; the cross-entropy does not
    train the projection.
    """

    def __init__(self, row: Contrastive) -> None:
        super().__init__(row)
        self.terms = row

    def adapt(self, network: Network, sites: Sequence[str]) -> Network:
        """Add normalisations per site and a projection for training; see `Method.adapt`."""
        separate_norms(network, sites)
        return SitedNetwork(network, sites, {"projection": self._projection(network, sites)})

    def _projection(self, network: Network, sites: Sequence[str]) -> nn.Sequential:
        """Return the two dense layers of the contrastive loss (D-13)."""
        hidden, outputs = self.terms.projection
        first, second = nn.Linear(network.features, hidden), nn.Linear(hidden, outputs)
        if self.terms.projection_norm == "none":
            return nn.Sequential(first, nn.ReLU(inplace=True), second)
        norms = [PerSite([BatchNorm(width) for _ in sites]) for width in (hidden, outputs)]
        return nn.Sequential(first, norms[0], nn.ReLU(), second, norms[1], nn.ReLU())

    def check(self, train: Mapping[str, Cohort], training: Training) -> None:
        """Refuse scans with findings, and batches too small for a pair; see `Method.check`."""
        if any(cohort.findings for cohort in train.values()):
            raise ValueError(
                "contrastive pulls together scans of one class, but these scans have several "
                "findings each; choose another method for this arm"
            )
        size = training.batch_size
        if size < 3:
            raise ValueError(
                f"contrastive compares the scans of a batch: batch_size is {size}, expected at "
                "least 3 (two of one class and one of the other)"
            )

    def losses(self) -> Sequence[LossOf]:
        """Return the loss of Eq. 5; see `Method.losses`."""
        return [self.loss]

    def loss(self, network: Network, batch: Batch) -> Tensor:
        """Return cross-entropy plus weighted contrastive loss (Eq. 5), a scalar."""
        if not isinstance(network, SitedNetwork):
            kind = type(network).__name__
            raise TypeError(f"contrastive trains a network from its own `adapt`, got {kind}")
        embedded = embeddings(network, batch)
        scores = site_logits(network, network.classifier, embedded, batch)
        classification_loss = classification(
            scores, batch.labels, class_weights=batch.class_weights
        )
        projected = site_logits(network, network.heads["projection"], embedded, batch)
        # in bf16 a similarity near 1 / temperature = 20 is rounded to steps of 0.125
        with torch.autocast(projected.device.type, enabled=False):
            contrastive_loss = contrast(projected, batch.labels, self.terms)
        return classification_loss + self.terms.weight * contrastive_loss


def contrast(projected: Tensor, labels: Tensor, terms: Contrastive) -> Tensor:
    """Return the contrastive loss over all positive pairs, in both orders (Eq. 3, 4; D-14).

    A positive pair (m, n) has one class. ``negatives_only`` is the loss as the paper prints it:
    the denominator is the sum over all k whose class differs from that of m. ``nt_xent`` is the
    loss of the released code: the denominator also contains the pair itself, so that the loss is
    never below 0.

    Parameters
    ----------
    projected
        ``[batch, outputs]``; only the direction of a row matters, not its length.
    labels
        ``[batch]``.
    terms
        The row of `methods`: kind of loss, temperature, and mean or sum over the pairs.

    Returns
    -------
    Tensor
        A scalar; 0 if the batch has no positive pair or only one class.
    """
    unit = F.normalize(projected, dim=1)
    similarity = unit @ unit.T / terms.temperature
    same = labels[:, None] == labels[None, :]
    pairs = same & ~torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    if not pairs.any() or same.all():
        return projected.sum() * 0
    log_denominator = (
        similarity.masked_fill(same, -torch.inf)
        .logsumexp(dim=1, keepdim=True)
        .expand_as(similarity)
    )
    if terms.loss == "nt_xent":
        log_denominator = torch.logaddexp(log_denominator, similarity)
    losses = (log_denominator - similarity)[pairs]
    return losses.sum() if terms.reduction == "sum" else losses.mean()
