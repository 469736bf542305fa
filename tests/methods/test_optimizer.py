"""Adam against torch's own, and what it makes torch import."""

import pytest
import torch

from elsewhere.methods.optimizer import Adam

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


def descend(kind, decay, *, restore_at):
    """Return weights after ten steps on a loss that is no parabola; saved and restored once."""
    torch.manual_seed(3)
    weights = torch.nn.Parameter(torch.randn(5, 3))
    images = torch.randn(7, 5)
    optimizer = kind([weights], lr=1e-2, weight_decay=decay, fused=True)
    for step in range(10):
        if step == restore_at:
            state = optimizer.state_dict()
            optimizer = kind([weights], lr=1.0, weight_decay=0.5, fused=True)
            optimizer.load_state_dict(state)
        optimizer.zero_grad(set_to_none=True)
        (images @ weights).logsumexp(1).sum().backward()
        optimizer.step()
    assert not optimizer.state[weights]["exp_avg"].requires_grad
    return weights.detach()


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_it_is_torchs_own_to_the_bit(decay):
    ours = descend(Adam, decay, restore_at=4)
    assert torch.equal(ours, descend(torch.optim.Adam, decay, restore_at=-1))


def test_torch_does_not_import_its_compiler(loaded_by):
    assert not {"torch._dynamo", "sympy"} & loaded_by(A_STEP)
