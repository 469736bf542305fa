"""unseen: layers of the training sites' own, and a site that was not one of them (D-44)."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from elsewhere.design.arm import Unseen
from elsewhere.networks.network import Network
from elsewhere.networks.sites import SitedNetwork

log = logging.getLogger(__name__)

Images = Callable[[], Iterable[Tensor]]


def treated(network: SitedNetwork, policy: Unseen, images: Images) -> Network:
    """Return a network that classifies scans of a site without layers of its own.

    No label of the site is used; ``nearest`` and ``test_time`` look at its images.

    Parameters
    ----------
    network
        Trained; changed in place.
    policy
        ``mean``: the mean of the sites' statistics and weights. ``nearest``: the layers of the
        site whose feature statistics are nearest to those of the images. ``test_time``: the mean,
        with the statistics of the images in place of the sites'. ``ensemble``: the mean of the
        probabilities that the layers of each site give.
    images
        Yields the images of the site in batches, anew at every call.

    Raises
    ------
    ValueError
        If the policy needs statistics and the network keeps none (group normalisation).
    """
    if policy == "ensemble":
        return Ensemble(network)
    if policy == "nearest":
        at = _nearest(network, images)
        log.info("the nearest training site is %s", network.sites[at])
        for layer in network.per_site():
            layer.unseen = layer.branches[at]
        return network
    for layer in network.per_site():
        layer.unseen = averaged(list(layer.branches))
    if policy == "test_time":
        _learn_statistics(network, images)
    return network


class Ensemble(Network):
    """The mean of the probabilities over the training sites' layers.

    Parameters
    ----------
    network
        With layers of the sites' own.
    """

    def __init__(self, network: SitedNetwork) -> None:
        super().__init__()
        self.network = network
        self.features = network.features
        self.sites = network.sites

    @property
    def classifier(self) -> nn.Module:  # type: ignore[override]
        """The head of the network."""
        return self.network.classifier

    def embed(self, images: Tensor, site: str | None) -> Tensor:
        """Return the mean embedding over the sites."""
        del site
        each = [self.network.embed(images, one) for one in self.sites]
        return torch.stack(each).mean(dim=0)

    def forward(self, images: Tensor, site: str | None) -> Tensor:
        """Return logits whose softmax is the mean probability, ``[batch, 2]``."""
        del site
        each = [self.network(images, one).float().log_softmax(dim=1) for one in self.sites]
        return torch.stack(each).logsumexp(dim=0)


def averaged(layers: Sequence[nn.Module]) -> nn.Module:
    """Return a layer whose parameters and statistics are the means of those of others."""
    states = [layer.state_dict() for layer in layers]
    mean = copy.deepcopy(layers[0])
    mean.load_state_dict(
        {
            name: torch.stack([state[name].double() for state in states]).mean(0).to(value.dtype)
            for name, value in states[0].items()
        }
    )
    return mean


def _learn_statistics(network: SitedNetwork, images: Images) -> None:
    """Replace the statistics of the unseen layers by the mean over the images' batches.

    A batch counts by its size: a last one of a single image does not weigh as much as a full one.

    Raises
    ------
    ValueError
        If there is no image.
    """
    unseen = [layer.unseen for layer in network.per_site() if layer.unseen is not None]
    norms = _keep_statistics(network, unseen)
    for norm in norms:
        norm.reset_running_stats()
    seen = 0
    with _modes(network, training=norms), torch.no_grad():
        for batch in images():
            seen += len(batch)
            for norm in norms:
                norm.momentum = len(batch) / seen
            network(batch, None)
    _some(seen, "test_time")


def _nearest(network: SitedNetwork, images: Images) -> int:
    distances = [_distance(network, at, images) for at in range(len(network.sites))]
    return min(range(len(distances)), key=distances.__getitem__)


def _distance(network: SitedNetwork, at: int, images: Images) -> float:
    """Return how far the features of images are from the statistics that a site's layers keep.

    Jeffreys' divergence of two normal distributions a channel, mean over channels, sum over
    layers; the images go through this site's layers.
    """
    norms = _keep_statistics(network, [layer.branches[at] for layer in network.per_site()])
    seen: dict[_BatchNorm, list[Tensor]] = {norm: [] for norm in norms}

    def note(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        features = inputs[0].double().transpose(0, 1).flatten(1)
        count = features.new_tensor(features.shape[1])
        sums = [count.expand(len(features)), features.sum(1), features.square().sum(1)]
        seen[norm].append(torch.stack(sums))  # type: ignore[index]

    hooks = [norm.register_forward_pre_hook(note) for norm in norms]
    with _modes(network, training=()), torch.no_grad():
        for batch in images():
            network(batch, network.sites[at])
    for hook in hooks:
        hook.remove()
    _some(min(map(len, seen.values())), "nearest")
    return sum(_divergence(norm, torch.stack(sums).sum(0)) for norm, sums in seen.items())


def _divergence(norm: _BatchNorm, sums: Tensor) -> float:
    count, total, squares = sums
    mean = total / count
    variance = squares / count - mean.square() + norm.eps
    kept = norm.state_dict()
    kept_mean, kept_variance = kept["running_mean"], kept["running_var"].double() + norm.eps
    apart = (mean - kept_mean).square()
    both = (variance + apart) / kept_variance + (kept_variance + apart) / variance
    return float((both / 2 - 1).mean())


def _some(seen: int, policy: str) -> None:
    if not seen:
        raise ValueError(
            f"unseen: {policy} looks at the site's images, and there is none; choose mean or "
            "ensemble for this arm"
        )


def _keep_statistics(network: SitedNetwork, layers: Iterable[nn.Module]) -> list[_BatchNorm]:
    norms = [
        each
        for layer in layers
        for each in layer.modules()
        if isinstance(each, _BatchNorm) and each.track_running_stats
    ]
    if not norms:
        raise ValueError(
            f"unseen: {type(network.network).__name__} keeps no feature statistics (it has no "
            "batch normalisation); choose mean or ensemble for this arm"
        )
    return norms


@contextmanager
def _modes(network: nn.Module, *, training: Sequence[nn.Module]) -> Iterator[None]:
    """Put everything but some layers into evaluation mode, and all back after."""
    before = {module: module.training for module in network.modules()}
    for module in before:
        module.training = any(module is one for one in training)
    try:
        yield
    finally:
        for module, mode in before.items():
            module.training = mode
