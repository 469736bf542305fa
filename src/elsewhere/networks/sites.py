"""sites: give the training sites layers of their own, in any network (D-12, D-18)."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd

from elsewhere.networks.batch_norm import BatchNorm
from elsewhere.networks.network import Network

NORMS = (_BatchNorm, nn.GroupNorm)


class PerSite(nn.Module):
    """One layer a training site; `SitedNetwork` says whose turn it is.

    Attributes
    ----------
    branches
        A layer for each site, in the order of `SitedNetwork.sites`.
    unseen
        What scans of other sites go through; None until a policy makes it.
    """

    unseen: nn.Module | None

    def __init__(self, branches: Sequence[nn.Module]) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)
        self.unseen = None
        self.turn: int | None = None

    def forward(self, images: Tensor) -> Tensor:
        """Return what the layer of the site makes of its images."""
        layer = self.unseen if self.turn is None else self.branches[self.turn]
        if layer is None:
            raise ValueError(
                "these layers belong to the training sites and no site was named; choose how a "
                "site not seen in training is treated: `unseen` of the arm (D-44)"
            )
        made: Tensor = layer(images)
        return made


class SitedNetwork(Network):
    """A network some of whose layers exist once a training site.

    Parameters
    ----------
    network
        The network, its layers already replaced; see `separate_norms` and `add_adapters`.
    sites
        Training sites; their order does not matter.
    heads
        What only the training needs, by name.
    """

    def __init__(
        self, network: Network, sites: Iterable[str], heads: dict[str, nn.Module] | None = None
    ) -> None:
        super().__init__()
        self.network = network
        self.sites = tuple(sorted(sites))
        self.heads = nn.ModuleDict(heads or {})
        self.features = network.features

    @property
    def classifier(self) -> nn.Module:  # type: ignore[override]
        """The head of the network, shared by all sites."""
        return self.network.classifier

    def embed(self, images: Tensor, site: str | None) -> Tensor:
        """Return the embedding, through the layers of the site; None: a site not seen."""
        turn = None if site is None else self.sites.index(site)
        for layer in self.per_site():
            layer.turn = turn
        return self.network.embed(images, None)

    def per_site(self) -> Iterator[PerSite]:
        """Yield the layers that every site has its own of."""
        return (layer for layer in self.network.modules() if isinstance(layer, PerSite))


class SeriesAdapter(nn.Module):
    """After a convolution: its output plus a 1x1 convolution of it, normalised (Rebuffi 2017).

    It starts at zero, where it changes nothing.
    """

    def __init__(self, convolution: _ConvNd) -> None:
        super().__init__()
        self.norm = BatchNorm(convolution.out_channels)
        self.convolution = _pointwise(convolution, convolution.out_channels)

    def forward(self, images: Tensor) -> Tensor:
        """Return the adapted output of the convolution."""
        adapted: Tensor = images + self.convolution(self.norm(images))
        return adapted


class Beside(nn.Module):
    """A shared convolution and, on the same input, one of each site; outputs are added.

    A site's sees the positions in the middle of the shared one's kernel.
    """

    def __init__(self, shared: _ConvNd, own: PerSite) -> None:
        super().__init__()
        self.shared = shared
        self.own = own
        self.first = _first(shared)

    def forward(self, images: Tensor) -> Tensor:
        """Return the sum."""
        shared: Tensor = self.shared(images)
        margins: list[int] = []  # what is added before and after, the last axis first; F.pad's
        for axis in reversed(range(len(self.first))):
            reach = (shared.shape[axis + 2] - 1) * self.shared.stride[axis] + 1
            first = self.first[axis]
            margins += [-first, first + reach - images.shape[axis + 2]]
        both: Tensor = shared + self.own(F.pad(images, margins) if any(margins) else images)
        return both


def separate_norms(network: Network, sites: Sequence[str]) -> None:
    """Replace every normalisation by one a site (DSBN, D-12): statistics, gamma and beta.

    What sites have of their own already is left alone.

    Raises
    ------
    ValueError
        If the network has no normalisation.
    """
    sited = [layer for layer in network.modules() if isinstance(layer, PerSite)]
    owned = {each for layer in sited for each in layer.modules()}
    norms = [
        (parent, name, layer)
        for parent in network.modules()
        if parent not in owned
        for name, layer in parent.named_children()
        if isinstance(layer, NORMS)
    ]
    if not norms:
        raise ValueError(
            f"{type(network).__name__} has no normalisation (BatchNorm, GroupNorm) that a site "
            "could have its own of; choose another network or `method: erm` for this arm"
        )
    for parent, name, layer in norms:
        setattr(parent, name, PerSite([copy.deepcopy(layer) for _ in sites]))


def add_adapters(
    network: Network, sites: Sequence[str], *, kind: Literal["series", "parallel"]
) -> None:
    """Give each convolution that a normalisation follows an adapter a site (D-18).

    Series adapters follow the convolution, parallel ones (strided as it is) are added to it; both
    start at zero, so that the network begins as the one without. It looks for shared
    normalisations: `separate_norms` comes after it.

    Raises
    ------
    ValueError
        If no convolution is followed by a normalisation.
    """
    places = [
        (block, name, layer)
        for block in network.modules()
        for name, layer in _normalised_convolutions(block)
    ]
    if not places:
        raise ValueError(
            f"{type(network).__name__} has no convolution with a normalisation behind it, where "
            "an adapter could stand; choose another network or method for this arm"
        )
    for block, name, layer in places:
        if kind == "series":
            own = PerSite([SeriesAdapter(layer) for _ in sites])
            setattr(block, name, nn.Sequential(layer, own))
        else:
            beside = [_pointwise(layer, layer.in_channels, layer.stride) for _ in sites]
            setattr(block, name, Beside(layer, PerSite(beside)))


def _normalised_convolutions(block: nn.Module) -> Iterator[tuple[str, _ConvNd]]:
    """Yield the convolutions of a block between which and the next there is a normalisation.

    Layers are named in the order in which they are used, in blocks other than nn.Sequential too.
    """
    waiting: tuple[str, _ConvNd] | None = None
    for name, layer in block.named_children():
        if isinstance(layer, _ConvNd):
            waiting = (name, layer)
        elif isinstance(layer, NORMS) and waiting is not None:
            yield waiting
            waiting = None


def _first(convolution: _ConvNd) -> tuple[int, ...]:
    """Return, by axis, the position in the middle of the kernel where it begins."""
    middle = [
        dilation * (side - 1) // 2
        for side, dilation in zip(convolution.kernel_size, convolution.dilation, strict=True)
    ]
    if convolution.padding == "same":
        return (0,) * len(middle)
    if isinstance(convolution.padding, str):  # "valid", none
        return tuple(middle)
    return tuple(at - pad for at, pad in zip(middle, convolution.padding, strict=True))


def _pointwise(shared: _ConvNd, inputs: int, stride: tuple[int, ...] | None = None) -> nn.Module:
    """Return a convolution of single positions, all zero, with the outputs of another."""
    kind: Any = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}[len(shared.kernel_size)]
    made: nn.Module = kind(inputs, shared.out_channels, 1, stride=stride or 1)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.zero_()
    return made
