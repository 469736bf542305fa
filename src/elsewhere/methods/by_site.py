"""by_site: base class of methods that send each scan through the layers of its own site."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from elsewhere.methods.descent import LossOf
from elsewhere.methods.feed import Batch
from elsewhere.methods.loss import classification
from elsewhere.methods.method import Method
from elsewhere.networks.network import Network, logits
from elsewhere.networks.sites import PerSite, SitedNetwork


class BySite(Method):
    """Minimise the cross-entropy over all sites, each scan through the layers of its site.

    `Method.adapt` decides which layers each site has of its own.
    """

    def losses(self) -> Sequence[LossOf]:
        """Return the loss of a batch; see `Method.losses`."""
        return [cross_entropy]


def parts(batch: Batch) -> Iterator[tuple[str, Tensor]]:
    """Yield each site of a batch with the positions of its scans in it, int64 ``[n]``."""
    for site in dict.fromkeys(batch.sites):
        positions = [position for position, name in enumerate(batch.sites) if name == site]
        yield site, torch.tensor(positions, device=batch.labels.device)


def embeddings(network: Network, batch: Batch) -> Tensor:
    """Return the embeddings, ``[batch, features]``, each scan through the layers of its site."""
    by_site = [
        (positions, network.embed(batch.images[positions], site))
        for site, positions in parts(batch)
    ]
    return _in_order(by_site)


def site_logits(network: Network, head: nn.Module, embedded: Tensor, batch: Batch) -> Tensor:
    """Return what a head makes of embeddings, each scan through the head's layers of its site.

    Parameters
    ----------
    network
        The head's network.
    head
        Its classifier or another head.
    embedded
        Embeddings of the batch, ``[batch, features]``.
    batch
        Names the site of each scan.
    """
    own = any(isinstance(layer, PerSite) for layer in head.modules())
    if not own or not isinstance(network, SitedNetwork):
        return logits(head, embedded)
    by_site = []
    for site, positions in parts(batch):
        network.choose(site)
        by_site.append((positions, logits(head, embedded[positions])))
    return _in_order(by_site)


def cross_entropy(network: Network, batch: Batch) -> Tensor:
    """Return the mean cross-entropy of a batch, each scan through the layers of its site."""
    embedded = embeddings(network, batch)
    scores = site_logits(network, network.classifier, embedded, batch)
    return classification(scores, batch.labels, class_weights=batch.class_weights)


def _in_order(by_site: list[tuple[Tensor, Tensor]]) -> Tensor:
    """Return what was computed site by site in the order of the batch."""
    order = torch.cat([positions for positions, _ in by_site]).argsort()
    return torch.cat([of_site for _, of_site in by_site])[order]
