"""The redesigned COVID-Net against Wang et al. 2020 and the graph of its released code."""

import pytest
import torch
from torch.nn import functional as F

from elsewhere.networks.batch_norm import BatchNorm
from elsewhere.networks.covidnet_redesign import RedesignedCovidNet
from elsewhere.networks.describe import count_parameters
from elsewhere.networks.two_branches import scaled


@pytest.fixture
def narrow_row(covidnet_row):
    return covidnet_row.model_copy(update={"width": 0.0625, "dense_features": (16, 8)})


def written_out(network, images, averaged):
    """The graph of the released code written out, each block used once in the skips (D-09)."""
    blocks = [list(stage.blocks) for stage in network.branches.stages]
    pool = lambda value: F.max_pool2d(value, 2)  # noqa: E731
    stem = pool(network.branches.stem(images))
    u = network.branches.upper[0](stem)
    p11 = blocks[0][0](stem)
    p12 = blocks[0][1](p11 + u)
    p13 = blocks[0][2](p12 + p11 + u)
    v = pool(network.branches.upper[1](p11 + p12 + p13 + u))
    p21 = blocks[1][0](pool(p11) + pool(p12) + pool(p13) + pool(u))
    p22 = blocks[1][1](p21 + v)
    p23 = blocks[1][2](p22 + p21 + v)
    p24 = blocks[1][3](p23 + p22 + p21 + v)
    w = pool(network.branches.upper[2](p21 + p22 + p23 + p24 + v))
    p31 = blocks[2][0](pool(p21) + pool(p22) + pool(p23) + pool(p24) + pool(v))
    p32 = blocks[2][1](p31 + w)
    p33 = blocks[2][2](p31 + p32 + w)
    p34 = blocks[2][3](p31 + p32 + p33 + w)
    p35 = blocks[2][4](p31 + p32 + p33 + p34 + w)
    p36 = blocks[2][5](p31 + p32 + p33 + p34 + p35 + w)
    third = [p31, p32, p33, p34, p35, p36, w]
    q = pool(network.branches.upper[3](sum(third)))
    p41 = blocks[3][0](sum(pool(value) for value in third))
    p42 = blocks[3][1](p41 + q)
    p43 = blocks[3][2](p41 + p42 + q)
    last = {"last_block": p43, "stage": p41 + p42 + p43 + q}[averaged]
    return F.adaptive_avg_pool2d(last, 2).flatten(1)


@pytest.mark.parametrize("averaged", ["last_block", "stage"])
@pytest.mark.parametrize("matrix", [64, 112])
def test_graph_is_the_one_written_out(narrow_row, small_image, matrix, averaged):
    torch.manual_seed(0)
    row = narrow_row.model_copy(update={"averaged": averaged})
    network = RedesignedCovidNet(row, small_image).eval()
    images = torch.rand(2, 3, matrix, matrix)
    expected = written_out(network, images, averaged)
    torch.testing.assert_close(network.embed(images, None), expected)


def test_the_released_graph_is_the_default(narrow_row):
    """Its average pooling takes the last block alone, which the other one hardly resembles."""
    assert narrow_row.averaged == "last_block"


def test_five_batch_normalisations_d08(covidnet_row, paper_image):
    with torch.device("meta"):
        network = RedesignedCovidNet(covidnet_row, paper_image)
    norms = [m.num_features for m in network.modules() if isinstance(m, BatchNorm)]
    assert norms == [64, 256, 512, 1024, 2048]
    assert not [m for m in network.branches.stages.modules() if isinstance(m, BatchNorm)]


def test_embedding_d10_and_dense_reduction_d09(covidnet_row, paper_image):
    with torch.device("meta"):
        network = RedesignedCovidNet(covidnet_row, paper_image)
        embedding = network.embed(torch.empty(2, 3, 224, 224), None)
    assert embedding.shape == (2, 8_192)
    assert 2048 * 7 * 7 / embedding.shape[1] == pytest.approx(12, abs=0.5)


def pepx_parameters(n_in, n_out):
    half, wide = n_in // 2, 3 * n_in // 4
    pairs = [(n_in, half), (half, wide), (wide, half), (half, n_out)]
    return sum(a * b + b for a, b in pairs) + wide * 9 + wide


def test_parameters_are_those_of_the_description(covidnet_row, paper_image):
    with torch.device("meta"):
        network = RedesignedCovidNet(covidnet_row, paper_image)
    stem = 3 * 64 * 49 + 64 + 2 * 64
    widths = [(64, 256, 3), (256, 512, 4), (512, 1024, 6), (1024, 2048, 3)]
    upper = sum(a * b + b + 2 * b for a, b, _ in widths)
    lower = sum(pepx_parameters(a, b) + (n - 1) * pepx_parameters(b, b) for a, b, n in widths)
    dense = 8192 * 1024 + 1024 + 1024 * 256 + 256 + 256 * 2 + 2
    assert count_parameters(network) == stem + upper + lower + dense


def test_without_activation_a_block_is_affine(narrow_row, small_image):
    torch.manual_seed(0)
    a, b = torch.rand(2, 1, 4, 8, 8)
    for activation, affine in (("none", True), ("relu", False)):
        row = narrow_row.model_copy(update={"activation": activation})
        block = RedesignedCovidNet(row, small_image).branches.stages[0].blocks[0]
        zero = torch.zeros_like(a)
        left = block(a - b) + block(zero)
        same = torch.allclose(left, block(a) - block(b) + 2 * block(zero), atol=1e-6)
        assert same == affine


def test_width_scales_all_channels(covidnet_row, paper_image, small_image):
    assert [scaled(count, 0.25) for count in (64, 256, 512, 1024, 2048)] == [16, 64, 128, 256, 512]
    assert scaled(64, 0.01) == 4
    with torch.device("meta"):
        wide = RedesignedCovidNet(covidnet_row, paper_image)
        row = covidnet_row.model_copy(update={"width": 0.25, "dense_features": (256, 64)})
        narrow = RedesignedCovidNet(row, small_image)
    assert count_parameters(wide) / count_parameters(narrow) == pytest.approx(16, rel=0.05)


def test_volumes_are_refused(covidnet_row, small_volume):
    with pytest.raises(ValueError, match="takes an image input, got kind 'volume'"):
        RedesignedCovidNet(covidnet_row, small_volume)
