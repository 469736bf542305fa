"""unseen: apply a network with layers per training site to a site not seen in training (D-44)."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm

from elsewhere.design.arm import Unseen
from elsewhere.networks.network import Network
from elsewhere.networks.sites import SitedNetwork

log = logging.getLogger(__name__)

Images = Callable[[], Iterable[Tensor]]


def apply_policy(
    network: SitedNetwork, policy: Unseen, images: Images, *, findings: bool = False
) -> Network:
    """Return a network that classifies scans of a site not seen in training.

    No label of that site is used; ``nearest`` and ``test_time`` use its images.

    Parameters
    ----------
    network
        Trained; it is changed in place.
    policy
        ``mean``: layers with the mean of the training sites' statistics and weights.
        ``nearest``: the layers of the training site whose feature statistics are nearest to those
        of the images. ``test_time``: as ``mean``, but with the statistics of the images.
        ``ensemble``: the mean of the probabilities over the layers of all training sites.
    images
        A function that yields the images of the site in batches; it may be called several times.
    findings
        Whether each output stands for a finding of its own, not for one of exclusive classes.

    Raises
    ------
    ValueError
        If the policy needs statistics and the network keeps none (group normalisation).
    """
    if policy == "ensemble":
        return Ensemble(network, findings=findings)
    if policy == "nearest":
        index = _nearest(network, images)
        log.info("the nearest training site is %s", network.sites[index])
        for layer in network.per_site():
            layer.unseen = layer.branches[index]
        return network
    for layer in network.per_site():
        layer.unseen = mean_layer(list(layer.branches))
    if policy == "test_time":
        _learn_statistics(network, images)
    return network


class Ensemble(Network):
    """A network whose probabilities are the mean over the layers of all training sites.

    Parameters
    ----------
    network
        A network with layers per training site.
    findings
        Whether each output has a probability of its own (B-24); else those of a scan sum to 1.
    """

    def __init__(self, network: SitedNetwork, *, findings: bool = False) -> None:
        super().__init__()
        self.network = network
        self.findings = findings
        self.features = network.features
        self.sites = network.sites

    @property
    def classifier(self) -> nn.Module:  # type: ignore[override]
        """The head of the network."""
        return self.network.classifier

    def embed(self, images: Tensor, site: str | None) -> Tensor:
        """Return the mean embedding over the sites."""
        del site
        embeddings = [self.network.embed(images, name) for name in self.sites]
        return torch.stack(embeddings).mean(dim=0)

    def forward(self, images: Tensor, site: str | None) -> Tensor:
        """Return logits, ``[batch, outputs]``, whose probabilities are the mean over the sites."""
        del site
        by_site = torch.stack([self.network(images, name).float() for name in self.sites])
        if self.findings:
            return F.logsigmoid(by_site).logsumexp(dim=0) - F.logsigmoid(-by_site).logsumexp(dim=0)
        return by_site.log_softmax(dim=2).logsumexp(dim=0)


def mean_layer(layers: Sequence[nn.Module]) -> nn.Module:
    """Return a layer whose parameters and statistics are the means over several layers."""
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
    """Replace the statistics of the unseen layers by their mean over the batches of images.

    A batch is weighted by its size, so that a last batch of one image counts less than a full one.

    Raises
    ------
    ValueError
        If there is no image.
    """
    unseen_layers = [layer.unseen for layer in network.per_site() if layer.unseen is not None]
    norms = _norms_with_statistics(network, unseen_layers)
    for norm in norms:
        norm.reset_running_stats()
    n_images = 0
    with _training_mode(network, training=norms), torch.no_grad():
        for batch in images():
            n_images += len(batch)
            for norm in norms:
                norm.momentum = len(batch) / n_images
            network(batch, None)
    _require_images(n_images, "test_time")


def _nearest(network: SitedNetwork, images: Images) -> int:
    distances = [_distance(network, index, images) for index in range(len(network.sites))]
    return min(range(len(distances)), key=distances.__getitem__)


def _distance(network: SitedNetwork, index: int, images: Images) -> float:
    """Return the distance between the features of images and the statistics of a site's layers.

    This is Jeffreys' divergence of two normal distributions per channel, averaged over channels and
    summed over layers. The images pass through this site's layers.
    """
    norms = _norms_with_statistics(network, [layer.branches[index] for layer in network.per_site()])
    sums_by_norm: dict[_BatchNorm, list[Tensor]] = {norm: [] for norm in norms}

    def record_sums(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        features = inputs[0].double().transpose(0, 1).flatten(1)
        count = features.new_tensor(features.shape[1])
        sums = [count.expand(len(features)), features.sum(1), features.square().sum(1)]
        sums_by_norm[norm].append(torch.stack(sums))  # type: ignore[index]

    hooks = [norm.register_forward_pre_hook(record_sums) for norm in norms]
    with _training_mode(network, training=()), torch.no_grad():
        for batch in images():
            network(batch, network.sites[index])
    for hook in hooks:
        hook.remove()
    _require_images(min(map(len, sums_by_norm.values())), "nearest")
    return sum(_divergence(norm, torch.stack(sums).sum(0)) for norm, sums in sums_by_norm.items())


def _divergence(norm: _BatchNorm, sums: Tensor) -> float:
    count, total, squares = sums
    mean = total / count
    variance = squares / count - mean.square() + norm.eps
    state = norm.state_dict()
    site_mean, site_variance = state["running_mean"], state["running_var"].double() + norm.eps
    squared_difference = (mean - site_mean).square()
    ratios = (variance + squared_difference) / site_variance + (
        site_variance + squared_difference
    ) / variance
    return float((ratios / 2 - 1).mean())


def _require_images(n_images: int, policy: str) -> None:
    if not n_images:
        raise ValueError(
            f"unseen: {policy} needs images of the site, and there is none; choose mean or "
            "ensemble for this arm"
        )


def _norms_with_statistics(network: SitedNetwork, layers: Iterable[nn.Module]) -> list[_BatchNorm]:
    norms = [
        module
        for layer in layers
        for module in layer.modules()
        if isinstance(module, _BatchNorm) and module.track_running_stats
    ]
    if not norms:
        raise ValueError(
            f"unseen: {type(network.network).__name__} stores no feature statistics (it has no "
            "batch normalisation); choose mean or ensemble for this arm"
        )
    return norms


@contextmanager
def _training_mode(network: nn.Module, *, training: Sequence[nn.Module]) -> Iterator[None]:
    """Put all modules except some into evaluation mode; restore all modes afterwards."""
    before = {module: module.training for module in network.modules()}
    for module in before:
        module.training = any(module is chosen for chosen in training)
    try:
        yield
    finally:
        for module, mode in before.items():
            module.training = mode
