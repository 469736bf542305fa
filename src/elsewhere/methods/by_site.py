"""by_site: learning from batches that are cut into the parts of their sites."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from elsewhere.methods.feed import Batch
from elsewhere.methods.loop import LossOf
from elsewhere.methods.loss import classification
from elsewhere.methods.method import Method
from elsewhere.networks.network import Network


class BySite(Method):
    """Minimise the cross-entropy of all sites, each scan through the layers of its own.

    What these layers are says `Method.adapt`.
    """

    def losses(self) -> Sequence[LossOf]:
        """Return the loss of a batch; see `Method.losses`."""
        return [cross_entropy]


def parts(batch: Batch) -> Iterator[tuple[str, Tensor]]:
    """Yield each site of a batch and the places of its scans, int64 ``[n]``."""
    for site in dict.fromkeys(batch.sites):
        places = [place for place, one in enumerate(batch.sites) if one == site]
        yield site, torch.tensor(places, device=batch.labels.device)


def embeddings(network: Network, batch: Batch) -> Tensor:
    """Return ``[batch, features]``, each scan through the layers of its site."""
    found = [(places, network.embed(batch.images[places], site)) for site, places in parts(batch)]
    order = torch.cat([places for places, _ in found]).argsort()
    return torch.cat([embedded for _, embedded in found])[order]


def cross_entropy(network: Network, batch: Batch) -> Tensor:
    """Return the mean cross-entropy of a batch, each scan through the layers of its site."""
    return classification(network.classifier(embeddings(network, batch)), batch.labels)
