"""Pooling against torch's own."""

import pytest
import torch
from torch.nn import functional as F

from elsewhere.networks.pooling import AveragePoolTo2x2, Pool, cut, fold

TORCH = {"max": F.max_pool3d, "average": F.avg_pool3d}


@pytest.mark.parametrize("kind", ["max", "average"])
@pytest.mark.parametrize("extent", [(8, 16, 16), (9, 17, 18), (2, 4, 4)])
def test_both_ways_are_torchs_pooling(kind, extent):
    images = torch.rand(2, 3, *extent, requires_grad=True)
    expected = TORCH[kind](images, (2, 4, 4))
    weight = torch.rand_like(expected)
    (gradient,) = torch.autograd.grad((expected * weight).sum(), images)
    for pooled in (Pool((2, 4, 4), kind=kind)(images), fold(images, (2, 4, 4), kind=kind)):
        torch.testing.assert_close(pooled, expected)
        (found,) = torch.autograd.grad((pooled * weight).sum(), images)
        torch.testing.assert_close(found, gradient)


def test_two_dimensions():
    images = torch.rand(2, 3, 6, 8)
    assert torch.equal(Pool((2, 2), kind="max")(images), F.max_pool2d(images, 2))


def test_factor_is_cut_to_the_extent():
    images = torch.rand(1, 2, 2, 1, 4)
    assert Pool((4, 4, 4), kind="max")(images).shape == (1, 2, 1, 1, 1)
    assert cut((4, 4, 2), (1, 8, 1)) == (1, 4, 1)


@pytest.mark.parametrize("extent", [(1, 1), (2, 2), (3, 5), (7, 7), (8, 6)])
def test_average_to_2x2_is_adaptive_pooling(extent):
    images = torch.rand(2, 3, *extent)
    torch.testing.assert_close(AveragePoolTo2x2()(images), F.adaptive_avg_pool2d(images, 2))
