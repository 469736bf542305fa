"""sites: give each training site its own normalisations or adapters, in any network (D-12, D-18).

A layer that exists once per site is a `PerSite`; a network that holds such layers is a
`SitedNetwork`.
"""

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
    """A layer that exists once per training site; `SitedNetwork` chooses the copy to use.

    Attributes
    ----------
    branches
        One layer per site, in the order of `SitedNetwork.sites`.
    unseen
        The layer for scans of a site not seen in training; None until a policy sets it
        (`elsewhere.methods.unseen`).
    active
        Index of the branch in use; None: `unseen`.
    """

    unseen: nn.Module | None

    def __init__(self, branches: Sequence[nn.Module]) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)
        self.unseen = None
        self.active: int | None = None

    def forward(self, images: Tensor) -> Tensor:
        """Return the output of the active layer."""
        output: Tensor = self.chosen()(images)
        return output

    def chosen(self) -> nn.Module:
        """Return the active layer."""
        layer = self.unseen if self.active is None else self.branches[self.active]
        if layer is None:
            raise ValueError(
                "this layer exists once per training site and no training site was given; choose "
                "how scans of a site not seen in training are treated: `unseen` of the arm (D-44)"
            )
        return layer


class SitedNetwork(Network):
    """A network in which some layers exist once per training site.

    Parameters
    ----------
    network
        The network, its layers already replaced; see `separate_norms` and `add_adapters`.
    sites
        Training sites; their order does not matter.
    heads
        Modules that only training needs, by name.
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
        """Return the embedding through the site's own layers; None: a site not seen in training."""
        self.choose(site)
        return self.network.embed(images, None)

    def choose(self, site: str | None) -> None:
        """Let this site's own layers answer, also those of the heads; None: see `embed`."""
        index = None if site is None else self.sites.index(site)
        for layer in self.modules():
            if isinstance(layer, PerSite):
                layer.active = index

    def blocks(self) -> list[nn.Module]:
        """Return the blocks of the network; see `Network.blocks`."""
        return self.network.blocks()

    def per_site(self) -> Iterator[PerSite]:
        """Yield the layers that exist once per site."""
        return (layer for layer in self.network.modules() if isinstance(layer, PerSite))


class SeriesAdapter(nn.Module):
    """A residual adapter after a convolution: x + conv1x1(BatchNorm(x)) (Rebuffi et al. 2017).

    The 1x1 convolution starts at zero, so that the adapter starts as the identity.
    """

    def __init__(self, convolution: _ConvNd) -> None:
        super().__init__()
        self.norm = BatchNorm(convolution.out_channels)
        self.convolution = _pointwise(convolution, convolution.out_channels)

    def forward(self, images: Tensor) -> Tensor:
        """Return the adapted output of the convolution."""
        adapted: Tensor = images + self.convolution(self.norm(images))
        return adapted


class ParallelConvolution(nn.Module):
    """A shared convolution plus a 1x1 convolution of each site on the same input.

    The 1x1 convolution reads the position at the centre of the shared kernel.

    Attributes
    ----------
    offsets
        By axis, the input position at the centre of the shared kernel for the first output.
    """

    def __init__(self, shared: _ConvNd, own: PerSite) -> None:
        super().__init__()
        self.shared = shared
        self.own = own
        self.offsets = _offsets(shared)

    def forward(self, images: Tensor) -> Tensor:
        """Return the sum."""
        shared: Tensor = self.shared(images)
        margins: list[int] = []  # as F.pad takes them: before and after, the last axis first
        for axis in reversed(range(len(self.offsets))):
            covered = (shared.shape[axis + 2] - 1) * self.shared.stride[axis] + 1
            offset = self.offsets[axis]
            margins += [-offset, offset + covered - images.shape[axis + 2]]
        total: Tensor = shared + self.own(F.pad(images, margins) if any(margins) else images)
        return total


def separate_norms(network: Network, sites: Sequence[str]) -> None:
    """Replace every normalisation by one per site (DSBN, D-12): statistics, gamma and beta.

    Layers that already exist once per site are left as they are.

    Raises
    ------
    ValueError
        If the network has no normalisation.
    """
    per_site_layers = [layer for layer in network.modules() if isinstance(layer, PerSite)]
    private_layers = {inner for layer in per_site_layers for inner in layer.modules()}
    norms = [
        (parent, name, layer)
        for parent in network.modules()
        if parent not in private_layers
        for name, layer in parent.named_children()
        if isinstance(layer, NORMS)
    ]
    if not norms:
        raise ValueError(
            f"{type(network).__name__} has no normalisation (BatchNorm, GroupNorm) to separate by "
            "site; choose another network or `method: erm` for this arm"
        )
    for parent, name, layer in norms:
        setattr(parent, name, PerSite([copy.deepcopy(layer) for _ in sites]))


def add_adapters(
    network: Network, sites: Sequence[str], *, kind: Literal["series", "parallel"]
) -> None:
    """Add one adapter per site to each convolution that a normalisation follows (D-18).

    A series adapter follows the convolution. A parallel adapter has the same stride and input, and
    its output is added. Both start at zero, so that the network computes the same as without them.
    Call this before `separate_norms`: it looks for shared normalisations.

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
            f"{type(network).__name__} has no convolution with a normalisation behind it, so no "
            "adapter can be added; choose another network or method for this arm"
        )
    for block, name, layer in places:
        if kind == "series":
            adapters = PerSite([SeriesAdapter(layer) for _ in sites])
            setattr(block, name, nn.Sequential(layer, adapters))
        else:
            convolutions = [_pointwise(layer, layer.in_channels, layer.stride) for _ in sites]
            setattr(block, name, ParallelConvolution(layer, PerSite(convolutions)))


def _normalised_convolutions(block: nn.Module) -> Iterator[tuple[str, _ConvNd]]:
    """Yield the convolutions of a block that a normalisation follows before the next convolution.

    This assumes that a block declares its layers in the order of use, as all blocks here do, not
    only nn.Sequential.
    """
    candidate: tuple[str, _ConvNd] | None = None
    for name, layer in block.named_children():
        if isinstance(layer, _ConvNd):
            candidate = (name, layer)
        elif isinstance(layer, NORMS) and candidate is not None:
            yield candidate
            candidate = None


def _offsets(convolution: _ConvNd) -> tuple[int, ...]:
    """Return, by axis, the input position at the kernel's centre for the first output."""
    centres = [
        dilation * (side - 1) // 2
        for side, dilation in zip(convolution.kernel_size, convolution.dilation, strict=True)
    ]
    if convolution.padding == "same":
        return (0,) * len(centres)
    if isinstance(convolution.padding, str):  # "valid", none
        return tuple(centres)
    return tuple(centre - pad for centre, pad in zip(centres, convolution.padding, strict=True))


def _pointwise(shared: _ConvNd, inputs: int, stride: tuple[int, ...] | None = None) -> nn.Module:
    """Return a 1x1 convolution with all weights zero and as many outputs as `shared`."""
    convolution_class: Any = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}[len(shared.kernel_size)]
    convolution: nn.Module = convolution_class(inputs, shared.out_channels, 1, stride=stride or 1)
    with torch.no_grad():
        for parameter in convolution.parameters():
            parameter.zero_()
    return convolution
