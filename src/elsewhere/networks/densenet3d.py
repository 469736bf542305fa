"""densenet3d: the 3D-DenseNet of the UCADI study, for CT volumes (C-13, C-14)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from elsewhere.design.networks.densenet3d import Densenet3d
from elsewhere.design.rows import InputRow
from elsewhere.networks.batch_norm import BatchNorm
from elsewhere.networks.dropblock import DropBlock3d
from elsewhere.networks.network import Network
from elsewhere.networks.pooling import Pool

COUNTER = "num_batches_tracked"  # torch's name of the batches that a normalisation was trained on


class Densenet3dNetwork(Network):
    """One convolution, groups of dense layers with transitions between them, a global average.

    The paper says 14 convolutions in 6 dense blocks and 2 transmit blocks (C-13): these are two in
    each dense layer and one in each transition. The first convolution is the fifteenth (C-14). So
    read, it has 726,972 trainable parameters with four outputs.

    The share of the last DropBlock rises with the number of training batches. This number is the
    counter of the last batch normalisation, so that it is saved and resumed with the weights.

    Parameters
    ----------
    row
        The row of `networks`.
    input_row
        The row of `inputs`, volumes.
    outputs
        Number of logits.
    """

    def __init__(self, row: Densenet3d, input_row: InputRow, *, outputs: int = 2) -> None:
        super().__init__()
        if len(input_row.shape) != 4:
            raise ValueError(f"densenet3d takes a volume input, got kind '{input_row.kind}'")
        self.row = row
        channels = row.first_filters
        self.stem = nn.Sequential(
            nn.Conv3d(input_row.shape[0], channels, 3, padding=1),
            *_activation(row, channels),
            DropBlock3d(rate=row.dropblock_rate, size=row.dropblock_size),
        )
        self.groups = nn.Sequential()
        for number, n_layers in enumerate(row.layers):
            if number:
                self.groups.append(_transition(row, channels))
                channels //= row.compression
            self.groups.append(_group(row, channels, n_layers))
            channels += n_layers * row.growth
        self.last = nn.Sequential(*_activation(row, channels))
        self.last_dropblock = DropBlock3d(rate=0, size=row.dropblock_size)
        self.features = channels
        self.classifier = nn.Linear(channels, outputs)
        _initialise(self, row.slope)

    def embed(self, images: Tensor, site: str | None) -> Tensor:
        """Return the mean of the last feature maps, ``[batch, features]``."""
        del site
        maps = self.last(self.groups(self.stem(images)))
        if self.last_dropblock.training:
            self.last_dropblock.rate = self.last_rate()
        features: Tensor = self.last_dropblock(maps).mean(dim=(2, 3, 4))
        return features

    def blocks(self) -> list[nn.Module]:
        """Return the dense layers and transitions."""
        return [part for part in self.groups.modules() if isinstance(part, DenseLayer | Transition)]

    def last_rate(self) -> float:
        """Return the share of the last DropBlock after the batches seen so far."""
        counters = [
            buffer for name, buffer in self.last.named_buffers() if name.endswith(COUNTER)
        ]  # one, or one per training site
        batches = sum(int(counter) for counter in counters)
        risen = min(batches / self.row.last_dropblock_steps, 1.0)
        return self.row.last_dropblock_rate * risen


class DenseLayer(nn.Module):
    """Twice [normalisation, LeakyReLU, convolution]; its output is added to the channels."""

    def __init__(self, row: Densenet3d, channels: int) -> None:
        super().__init__()
        width = row.bottleneck * row.growth
        self.layers = nn.Sequential(
            *_activation(row, channels),
            nn.Conv3d(channels, width, 1),
            *_activation(row, width),
            nn.Conv3d(width, row.growth, 3, padding=1),
        )

    def forward(self, maps: Tensor) -> Tensor:
        """Return ``[batch, channels + growth, z, y, x]``."""
        return torch.cat([maps, self.layers(maps)], dim=1)


def _activation(row: Densenet3d, channels: int) -> tuple[nn.Module, nn.Module]:
    return BatchNorm(channels), nn.LeakyReLU(row.slope)


def _group(row: Densenet3d, channels: int, n_layers: int) -> nn.Sequential:
    return nn.Sequential(
        *(DenseLayer(row, channels + number * row.growth) for number in range(n_layers))
    )


class Transition(nn.Sequential):
    """Normalisation, LeakyReLU, convolution to fewer channels, average pooling."""


def _transition(row: Densenet3d, channels: int) -> Transition:
    if channels % row.compression:
        raise ValueError(
            f"densenet3d: compression {row.compression} does not divide the {channels} channels "
            "before a transition; change first_filters, growth or layers"
        )
    return Transition(
        *_activation(row, channels),
        nn.Conv3d(channels, channels // row.compression, 1),
        Pool((2, 2, 2), kind="average"),
    )


def _initialise(network: nn.Module, slope: float) -> None:
    """Draw the weights of all convolutions from Kaiming's uniform distribution, as released."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv3d):
            nn.init.kaiming_uniform_(layer.weight, a=slope, nonlinearity="leaky_relu")
