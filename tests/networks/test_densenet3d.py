"""The 3D-DenseNet of the UCADI study against its paper and the counts of the released weights."""

import pytest
import torch
from torch import nn

from elsewhere.networks import sites, weights
from elsewhere.networks.densenet3d import Densenet3dNetwork
from elsewhere.networks.describe import count_parameters, describe
from elsewhere.networks.dropblock import DropBlock3d

EXTENTS = [(16, 128, 128), (8, 64, 64), (4, 32, 32)]


@pytest.fixture
def paper_network(densenet_row, ucadi_volume):
    return Densenet3dNetwork(densenet_row, ucadi_volume, outputs=4)


@pytest.fixture
def small_row(densenet_row):
    changes = {"first_filters": 4, "growth": 2, "bottleneck": 2, "layers": (1, 1)}
    return densenet_row.model_copy(update=changes | {"last_dropblock_steps": 4})


@pytest.fixture
def small_network(small_row, small_volume):
    torch.manual_seed(0)
    return Densenet3dNetwork(small_row, small_volume)


def trained(network, batches):
    network.train()
    for _ in range(batches):
        network(torch.rand(2, 1, 8, 8, 8), None)


def test_trainable_parameters_c14(paper_network):
    assert count_parameters(paper_network) == 726_972


def test_values_and_tensors_are_those_of_the_released_weights(paper_network):
    state = paper_network.state_dict()
    assert len(state) == 112
    assert sum(value.numel() for value in state.values()) == 729_980
    running = [value.numel() for name, value in state.items() if "running_" in name]
    counters = [value.numel() for name, value in state.items() if "num_batches" in name]
    assert (sum(running), sum(counters)) == (2_992, 16)


def test_fourteen_convolutions_and_the_first_c13(paper_network):
    assert sum(isinstance(layer, nn.Conv3d) for layer in paper_network.groups.modules()) == 14
    assert sum(isinstance(layer, nn.Conv3d) for layer in paper_network.modules()) == 15


def test_channels_and_shapes_c14(paper_network, ucadi_volume):
    rows = describe(paper_network, ucadi_volume)
    shapes = [row.shape for row in rows if row.kind == "Conv3d"]
    expected = [(32, *EXTENTS[0])]
    for extent, transition in zip(EXTENTS, (48, 56, None), strict=True):
        expected += [(128, *extent), (32, *extent)] * 2
        expected += [(transition, *extent)] if transition else []
    assert shapes == expected
    assert paper_network.features == 120
    assert rows[-1].shape == (4,)


@pytest.mark.parametrize(("batches", "rate"), [(0, 0), (1, 0.125), (3, 0.375), (4, 0.5), (6, 0.5)])
def test_the_last_dropblock_rises_linearly_with_training_batches(small_network, batches, rate):
    trained(small_network, batches)
    assert small_network.last_rate() == rate
    if batches:
        assert small_network.last_dropblock.rate == rate


def test_evaluation_drops_nothing_and_does_not_count(small_network):
    trained(small_network, 2)
    small_network.eval()
    images = torch.rand(2, 1, 8, 8, 8)
    assert torch.equal(small_network(images, None), small_network(images, None))
    assert small_network.last_rate() == 0.25


def test_the_rise_continues_from_saved_weights(small_network, small_row, small_volume, tmp_path):
    trained(small_network, 3)
    weights.save(small_network, tmp_path / "model.safetensors")
    again = Densenet3dNetwork(small_row, small_volume)
    weights.load(again, tmp_path / "model.safetensors")
    assert again.last_rate() == 0.375


def test_batches_of_all_sites_count_where_each_has_its_own_normalisation(small_network):
    sites.separate_norms(small_network, ["a", "b"])
    network = sites.SitedNetwork(small_network, ["a", "b"])
    for site in ("a", "b", "b"):
        network(torch.rand(2, 1, 8, 8, 8), site)
    assert small_network.last_rate() == 0.375


def test_the_first_dropblock_is_constant(small_network, densenet_row):
    first = next(layer for layer in small_network.modules() if isinstance(layer, DropBlock3d))
    trained(small_network, 5)
    assert (first.rate, first.size) == (densenet_row.dropblock_rate, 5)


def test_weights_are_kaiming_uniform(paper_network):
    weight = paper_network.groups[0][0].layers[5].weight  # 128 channels x 27 positions
    bound = (2 / (1 + 0.1**2) * 3 / (128 * 27)) ** 0.5
    assert 0.99 * bound < float(weight.detach().abs().max()) <= bound
    assert float(weight.detach().std()) == pytest.approx(bound / 3**0.5, rel=0.01)


def test_channels_that_do_not_divide_are_refused(densenet_row, small_volume):
    row = densenet_row.model_copy(update={"first_filters": 33})
    with pytest.raises(ValueError, match="compression 2 does not divide the 97 channels"):
        Densenet3dNetwork(row, small_volume)


def test_images_are_refused(densenet_row, small_image):
    with pytest.raises(ValueError, match="takes a volume input, got kind 'image'"):
        Densenet3dNetwork(densenet_row, small_image)
