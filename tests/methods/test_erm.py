"""erm: the loss is the mean cross-entropy, whichever sites the scans are from."""

import math

import torch

from elsewhere.methods.erm import cross_entropy
from elsewhere.methods.feed import Batch
from elsewhere.networks.network import Network


class Fixed(Network):
    classifier = torch.nn.Identity()

    def embed(self, images, site):
        assert site is None
        return images


def test_closed_form():
    logits = torch.tensor([[0.0, math.log(3)], [0.0, 0.0]])
    batch = Batch(logits, torch.tensor([1, 0]), ("a", "b"))
    expected = -(math.log(3 / 4) + math.log(1 / 2)) / 2
    assert abs(float(cross_entropy(Fixed(), batch)) - expected) < 1e-6
