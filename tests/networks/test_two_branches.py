"""two_branches: extents and widths of the body of COVID-Net and its redesign."""

import pytest
import torch

from elsewhere.networks.two_branches import TwoBranches, last_extent, scaled, total


@pytest.mark.parametrize("matrix", [16, 31, 32, 48, 55, 63, 64, 100, 224, 225])
@pytest.mark.parametrize("normalised", [True, False])
def test_the_last_extent_is_what_comes_out(covidnet_row, matrix, normalised):
    row = covidnet_row.model_copy(update={"width": 0.0625})
    with torch.device("meta"):
        branches = TwoBranches(row, 3, normalised=normalised).eval()
        outputs = branches(torch.empty(2, 3, matrix, matrix))
    assert len(outputs) == 1 + 3, "the upper branch and three blocks"
    assert total(outputs).shape == (
        2,
        scaled(2048, 0.0625),
        last_extent(matrix),
        last_extent(matrix),
    )


@pytest.mark.parametrize("normalised", [True, False])
def test_channels_lie_last_from_end_to_end(covidnet_row, normalised):
    """One layer that turned them round would cost what the order in memory saves."""
    row = covidnet_row.model_copy(update={"width": 0.0625})
    branches = TwoBranches(row, 3, normalised=normalised)
    weights = [weight for weight in branches.parameters() if weight.ndim == 4]
    assert all(weight.is_contiguous(memory_format=torch.channels_last) for weight in weights)
    turned = []
    for layer in branches.modules():
        layer.register_forward_hook(lambda of, _, out: turned.append((of, out)))
    branches(torch.randn(2, 3, 40, 40))
    for layer, out in turned:
        for image in out if isinstance(out, list) else [out]:
            assert image.is_contiguous(memory_format=torch.channels_last), layer


def test_the_last_extent_of_the_paper_is_seven():
    assert last_extent(224) == 7
