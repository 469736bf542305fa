"""sites: which layers are shared, which exist once per site, and that adapters start at zero."""

import copy

import pytest
import torch
from torch import nn

from elsewhere.design.inputs.volume import VolumeInput
from elsewhere.design.networks.covidnet import Covidnet
from elsewhere.design.networks.covidnet_redesign import CovidnetRedesign
from elsewhere.design.networks.nguyen_cnn import NguyenCnn
from elsewhere.networks.batch_norm import BatchNorm
from elsewhere.networks.network import build
from elsewhere.networks.sites import (
    ParallelConvolution,
    PerSite,
    SeriesAdapter,
    SitedNetwork,
    add_adapters,
    separate_norms,
)

SITES = ("a", "b", "c")
REDESIGN = CovidnetRedesign(
    kind="covidnet_redesign", activation="relu", width=0.0625, dense_features=(16, 8)
)
NGUYEN = NguyenCnn(
    kind="nguyen_cnn", first_filters=4, pooling="max", groups=2, dropblock_size=3,
    dropblock_rate=0.0, dropout_rate=0.0, dense_features=16,
)  # fmt: skip
VOLUME = VolumeInput(
    kind="volume", matrix=32, depth=16, stride=4, clip_min_hu=-1000, clip_max_hu=None,
    ct_number="keep", normalise="volume",
)  # fmt: skip


@pytest.fixture(params=["covidnet_redesign", "nguyen_cnn"])
def made(request, small_image):
    """A network and images it takes."""
    torch.manual_seed(0)
    if request.param == "nguyen_cnn":
        return build(NGUYEN, VOLUME), torch.rand(4, 1, 16, 32, 32)
    return build(REDESIGN, small_image), torch.rand(4, 3, small_image.matrix, small_image.matrix)


def series(network):
    add_adapters(network, SITES, kind="series")
    separate_norms(network, SITES)


def parallel(network):
    add_adapters(network, SITES, kind="parallel")
    separate_norms(network, SITES)


def norms(network):
    separate_norms(network, SITES)


@pytest.mark.parametrize("change", [norms, series, parallel])
def test_at_step_0_every_site_sees_the_shared_network(made, change):
    network, images = made
    before = network.eval()(images, None)
    change(network)
    sited = SitedNetwork(network, SITES).eval()
    for site in SITES:
        torch.testing.assert_close(sited(images, site), before)


@pytest.mark.parametrize("change", [norms, series, parallel])
def test_a_step_at_one_site_moves_no_layer_of_another(made, change):
    network, images = made
    change(network)
    sited = SitedNetwork(network, SITES).train()
    before = [copy.deepcopy(layer.state_dict()) for layer in sited.per_site()]
    optimizer = torch.optim.SGD(sited.parameters(), lr=1.0)  # less may round to no step
    for _ in range(2):  # what lies behind an adapter at zero has no gradient in the first step
        optimizer.zero_grad()
        nn.functional.cross_entropy(sited(images, "b"), torch.tensor([0, 1, 0, 1])).backward()
        optimizer.step()
    for layer, old in zip(sited.per_site(), before, strict=True):
        for name, value in layer.state_dict().items():
            moved = not torch.equal(value, old[name])
            assert moved == name.startswith("branches.1."), name


def test_statistics_are_the_sites_own_d12(made):
    network, images = made
    if not any(isinstance(layer, BatchNorm) for layer in network.modules()):
        return
    norms(network)
    sited = SitedNetwork(network, SITES).train()
    for _ in range(60):
        sited(images + 3, "a")
        sited(images * 5, "b")
    first = next(sited.per_site())
    convolved = network.branches.stem[0]
    for number, seen in enumerate((images + 3, images * 5)):
        torch.testing.assert_close(
            first.branches[number].running_mean,
            convolved(seen).mean((0, 2, 3)).detach(),
            rtol=0.02,
            atol=0.02,
        )
    assert not first.branches[2].running_mean.any()


def test_the_redesign_has_its_five_places(small_image):
    for change, kind in ((series, SeriesAdapter), (parallel, ParallelConvolution)):
        network = build(REDESIGN, small_image)
        change(network)
        found = [layer for layer in network.modules() if isinstance(layer, kind)]
        assert len(found) == 5 * (len(SITES) if kind is SeriesAdapter else 1)


def test_a_parallel_adapter_has_the_stride_of_its_convolution(small_image):
    network = build(REDESIGN, small_image)
    parallel(network)
    stem = network.branches.stem[0]
    assert stem.shared.stride == (2, 2)
    assert all(one.stride == (2, 2) and one.kernel_size == (1, 1) for one in stem.own.branches)


@pytest.mark.parametrize("padding", [0, 1, 2, "valid", "same"])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("side", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("extent", [11, 12])
def test_a_parallel_adapter_sees_what_the_middle_of_the_kernel_sees(padding, stride, side, extent):
    """A kernel that is 1 in its middle and 0 elsewhere is a convolution of single positions."""
    if padding == "same" and (stride > 1 or side % 2 == 0):
        return  # torch refuses the one and warns of the other
    shared = nn.Conv2d(1, 1, side, stride=stride, padding=padding, bias=False)
    own = nn.Conv2d(1, 1, 1, stride=stride, bias=False)
    with torch.no_grad():
        own.weight.fill_(-1)
        shared.weight.zero_()
        shared.weight[..., (side - 1) // 2, (side - 1) // 2] = 1
    parallel_convolution = ParallelConvolution(shared, PerSite([own]))
    parallel_convolution.own.active = 0
    images = torch.rand(1, 1, extent, extent)
    summed = parallel_convolution(images)
    assert summed.shape == shared(images).shape
    assert not summed.any()


def test_layers_of_any_block_are_looked_at_in_the_order_of_their_names(small_image):
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Conv2d(3, 4, 3)
            self.norm = nn.BatchNorm2d(4)
            self.last = nn.Conv2d(4, 4, 1)

    network = build(REDESIGN, small_image)
    before = [one for one in network.modules() if isinstance(one, nn.Conv2d)]
    network.block = Block()
    add_adapters(network, SITES, kind="series")
    assert isinstance(network.block.first, nn.Sequential)
    assert isinstance(network.block.last, nn.Conv2d)
    assert len(before) > 5


@pytest.mark.parametrize("change", [series, parallel])
def test_what_sites_have_of_their_own_is_not_cut_up_again(made, change):
    network, _ = made
    change(network)
    for layer in SitedNetwork(network, SITES).per_site():
        assert not [each for each in layer.branches.modules() if isinstance(each, PerSite)]


def test_a_site_that_was_not_seen_needs_a_policy(made):
    network, images = made
    norms(network)
    with pytest.raises(ValueError, match="`unseen` of the arm"):
        SitedNetwork(network, SITES)(images, None)
    with pytest.raises(ValueError, match="not in tuple"):
        SitedNetwork(network, SITES)(images, "elsewhere")


def test_the_order_of_sites_does_not_matter(made):
    network, _ = made
    assert SitedNetwork(network, ("c", "a", "b")).sites == SITES


def test_a_network_without_norms_is_refused(small_image):
    row = Covidnet(kind="covidnet", activation="relu", width=0.0625, dense_features=(16, 8))
    with pytest.raises(ValueError, match="CovidNet has no normalisation"):
        separate_norms(build(row, small_image), SITES)
    with pytest.raises(ValueError, match="CovidNet has no convolution with a normalisation"):
        add_adapters(build(row, small_image), SITES, kind="series")
