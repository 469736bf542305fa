"""The fused operation against the three that it stands for, and against finite differences."""

import pytest
import torch
from torch import nn

from elsewhere.networks import fused
from elsewhere.networks.dropblock import DropBlock3d
from elsewhere.networks.fused import relu_norm_drop


def layers(channels, groups, *, rate, dtype):
    torch.manual_seed(0)
    norm = nn.GroupNorm(groups, channels).to(dtype)
    nn.init.normal_(norm.weight)
    nn.init.normal_(norm.bias)
    return norm, DropBlock3d(rate=rate, size=3)


def drawn(drop, images):
    return drop.bits(images) if drop.training and drop.rate else None


class Fused(nn.Module):
    """The operation, with the weights of a normalisation as its own."""

    def __init__(self, norm, bits):
        super().__init__()
        self.num_groups, self.eps, self.bits = norm.num_groups, norm.eps, bits
        self.weight, self.bias = norm.weight, norm.bias

    def forward(self, images):
        return relu_norm_drop(images, self, self.bits)


@pytest.mark.parametrize("rate", [0.0, 0.2])
@pytest.mark.parametrize(
    ("shape", "groups"), [((2, 8, 5, 6, 7), 4), ((1, 12, 4, 3, 5), 3), ((3, 2, 1, 1, 1), 2)]
)
def test_the_gradient_is_that_of_finite_differences(shape, groups, rate, monkeypatch):
    monkeypatch.setattr(fused, "PIECE", 200)  # several pieces a scan
    norm, drop = layers(shape[1], groups, rate=rate, dtype=torch.float64)
    images = torch.randn(shape, dtype=torch.float64)
    images += 0.05 * images.sign()  # none so near to 0 that a difference crosses the ReLU's edge
    images.requires_grad_()
    bits = drawn(drop, images)

    def operation(images, weight, bias):
        values = {"weight": weight, "bias": bias}
        return torch.func.functional_call(Fused(norm, bits), values, (images,))

    weights = [p.detach().clone().requires_grad_() for p in (norm.weight, norm.bias)]
    assert torch.autograd.gradcheck(operation, (images, *weights), fast_mode=True)


@pytest.mark.parametrize("rate", [0.0, 0.2])
@pytest.mark.parametrize("piece", [1 << 17, 1000])
def test_it_is_the_three_operations_up_to_rounding(rate, piece, monkeypatch):
    monkeypatch.setattr(fused, "PIECE", piece)
    norm, drop = layers(8, 4, rate=rate, dtype=torch.float32)
    images = (torch.randn(2, 8, 16, 20, 24) + 0.5).contiguous(memory_format=torch.channels_last_3d)
    images.requires_grad_()
    slope = torch.randn(images.shape)
    found = []
    for one in (True, False):
        torch.manual_seed(1)
        if one:
            out = relu_norm_drop(images, norm, drawn(drop, images))
            assert out.is_contiguous(memory_format=torch.channels_last_3d)
        else:
            out = drop(norm(images.relu()))
        grads = torch.autograd.grad((out * slope).sum(), (images, norm.weight, norm.bias))
        found.append((out.detach(), *grads))
    for ours, apart in zip(*found, strict=True):
        torch.testing.assert_close(ours, apart, rtol=2e-5, atol=2e-5 * float(apart.abs().max()))


def test_sums_of_a_million_voxels_are_those_of_double_precision():
    norm, _ = layers(4, 2, rate=0.0, dtype=torch.float32)
    images = 3 + torch.rand(1, 4, 64, 128, 128)
    ours = relu_norm_drop(images, norm, None)
    double = torch.nn.functional.group_norm(
        images.double().relu(), 2, norm.weight.double(), norm.bias.double()
    )
    assert (ours.double() - double).abs().max() < 1e-4 * double.abs().max()


def test_half_precision_is_rounded_once():
    norm, _ = layers(8, 4, rate=0.0, dtype=torch.float32)
    images = torch.randn(1, 8, 6, 7, 8).bfloat16()
    ours = relu_norm_drop(images, norm, None)
    exact = norm(images.float().relu())
    assert ours.dtype == torch.bfloat16
    torch.testing.assert_close(ours.float(), exact, rtol=2**-8, atol=1e-6)


def test_of_large_tensors_only_the_input_is_kept():
    norm, drop = layers(8, 4, rate=0.2, dtype=torch.float32)
    images = torch.randn(1, 8, 8, 8, 8).contiguous(memory_format=torch.channels_last_3d)
    images.requires_grad_()
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t):
        relu_norm_drop(images, norm, drawn(drop, images))
    large = {t.data_ptr() for t in kept if t.numel() * t.element_size() > images.numel()}
    assert large == {images.data_ptr()}
