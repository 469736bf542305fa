"""by_site: base class of methods that send each scan through the layers of its own site."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from elsewhere.methods.descent import LossOf
from elsewhere.methods.feed import Batch
from elsewhere.methods.loss import classification
from elsewhere.methods.method import Method
from elsewhere.networks.network import Network


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
    order = torch.cat([positions for positions, _ in by_site]).argsort()
    return torch.cat([site_embeddings for _, site_embeddings in by_site])[order]


def cross_entropy(network: Network, batch: Batch) -> Tensor:
    """Return the mean cross-entropy of a batch, each scan through the layers of its site."""
    logits = network.classifier(embeddings(network, batch))
    return classification(logits, batch.labels, class_weights=batch.class_weights)
