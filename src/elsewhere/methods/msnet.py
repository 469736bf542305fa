"""msnet: online transfer from a head of each site to a universal one (Liu et al. 2020; D-18).

The original segments; here the Dice losses are cross-entropies.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from elsewhere.design.methods.msnet import Msnet
from elsewhere.methods.by_site import BySite, embeddings, parts
from elsewhere.methods.feed import Batch
from elsewhere.methods.loop import LossOf
from elsewhere.methods.loss import classification, imitation
from elsewhere.networks.network import Network
from elsewhere.networks.sites import SitedNetwork, separate_norms


class MultiSiteNetwork(BySite):
    """A universal head learns from the labels and from a teacher of each site.

    Every iteration has two steps, as in the released code: shared layers and teachers, each
    teacher on its own site's labels; then shared layers and universal head, by hard loss (labels)
    and soft loss (the teacher's probabilities), site by site. Predictions are the universal
    head's. [AMB] Both steps have one Adam, and the second begins at the first iteration; the
    released code has two, and begins it at iteration 500.
    """

    def __init__(self, row: Msnet) -> None:
        super().__init__(row)
        self.soft = row.soft

    def adapt(self, network: Network, sites: Sequence[str]) -> Network:
        """Give the sites normalisations and a teacher; see `Method.adapt`."""
        separate_norms(network, sites)
        teachers = {f"teacher{number}": _fresh(network.classifier) for number in range(len(sites))}
        return SitedNetwork(network, sites, teachers)

    def losses(self) -> Sequence[LossOf]:
        """Return the losses of teachers and universal head; see `Method.losses`."""
        return [teachers_loss, self.universal_loss]

    def universal_loss(self, network: Network, batch: Batch) -> Tensor:
        """Return the sum over sites of hard and soft loss of the universal head."""
        embedded = embeddings(network, batch)
        losses = []
        for site, places in parts(batch):
            logits, labels = network.classifier(embedded[places]), batch.labels[places]
            with torch.no_grad():
                words = _teacher(network, site)(embedded[places])
            hard, soft = classification(logits, labels), imitation(logits, words, labels)
            losses.append((1 - self.soft) * hard + self.soft * soft)
        return torch.stack(losses).sum()


def teachers_loss(network: Network, batch: Batch) -> Tensor:
    """Return the sum over sites of each teacher's cross-entropy; it moves shared layers too."""
    embedded = embeddings(network, batch)
    losses = [
        classification(_teacher(network, site)(embedded[at]), batch.labels[at])
        for site, at in parts(batch)
    ]
    return torch.stack(losses).sum()


def _teacher(network: Network, site: str) -> nn.Module:
    if not isinstance(network, SitedNetwork):
        raise TypeError(f"msnet trains what its `adapt` made, got {type(network).__name__}")
    return network.heads[f"teacher{network.sites.index(site)}"]


def _fresh(head: nn.Module) -> nn.Module:
    """Return a copy of a head with new weights."""
    fresh = copy.deepcopy(head)
    for layer in fresh.modules():
        if isinstance(layer, nn.Linear):
            layer.reset_parameters()
    return fresh
