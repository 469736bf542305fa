"""covidnet: the network COVID-Net as published, for images (D-07)."""

from __future__ import annotations

from torch import Tensor, nn

from elsewhere.design.networks.covidnet import Covidnet
from elsewhere.design.rows import InputRow
from elsewhere.networks.network import Network
from elsewhere.networks.two_branches import TwoBranches, classifier, last_extent, total


class CovidNet(Network):
    """COVID-Net: without normalisation; its dense layers see every position of the last stage.

    Parameters
    ----------
    row
        The row of `networks`.
    input_row
        The row of `inputs`, an image.
    outputs
        Number of logits.
    """

    def __init__(self, row: Covidnet, input_row: InputRow, *, outputs: int = 2) -> None:
        super().__init__()
        if len(input_row.shape) != 3:
            raise ValueError(f"covidnet takes an image input, got kind '{input_row.kind}'")
        channels, rows, columns = input_row.shape
        self.branches = TwoBranches(row, channels, normalised=False)
        self.features = self.branches.channels * last_extent(rows) * last_extent(columns)
        self.classifier = classifier(self.features, row.dense_features, outputs)

    def embed(self, images: Tensor, site: str | None) -> Tensor:
        """Return the embedding, ``[batch, 100352]`` at full width and 224 x 224."""
        del site
        return total(self.branches(images)).flatten(1)

    def blocks(self) -> list[nn.Module]:
        """Return the PEPX blocks of the lower branch."""
        return self.branches.blocks()
