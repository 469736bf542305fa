"""The network of Nguyen et al. 2021 against its text and Figure 2."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from elsewhere.networks.describe import count_parameters, describe
from elsewhere.networks.nguyen_cnn import NguyenNetwork, StridedConvolution, feature_length


@pytest.fixture
def paper_network(nguyen_row, paper_volume):
    with torch.device("meta"):
        return NguyenNetwork(nguyen_row, paper_volume)


def of_kind(network, kind):
    return [layer for layer in network.modules() if isinstance(layer, kind)]


def test_parameters_a35(paper_network):
    assert count_parameters(paper_network.levels) == 1_290_984
    assert count_parameters(paper_network) == 12_839_658
    assert count_parameters(paper_network) - 1_290_984 == 11_548_674


def test_feature_shapes_a29(paper_network, paper_volume):
    rows = describe(paper_network, paper_volume)
    shapes = [row.shape for row in rows if row.kind == "Conv3d"]
    xyz = [(8, 512, 512, 128), (16, 128, 128, 32), (32, 32, 32, 16), (64, 8, 8, 8), (128, 4, 4, 4)]
    expected = [(c, z, y, x) for c, x, y, z in xyz for _ in range(2)]
    assert shapes == expected


def test_kernels_a31_and_filters_a32(paper_network):
    kernels = [layer.kernel_size[::-1] for layer in of_kind(paper_network, nn.Conv3d)]
    xyz = [(3, 3, 3), (5, 5, 5), (5, 5, 3), (5, 5, 3), (3, 3, 3)]
    assert kernels == [kernel for kernel in xyz for _ in range(2)]
    filters = [layer.out_channels for layer in of_kind(paper_network, nn.Conv3d)]
    assert filters == [8, 8, 16, 16, 32, 32, 64, 64, 128, 128]


def test_order_of_operations_a30_a34(paper_network, paper_volume):
    kinds = [row.kind for row in describe(paper_network, paper_volume)]
    twice = ["Conv3d", "ReLU", "GroupNorm", "DropBlock3d"] * 2
    levels = twice + (["Pool", *twice]) * 4
    dense = ["Linear", "ReLU", "GroupNorm", "Dropout"] * 4
    assert kinds == [*levels, *dense, "Linear"]


def test_flattened_length_a33(nguyen_row):
    assert feature_length(nguyen_row, (128, 512, 512)) == 8_192
    assert feature_length(nguyen_row, (32, 64, 64)) == 128


def test_small_input_gives_logits(nguyen_row, small_volume):
    torch.manual_seed(0)
    network = NguyenNetwork(nguyen_row, small_volume)
    logits = network(torch.rand(2, 1, 32, 64, 64), None)
    assert logits.shape == (2, 2)
    assert torch.isfinite(logits).all()


def test_average_pooling_is_another_network(nguyen_row, small_volume):
    images = torch.rand(1, 1, 32, 64, 64)
    logits = []
    for pooling in ("max", "average"):
        torch.manual_seed(0)
        row = nguyen_row.model_copy(update={"pooling": pooling})
        logits.append(NguyenNetwork(row, small_volume).eval()(images, None))
    assert not torch.allclose(*logits)


def test_groups_must_divide(nguyen_row, small_volume):
    row = nguyen_row.model_copy(update={"groups": 3})
    with pytest.raises(ValueError, match="groups 3 must divide first_filters 8"):
        NguyenNetwork(row, small_volume)


def test_images_are_refused(nguyen_row, small_image):
    with pytest.raises(ValueError, match="takes a volume input, got kind 'image'"):
        NguyenNetwork(nguyen_row, small_image)


def test_strided_convolutions_leave_as_many_positions_as_pooling_a36(nguyen_row, paper_volume):
    """The first convolution of a level takes the place of its pooling; nothing else changes."""
    made = {}
    for pooling in ("max", "stride"):
        row = nguyen_row.model_copy(update={"pooling": pooling})
        with torch.device("meta"):
            made[pooling] = NguyenNetwork(row, paper_volume)
            levels = made[pooling].levels(torch.empty(1, *paper_volume.shape))
            assert levels.flatten(1).shape[1] == 8192
    assert count_parameters(made["stride"]) == count_parameters(made["max"])


@pytest.mark.parametrize("extent", [(8, 8, 8), (5, 9, 11), (3, 3, 3), (1, 2, 7)])
def test_a_strided_convolution_is_a_convolution_of_which_a_share_is_read_a36(extent):
    torch.manual_seed(0)
    layer = StridedConvolution(2, 3, (3, 5, 5), (2, 4, 4))
    volume = torch.randn(1, 2, *extent)
    step = [min(f, n) for f, n in zip((2, 4, 4), extent, strict=True)]
    filled = [n // s * s for n, s in zip(extent, step, strict=True)]
    cut = volume[..., : filled[0], : filled[1], : filled[2]]
    dense = F.conv3d(cut, layer.weight, layer.bias, padding=(1, 2, 2))
    expected = dense[..., :: step[0], :: step[1], :: step[2]]
    torch.testing.assert_close(layer(volume), expected)
    assert list(expected.shape[2:]) == [n // s for n, s in zip(extent, step, strict=True)]
