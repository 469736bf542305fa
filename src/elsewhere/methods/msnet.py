"""msnet: MS-Net, in which a teacher head per site trains a universal head (Liu et al. 2020; D-18).

The original is a segmentation method; here cross-entropies replace its Dice losses.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from elsewhere.design.methods.msnet import Msnet
from elsewhere.methods.by_site import BySite, embeddings, parts
from elsewhere.methods.descent import LossOf
from elsewhere.methods.feed import Batch
from elsewhere.methods.loss import classification, imitation
from elsewhere.networks.network import Network, logits
from elsewhere.networks.sites import SitedNetwork, separate_norms


class MultiSiteNetwork(BySite):
    """A universal head learns from the labels and from one teacher head per site.

    Every iteration has two steps, as in the released code. The first trains the shared layers and
    the teachers, each teacher on the labels of its site. The second trains the shared layers and
    the universal head, site by site, with a hard loss (labels) and a soft loss (probabilities of
    the site's teacher). The universal head makes the predictions. [AMB] Here both steps share one
    Adam optimiser, and the second step runs from the first iteration on; the released code has two
    optimisers and starts the second step at iteration 500.
    """

    def __init__(self, row: Msnet) -> None:
        super().__init__(row)
        self.soft = row.soft
        self.one_hot = row.targets == "one_hot"

    def adapt(self, network: Network, sites: Sequence[str]) -> Network:
        """Add normalisations and a teacher head per site; see `Method.adapt`."""
        separate_norms(network, sites)
        teachers = {
            f"teacher{number}": _reinitialised_copy(network.classifier)
            for number in range(len(sites))
        }
        return SitedNetwork(network, sites, teachers)

    def losses(self) -> Sequence[LossOf]:
        """Return the losses of the teachers and of the universal head; see `Method.losses`."""
        return [teachers_loss, self.universal_loss]

    def universal_loss(self, network: Network, batch: Batch) -> Tensor:
        """Return the universal head's weighted hard and soft losses, summed over sites."""
        embedded = embeddings(network, batch)
        losses = []
        for site, positions in parts(batch):
            of_site, labels = embedded[positions], batch.labels[positions]
            _sited(network).choose(site)
            scores = logits(network.classifier, of_site)
            with torch.no_grad():
                taught = logits(_teacher(network, site), of_site)
            hard = classification(scores, labels, class_weights=batch.class_weights)
            soft = imitation(scores, taught, labels, one_hot=self.one_hot)
            losses.append((1 - self.soft) * hard + self.soft * soft)
        return torch.stack(losses).sum()


def teachers_loss(network: Network, batch: Batch) -> Tensor:
    """Return the teachers' cross-entropies, summed over sites; they train shared layers too."""
    embedded = embeddings(network, batch)
    losses = []
    for site, positions in parts(batch):
        _sited(network).choose(site)
        scores, labels = (
            logits(_teacher(network, site), embedded[positions]),
            batch.labels[positions],
        )
        losses.append(classification(scores, labels, class_weights=batch.class_weights))
    return torch.stack(losses).sum()


def _teacher(network: Network, site: str) -> nn.Module:
    sited = _sited(network)
    return sited.heads[f"teacher{sited.sites.index(site)}"]


def _sited(network: Network) -> SitedNetwork:
    if not isinstance(network, SitedNetwork):
        raise TypeError(
            f"msnet trains a network from its own `adapt`, got {type(network).__name__}"
        )
    return network


def _reinitialised_copy(head: nn.Module) -> nn.Module:
    """Return a copy of a head with newly drawn weights."""
    copied = copy.deepcopy(head)
    for layer in copied.modules():
        if isinstance(layer, nn.Linear):
            layer.reset_parameters()
    return copied
