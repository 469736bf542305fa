"""Batch normalisation: equal to torch's where torch defines it, else by the running statistics."""

import pytest
import torch
from torch import nn

from elsewhere.networks.batch_norm import BatchNorm


def test_a_single_value_has_no_variance():
    norm = BatchNorm(3)
    with torch.no_grad():
        norm.running_mean.fill_(1.0)
    out = norm(torch.full((1, 3, 1, 1), 2.0))
    torch.testing.assert_close(out, torch.ones(1, 3, 1, 1), rtol=1e-4, atol=1e-4)
    assert norm.num_batches_tracked == 0


@pytest.mark.parametrize(
    ("shape", "kind"),
    [((4, 3), nn.BatchNorm1d), ((4, 3, 5, 6), nn.BatchNorm2d), ((2, 3, 4, 5, 6), nn.BatchNorm3d)],
)
def test_it_is_torchs_in_any_extent(shape, kind):
    torch.manual_seed(0)
    ours, theirs = BatchNorm(3), kind(3)
    for _ in range(3):
        images = torch.randn(shape) * 2 + 1
        torch.testing.assert_close(ours(images), theirs(images))
    for name, value in theirs.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], value)
    torch.testing.assert_close(ours.eval()(images), theirs.eval()(images))
