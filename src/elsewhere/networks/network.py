"""network: the contract of every architecture: images in, logits out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from torch import Tensor, nn

from elsewhere.design import kinds
from elsewhere.design.rows import InputRow, NetworkRow


class Network(nn.Module, ABC):
    """A classifier of volumes or images: an embedding, and a head that makes logits of it.

    A network keeps no normalisation of intensities and ends in logits: the loss and the
    probabilities apply the softmax (A-34), or, where scans have findings, the sigmoid (B-24). An
    architecture knows no site; methods that give a
    site layers of its own do so from outside, see `elsewhere.networks.sites`.

    Attributes
    ----------
    classifier
        Embedding to logits, ``[batch, features]`` to ``[batch, outputs]``: of two classes, the
        positive one second, or one a finding.
    features
        Length of the embedding.
    sites
        Training sites that have layers of their own; empty: none.
    """

    classifier: nn.Module
    features: int
    sites: tuple[str, ...] = ()

    @abstractmethod
    def embed(self, images: Tensor, site: str | None) -> Tensor:
        """Return the embedding of a batch, ``[batch, features]``; parameters as in `forward`."""

    def load_pretrained(self) -> str | None:
        """Take the weights that training begins with; most networks have none and keep theirs.

        Returns
        -------
        str or None
            SHA-256 of the file that they came from.
        """
        return None

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
            Logits, ``[batch, outputs]``.
        """
        logits: Tensor = self.classifier(self.embed(images, site))
        return logits


def build(row: NetworkRow, input_row: InputRow, *, outputs: int = 2) -> Network:
    """Return a new network, its weights drawn from torch's global generator.

    Training begins with `Network.load_pretrained`, where a row names weights; whoever applies a
    trained network needs none of them.

    Parameters
    ----------
    row
        The row of `networks`; its kind chooses the class.
    input_row
        The row of `inputs`: the shape that the network sees.
    outputs
        Logits that it ends in: 2 classes, or one a finding.

    Raises
    ------
    KindError
        If there is no network of this kind.
    ValueError
        If the network does not fit the input.
    """
    made: Callable[..., Network] = kinds.implementation(
        "networks", row.kind, Network  # type: ignore[type-abstract]
    )
    return made(row, input_row, outputs=outputs)
