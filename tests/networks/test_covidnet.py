"""covidnet: COVID-Net equals its redesign without normalisation and averaging."""

import pytest
import torch
from torch.nn import functional as F

from elsewhere.design.networks.covidnet import Covidnet
from elsewhere.networks.batch_norm import BatchNorm
from elsewhere.networks.covidnet import CovidNet
from elsewhere.networks.covidnet_redesign import RedesignedCovidNet
from elsewhere.networks.two_branches import last_extent


@pytest.fixture
def narrow_row(covidnet_row):
    return covidnet_row.model_copy(update={"width": 0.0625, "dense_features": (16, 8)})


@pytest.mark.parametrize("matrix", [32, 48, 55, 224])
def test_as_published_it_is_the_redesign_without_norms_and_average_d07(
    narrow_row, small_image, matrix
):
    """With statistics that change nothing, the redesign averages what COVID-Net flattens."""
    torch.manual_seed(0)
    stage = narrow_row.model_copy(update={"averaged": "stage"})
    original = Covidnet(
        kind="covidnet", **narrow_row.model_dump(exclude={"kind", "averaged", "dense_norm"})
    )
    image = small_image.model_copy(update={"matrix": matrix, "stored_matrix": matrix})
    plain, redesign = CovidNet(original, image).eval(), RedesignedCovidNet(stage, image).eval()
    assert not [m for m in plain.modules() if isinstance(m, BatchNorm)]
    shared = {k: v for k, v in redesign.state_dict().items() if "classifier" not in k}
    mine = {k: v for k, v in plain.state_dict().items() if "classifier" not in k}
    assert len(mine) == len(shared) - 5 * 5, "gamma, beta, mean, variance and a counter, five times"
    norms = [name for name, m in redesign.named_modules() if isinstance(m, BatchNorm)]
    redesign.load_state_dict(
        mine | {k: v for k, v in redesign.state_dict().items() if k not in mine}
    )
    for name in norms:
        redesign.get_submodule(name).eps = 0.0
    images = torch.rand(2, 3, matrix, matrix)
    flat, averaged = plain.embed(images, None), redesign.embed(images, None)
    extent = last_extent(matrix)
    assert flat.shape == (2, plain.features)
    maps = flat.view(2, -1, extent, extent)
    torch.testing.assert_close(F.adaptive_avg_pool2d(maps, 2).flatten(1), averaged)


def test_dense_layers_at_full_size_d09(covidnet_row, paper_image):
    row = Covidnet(
        kind="covidnet", **covidnet_row.model_dump(exclude={"kind", "averaged", "dense_norm"})
    )
    with torch.device("meta"):
        network = CovidNet(row, paper_image)
    assert network.features == 2048 * 7 * 7
    assert network.classifier[0].in_features / 8192 == pytest.approx(12, abs=0.5)


def test_volumes_are_refused(covidnet_row, small_volume):
    row = Covidnet(
        kind="covidnet", **covidnet_row.model_dump(exclude={"kind", "averaged", "dense_norm"})
    )
    with pytest.raises(ValueError, match="takes an image input, got kind 'volume'"):
        CovidNet(row, small_volume)
