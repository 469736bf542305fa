"""network: the contract of every architecture: images in, logits out."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn


class Network(nn.Module, ABC):
    """A classifier of volumes or images.

    A network keeps no normalisation of intensities and ends in logits: the loss and the
    probabilities apply the softmax (A-34).
    """

    @abstractmethod
    def forward(self, images: Tensor, site: str | None) -> Tensor:
        """Classify a batch.

        Parameters
        ----------
        images
            ``[batch, channels, z, y, x]`` for volumes, ``[batch, channels, y, x]`` for images.
        site
            The training site of all these images; None: none, or several.

        Returns
        -------
        Tensor
            Logits, ``[batch, 2]``; column 1 is the positive class.
        """
