"""network: the contract that every network architecture fulfils: images in, logits out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor, nn

from elsewhere.design import kinds
from elsewhere.design.rows import InputRow, NetworkRow


class Network(nn.Module, ABC):
    """A classifier of volumes or images: a body that computes an embedding, and a head.

    A network does not normalise intensities; the input does. It returns logits: the loss and the
    probabilities apply the softmax (A-34), or the sigmoid where scans have findings (B-24). An
    architecture knows no site. Methods that give each site its own layers add them from outside,
    see `elsewhere.networks.sites`.

    Attributes
    ----------
    classifier
        The head: ``[batch, features]`` to ``[batch, outputs]``. The outputs are the classes, the
        negative one first where there are two, or one per finding.
    features
        Length of the embedding.
    sites
        Training sites that have their own layers; empty: none.
    """

    classifier: nn.Module
    features: int
    sites: tuple[str, ...] = ()

    @abstractmethod
    def embed(self, images: Tensor, site: str | None) -> Tensor:
        """Return the embedding of a batch, ``[batch, features]``.

        The parameters are those of `forward`.
        """

    def load_pretrained(self) -> str | None:
        """Load pretrained weights, if the network's row names any; most networks have none.

        Returns
        -------
        str or None
            SHA-256 of the file of weights.
        """
        return None

    def blocks(self) -> list[nn.Module]:
        """Return the parts that can be computed again in the backward pass, to save memory.

        None lies in another. `recompute: blocks` of a budget asks for them.
        """
        return []

    def forward(self, images: Tensor, site: str | None) -> Tensor:
        """Classify a batch.

        Parameters
        ----------
        images
            ``[batch, channels, z, y, x]`` for volumes, ``[batch, channels, y, x]`` for images.
        site
            The training site of all these images; None: a site not seen in training, or several
            sites.

        Returns
        -------
        Tensor
            Logits, ``[batch, outputs]``.
        """
        return logits(self.classifier, self.embed(images, site))


def logits(head: nn.Module, embedded: Tensor) -> Tensor:
    """Return the logits of a head in float32, also under autocast.

    A bfloat16 has eight binary digits: hundreds of scans would share a hundred probabilities, and
    the ranks that an AUC counts would be ties.

    Parameters
    ----------
    head
        ``[batch, features]`` to ``[batch, outputs]``.
    embedded
        Embeddings, of any precision.
    """
    if embedded.is_meta:  # shapes alone; autocast knows no such device
        shapes: Tensor = head(embedded)
        return shapes
    with torch.autocast(embedded.device.type, enabled=False):
        half = embedded.dtype in (torch.bfloat16, torch.float16)
        found: Tensor = head(embedded.float() if half else embedded)
    return found


def build(row: NetworkRow, input_row: InputRow, *, outputs: int = 2) -> Network:
    """Return a new network with weights drawn from torch's global generator.

    Pretrained weights are not loaded here but by `Network.load_pretrained` when training begins:
    a trained network is applied without them.

    Parameters
    ----------
    row
        The row of `networks`; its kind chooses the class.
    input_row
        The row of `inputs`: the shape that the network sees.
    outputs
        Number of logits: 2 classes, or one per finding.

    Raises
    ------
    KindError
        If there is no network of this kind.
    ValueError
        If the network does not fit the input.
    """
    made: Callable[..., Network] = kinds.implementation(
        "networks",
        row.kind,
        Network,  # type: ignore[type-abstract]
    )
    return made(row, input_row, outputs=outputs)
