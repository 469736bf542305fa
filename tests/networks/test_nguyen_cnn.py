"""The network of Nguyen et al. 2021 against its text and Figure 2."""

import pytest
import torch
from torch import nn

from elsewhere.networks.describe import count_parameters, describe
from elsewhere.networks.nguyen_cnn import NguyenNetwork, feature_length


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
