"""GroupNorm against torch's own, in double precision."""

import pytest
import torch
from torch import nn

from elsewhere.networks.group_norm import GroupNorm

GROUPS, CHANNELS = 4, 8


@pytest.mark.parametrize(
    ("extent", "batch"),
    [((3, 4, 5), 2), ((32, 32, 32), 2), ((23, 29, 31), 3), ((64, 64, 64), 1)],
)
def test_same_values_and_gradients_as_torch_in_double_precision(
    extent: tuple[int, int, int], batch: int
) -> None:
    """Sums of many voxels too: torch's own with channels last misses this by far."""
    torch.manual_seed(0)
    shape = (batch, CHANNELS, *extent)
    images = (3 + torch.rand(shape)).contiguous(memory_format=torch.channels_last_3d)
    slope, weight, bias = torch.randn(shape), torch.randn(CHANNELS), torch.randn(CHANNELS)
    found = []
    for layer in (GroupNorm(GROUPS, CHANNELS), nn.GroupNorm(GROUPS, CHANNELS).double()):
        kind = layer.weight.dtype
        layer.load_state_dict({"weight": weight, "bias": bias})
        leaf = images.to(kind).clone().requires_grad_()
        out = layer(leaf)
        (out * slope.to(kind)).sum().backward()
        found.append((out, leaf.grad, layer.weight.grad, layer.bias.grad))
    for ours, theirs in zip(*found, strict=True):
        error = (ours.double() - theirs).abs().max() / theirs.abs().max()
        assert error < 1e-4
    for volume in found[0][:2]:
        assert volume.is_contiguous(memory_format=torch.channels_last_3d)


def test_another_layout_gives_the_same() -> None:
    torch.manual_seed(2)
    images = torch.rand(2, CHANNELS, 20, 20, 30)
    last = images.contiguous(memory_format=torch.channels_last_3d)
    layer = GroupNorm(GROUPS, CHANNELS)
    assert torch.equal(layer(images), layer(last))
