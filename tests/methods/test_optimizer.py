"""Adam and SGD against torch's own, and what they make torch import."""

import pytest
import torch

from elsewhere.methods.optimizer import Adam, Sgd, build, parameter_groups

A_STEP = """
import torch
from elsewhere.methods.optimizer import Adam

weight = torch.nn.Parameter(torch.ones(3))
optimizer = Adam([weight], lr=0.5, fused=True)
optimizer.zero_grad(set_to_none=True)
weight.sum().backward()
optimizer.step()
optimizer.load_state_dict(optimizer.state_dict())
assert round(float(weight[0]), 4) == 0.5
"""
SGD_STEP = A_STEP.replace("Adam", "Sgd").replace("fused", "momentum=0.9, fused")


def descend(kind, decay, *, restore_at, **more):
    """Return weights after ten steps on a loss that is no parabola; saved and restored once."""
    torch.manual_seed(3)
    weights = torch.nn.Parameter(torch.randn(5, 3))
    images = torch.randn(7, 5)
    optimizer = kind([weights], lr=1e-2, weight_decay=decay, fused=True, **more)
    for step in range(10):
        if step == restore_at:
            state = optimizer.state_dict()
            optimizer = kind([weights], lr=1.0, weight_decay=0.5, fused=True, **more)
            optimizer.load_state_dict(state)
        optimizer.zero_grad(set_to_none=True)
        (images @ weights).logsumexp(1).sum().backward()
        optimizer.step()
    assert not any(
        value.requires_grad
        for value in optimizer.state[weights].values()
        if isinstance(value, torch.Tensor)
    )
    return weights.detach()


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_it_is_torchs_own_to_the_bit(decay):
    ours = descend(Adam, decay, restore_at=4)
    assert torch.equal(ours, descend(torch.optim.Adam, decay, restore_at=-1))


def test_betas_are_those_of_the_budget_a43(training):
    row = training.model_copy(update={"betas": (0.5, 0.9)})
    (group,) = build(torch.nn.Linear(3, 2), row).param_groups
    assert group["betas"] == (0.5, 0.9)
    assert build(torch.nn.Linear(3, 2), training).param_groups[0]["betas"] == (0.9, 0.999)


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_sgd_is_torchs_own_to_the_bit_c15(decay):
    ours = descend(Sgd, decay, restore_at=4, momentum=0.9)
    assert torch.equal(ours, descend(torch.optim.SGD, decay, restore_at=-1, momentum=0.9))


def test_torch_does_not_import_its_compiler(loaded_by):
    assert not {"torch._dynamo", "sympy"} & loaded_by(A_STEP + SGD_STEP)


@pytest.mark.parametrize("on", ["all", "kernels"])
def test_sgd_with_momentum_and_decay_is_its_equation_c15(training, on):
    """v = m v + g + d w, w = w - eta v; the decay d of biases is 0 with `kernels`."""
    row = training.model_copy(
        update={
            "optimizer": "sgd", "momentum": 0.9, "learning_rate": 0.1, "weight_decay": 0.01,
            "weight_decay_on": on,
        }
    )  # fmt: skip
    torch.manual_seed(1)
    layer = torch.nn.Linear(3, 2).double()
    images = torch.randn(4, 3, dtype=torch.float64)
    weight, bias = layer.weight.detach().clone(), layer.bias.detach().clone()
    weight_v, bias_v = torch.zeros_like(weight), torch.zeros_like(bias)
    optimizer = build(layer, row)
    for _ in range(5):
        optimizer.zero_grad()
        layer(images).sum().backward()
        optimizer.step()
        weight_v = 0.9 * weight_v + images.sum(0).expand(2, 3) + 0.01 * weight
        bias_v = 0.9 * bias_v + 4 + (0.01 * bias if on == "all" else 0)
        weight, bias = weight - 0.1 * weight_v, bias - 0.1 * bias_v
    torch.testing.assert_close(layer.weight.detach(), weight)
    torch.testing.assert_close(layer.bias.detach(), bias)


def test_every_parameter_is_in_one_group(training):
    network = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Linear(4, 2)
    )
    row = training.model_copy(update={"weight_decay_on": "kernels", "weight_decay": 0.1})
    kernels, others = parameter_groups(network, row)
    assert (len(kernels["params"]), len(others["params"])) == (2, 4)
    assert (kernels["weight_decay"], others["weight_decay"]) == (0.1, 0.0)
