"""GroupNorm against torch's own."""

import torch
from torch import nn

from elsewhere.networks.group_norm import GroupNorm


def test_same_values_and_gradients_as_torch():
    ours, theirs = GroupNorm(4, 8), nn.GroupNorm(4, 8)
    for layer in (ours, theirs):
        nn.init.normal_(layer.weight, generator=torch.Generator().manual_seed(0))
    images = torch.rand(2, 8, 3, 4, 5).contiguous(memory_format=torch.channels_last_3d)
    weight = torch.rand(2, 8, 3, 4, 5)
    found = []
    for layer in (ours, theirs):
        leaf = images.clone().requires_grad_()
        out = layer(leaf)
        (out * weight).sum().backward()
        found.append((out, leaf.grad, layer.weight.grad, layer.bias.grad))
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)
    assert found[0][0].is_contiguous(memory_format=torch.channels_last_3d)
    assert found[0][1].is_contiguous(memory_format=torch.channels_last_3d)
