"""Bits of dropped voxels against morphology, and against the list of positions."""

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch.utils._python_dispatch import TorchDispatchMode

from elsewhere.networks import block_mask
from elsewhere.networks.dropblock import DropBits, DropBlock3d, masked

SHAPES = [
    ((2, 8, 9, 10, 11), 3),
    ((1, 3, 5, 4, 6), 2),
    ((3, 12, 2, 1, 7), 5),
    ((1, 20, 1, 1, 1), 3),
]


@pytest.mark.parametrize(("shape", "size"), SHAPES)
def test_bits_are_the_seeds_grown_to_blocks(shape, size):
    torch.manual_seed(0)
    seeds, grid, block = block_mask.starts(shape, rate=0.3, size=size, device=torch.device("cpu"))
    dense = np.zeros(shape, bool)
    for seed in seeds.tolist():
        if seed < np.prod(grid):
            n, c, *first = np.unravel_index(seed, grid)
            box = tuple(slice(at, at + side) for at, side in zip(first, block, strict=True))
            dense[(n, c, *box)] = True
    torch.manual_seed(0)
    bits, factor = block_mask.draw(torch.ones(shape), rate=0.3, size=size)
    found = block_mask.is_dropped(bits, shape[1])
    np.testing.assert_array_equal(found.numpy(), dense)
    kept = np.maximum((~dense).reshape(shape[0], -1).sum(1), 1)
    np.testing.assert_allclose(factor.flatten().numpy(), dense[0].size / kept, rtol=1e-6)


@pytest.mark.parametrize(("shape", "size"), SHAPES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_same_draw_gives_the_bits_of_the_list_of_positions(shape, size, dtype):
    """What CUDA and a compiled network do, and what a CPU does: value and gradient."""
    images = torch.randn(shape).to(dtype).contiguous(memory_format=torch.channels_last_3d)
    images.requires_grad_()
    weight = torch.randn(shape).to(dtype)
    layer = DropBlock3d(rate=0.3, size=size)
    ways = (layer, lambda x: masked(x, *layer.bits(x)), lambda x: DropBits.apply(x, *layer.bits(x)))
    results = []
    for way in ways:
        torch.manual_seed(1)
        out = way(images)
        results.append((out.detach(), *torch.autograd.grad((out * weight).sum(), images)))
    for listed, compiled, kept in zip(*results, strict=True):
        assert torch.equal(listed, compiled)
        assert torch.equal(listed, kept)
        assert kept.is_contiguous(memory_format=torch.channels_last_3d)


class Additions(TorchDispatchMode):
    """Notes the type of each tensor to which values are added at listed positions."""

    def __init__(self):
        super().__init__()
        self.types = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if function.__name__.split(".")[0] in ("index_add_", "scatter_add_", "index_put_"):
            self.types.append(args[0].dtype)
        return function(*args, **(kwargs or {}))


def test_bits_are_added_to_words_as_a_compiled_kernel_cannot_add_to_bytes():
    """Triton refuses atomic additions to fewer than 16 bits; CUDA has none of fewer than 32."""
    with Additions() as added:
        block_mask.draw(torch.ones(1, 8, 4, 5, 6), rate=0.3, size=2)
    assert added.types == [torch.int32]


def test_the_draw_reads_no_value_back():
    """A meta tensor has none: what asks for one, or makes the host wait on CUDA, raises."""
    shape = (1, 8, 128, 512, 512)
    bits, factor = block_mask.draw(torch.empty(shape, device="meta"), rate=0.1, size=3)
    assert bits.shape == (1, 128, 512, 512, 1)
    assert factor.shape == (1, 1, 1, 1, 1)


def test_blocks_of_a_channel_do_not_touch_the_others():
    torch.manual_seed(2)
    bits, _ = block_mask.draw(torch.ones(1, 16, 9, 9, 9), rate=0.2, size=3)
    assert bits.shape == (1, 9, 9, 9, 2)
    for channel in block_mask.is_dropped(bits, 16)[0].numpy():
        np.testing.assert_array_equal(ndimage.binary_opening(channel, np.ones((3, 3, 3))), channel)
