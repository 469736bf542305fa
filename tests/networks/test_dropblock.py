"""DropBlock against its closed form, and against morphology."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy import ndimage

from elsewhere.networks.dropblock import DropBlock3d


def draw_mask(images, *, rate, size):
    """What each voxel is multiplied by."""
    return DropBlock3d(rate=rate, size=size)(torch.ones_like(images))


def expected_share(extent, size, rate):
    """Share of voxels under at least one block, when each start is a Bernoulli trial."""
    block = [min(size, n) for n in extent]
    starts = [n - b + 1 for n, b in zip(extent, block, strict=True)]
    gamma = rate / math.prod(block) * math.prod(extent) / math.prod(starts)
    share = 0.0
    for at in itertools.product(*map(range, extent)):
        covering = math.prod(
            min(i, s - 1) - max(0, i - b + 1) + 1 for i, s, b in zip(at, starts, block, strict=True)
        )
        share += 1 - (1 - gamma) ** covering
    return share / math.prod(extent)


@pytest.mark.parametrize(
    ("extent", "size"), [((8, 10, 12), 3), ((2, 1, 1), 3), ((1, 1, 1), 5), ((6, 6, 6), 6)]
)
def test_dropped_share(extent, size):
    torch.manual_seed(0)
    images = torch.ones(8, 64, *extent)
    shares = [
        float((draw_mask(images, rate=0.1, size=size) == 0).double().mean()) for _ in range(40)
    ]
    error = np.std(shares) / math.sqrt(len(shares))
    assert np.mean(shares) == pytest.approx(expected_share(extent, size, 0.1), abs=4 * error)
    assert 0.08 < np.mean(shares) < 0.105


def test_dropped_voxels_are_whole_blocks_of_single_channels():
    torch.manual_seed(1)
    dropped = (draw_mask(torch.ones(2, 4, 9, 10, 11), rate=0.2, size=3) == 0).numpy()
    for channel in dropped.reshape(-1, 9, 10, 11):
        opened = ndimage.binary_opening(channel, np.ones((3, 3, 3)))
        np.testing.assert_array_equal(opened, channel)
    assert len({channel.tobytes() for channel in dropped.reshape(8, -1)}) == 8


def test_mean_factor_of_a_scan_is_one():
    torch.manual_seed(2)
    mask = draw_mask(torch.ones(5, 3, 8, 8, 8), rate=0.3, size=2)
    torch.testing.assert_close(mask.mean((1, 2, 3, 4)), torch.ones(5))


def test_layout_in_memory_changes_nothing():
    images = torch.rand(2, 3, 5, 6, 7)
    last = images.contiguous(memory_format=torch.channels_last_3d)
    masks = []
    for each in (images, last):
        torch.manual_seed(3)
        masks.append(draw_mask(each, rate=0.2, size=3))
    assert torch.equal(*masks)
    assert masks[1].is_contiguous(memory_format=torch.channels_last_3d)


def test_gradient_is_the_mask():
    layer = DropBlock3d(rate=0.2, size=3)
    images = torch.rand(2, 3, 8, 8, 8, requires_grad=True)
    torch.manual_seed(4)
    layer(images).sum().backward()
    torch.manual_seed(4)
    assert torch.equal(images.grad, draw_mask(images, rate=0.2, size=3))


def test_kept_voxels_are_scaled_and_dropped_ones_are_zero_whatever_they_were():
    layer = DropBlock3d(rate=0.2, size=3)
    images = torch.rand(2, 3, 8, 8, 8) - 0.5
    torch.manual_seed(5)
    mask = draw_mask(images, rate=0.2, size=3)
    torch.manual_seed(5)
    assert torch.equal(layer(images), images * mask)
    torch.manual_seed(5)
    assert torch.equal(layer(torch.full_like(images, math.inf)) == 0, mask == 0)


def test_gradient_of_another_layout_finds_the_same_voxels():
    images = torch.rand(2, 3, 5, 6, 7, requires_grad=True)
    torch.manual_seed(6)
    kept = DropBlock3d(rate=0.2, size=3)(images)
    weight = torch.rand(2, 3, 5, 6, 7)
    kept.backward(weight.contiguous(memory_format=torch.channels_last_3d))
    torch.manual_seed(6)
    assert torch.equal(images.grad, weight * draw_mask(images, rate=0.2, size=3))


def test_acts_only_while_training():
    layer = DropBlock3d(rate=0.5, size=3)
    images = torch.rand(1, 8, 8, 8, 8)
    assert (layer(images) == 0).any()
    assert torch.equal(layer.eval()(images), images)
    assert torch.equal(DropBlock3d(rate=0.0, size=3)(images), images)


@pytest.mark.parametrize(("rate", "size"), [(1.0, 3), (-0.1, 3), (0.1, 0)])
def test_refuses_what_has_no_meaning(rate, size):
    with pytest.raises(ValueError, match="DropBlock: got rate"):
        DropBlock3d(rate=rate, size=size)
