"""covidnet_redesign: COVID-Net as redesigned by Wang et al. 2020, for images (D-07 to D-10)."""

from __future__ import annotations

from torch import Tensor, nn

from elsewhere.design.networks.covidnet_redesign import CovidnetRedesign
from elsewhere.design.rows import InputRow
from elsewhere.networks.network import Network
from elsewhere.networks.pooling import AveragePoolTo2x2
from elsewhere.networks.two_branches import TwoBranches, classifier, total


class RedesignedCovidNet(Network):
    """COVID-Net with five batch normalisations (D-08) and average pooling to 2 x 2 (D-09).

    Parameters
    ----------
    row
        The row of `networks`.
    input_row
        The row of `inputs`, an image.
    outputs
        Number of logits.
    """

    def __init__(self, row: CovidnetRedesign, input_row: InputRow, *, outputs: int = 2) -> None:
        super().__init__()
        if len(input_row.shape) != 3:
            raise ValueError(f"covidnet_redesign takes an image input, got kind '{input_row.kind}'")
        self.branches = TwoBranches(row, input_row.shape[0], normalised=True)
        self.averaged = row.averaged
        self.average = AveragePoolTo2x2()
        self.features = 4 * self.branches.channels
        self.classifier = classifier(
            self.features, row.dense_features, outputs, normalised=row.dense_norm == "batch"
        )

    def embed(self, images: Tensor, site: str | None) -> Tensor:
        """Return the embedding, ``[batch, 8192]`` at full width (D-10; the paper prints 8,096)."""
        del site
        outputs = self.branches(images)
        last = outputs[-1] if self.averaged == "last_block" else total(outputs)
        averaged: Tensor = self.average(last)
        return averaged.flatten(1)

    def blocks(self) -> list[nn.Module]:
        """Return the PEPX blocks of the lower branch."""
        return self.branches.blocks()
