"""Every registered network obeys the same laws."""

import pytest
import torch
from torch import nn

from elsewhere.design import kinds
from elsewhere.design.inputs.image import ImageInput
from elsewhere.design.inputs.volume import VolumeInput
from elsewhere.design.networks.covidnet import Covidnet
from elsewhere.design.networks.covidnet_redesign import CovidnetRedesign
from elsewhere.design.networks.densenet3d import Densenet3d
from elsewhere.design.networks.nguyen_cnn import NguyenCnn
from elsewhere.design.networks.timm import Timm
from elsewhere.methods import gradcam
from elsewhere.networks import weights
from elsewhere.networks.describe import count_parameters, describe
from elsewhere.networks.network import build

VOLUME = VolumeInput(
    kind="volume", matrix=32, depth=16, stride=4, clip_min_hu=-1000, clip_max_hu=None,
    ct_number="keep", normalise="volume",
)  # fmt: skip
IMAGE = ImageInput(kind="image", matrix=32, stored_matrix=36, channels=3, normalise="image")
ROWS = {
    "nguyen_cnn": (
        NguyenCnn(
            kind="nguyen_cnn", first_filters=4, pooling="max", groups=2, dropblock_size=3,
            dropblock_rate=0.1, dropout_rate=0.5, dense_features=16,
        ),
        VOLUME,
    ),
    "covidnet": (
        Covidnet(kind="covidnet", activation="relu", width=0.25, dense_features=(64, 32)),
        IMAGE,
    ),
    "covidnet_redesign": (
        CovidnetRedesign(
            kind="covidnet_redesign", activation="relu", width=0.25, dense_features=(64, 32)
        ),
        IMAGE,
    ),
    "densenet3d": (
        Densenet3d(
            kind="densenet3d", first_filters=4, growth=4, bottleneck=2, layers=(2, 1),
            compression=2, slope=0.1, dropblock_size=3, dropblock_rate=0.1,
            last_dropblock_rate=0.5, last_dropblock_steps=10,
        ),
        VOLUME,
    ),
    "timm": (
        Timm(
            kind="timm", model="densenet121", pretrained="none", batch_norm_scale=True,
            options={"growth_rate": 4, "block_config": [2, 2]},
        ),
        IMAGE,
    ),
}  # fmt: skip


def test_every_kind_is_tested():
    assert set(ROWS) == set(kinds.names("networks"))


@pytest.fixture(params=sorted(kinds.names("networks")))
def rows(request):
    return ROWS[request.param]


@pytest.fixture
def network(rows):
    torch.manual_seed(0)
    return build(*rows)


@pytest.fixture
def images(rows):
    return torch.rand(3, *rows[1].shape, generator=torch.Generator().manual_seed(1))


def test_logits_not_probabilities(network, images):
    logits = network.eval()(images, None)
    assert logits.shape == (3, 2)
    assert not torch.allclose(logits.sum(1), torch.ones(3))


def test_as_many_logits_as_asked_for(network, rows, images):
    five = build(*rows, outputs=5)
    assert five(images, None).shape == (3, 5)
    assert five.features == network.features


def test_weights_to_begin_with_come_only_where_a_row_names_them(network):
    before = {name: value.clone() for name, value in network.state_dict().items()}
    assert network.load_pretrained() is None
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


def test_every_parameter_learns(network, images):
    loss = nn.functional.cross_entropy(network(images, None), torch.tensor([0, 1, 0]))
    loss.backward()
    still = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert not still


def test_evaluation_is_deterministic_and_scans_do_not_meet(network, images):
    network.eval()
    logits = network(images, None)
    assert torch.equal(network(images, None), logits)
    single = torch.cat([network(image[None], None) for image in images])
    torch.testing.assert_close(single, logits, rtol=1e-4, atol=1e-5)


def test_the_head_makes_logits_of_the_embedding(network, images):
    network.eval()
    embedded = network.embed(images, None)
    assert embedded.shape == (3, network.features)
    torch.testing.assert_close(network.classifier(embedded), network(images, None))


def test_a_named_site_is_accepted(network, images):
    network.eval()
    assert network(images, "site-a").shape == (3, 2)


def test_a_batch_of_one_trains(network, images):
    network.train()
    network(images[:1], None).sum().backward()


def test_same_seed_same_weights(network, rows):
    torch.manual_seed(0)
    again = build(*rows)
    for (name, a), (_, b) in zip(
        network.state_dict().items(), again.state_dict().items(), strict=True
    ):
        assert torch.equal(a, b), name


def test_weights_round_trip(network, rows, images, tmp_path):
    weights.save(network, tmp_path / "model.safetensors")
    torch.manual_seed(1)
    other = build(*rows)
    weights.load(other, tmp_path / "model.safetensors")
    assert torch.equal(other.eval()(images, None), network.eval()(images, None))


def test_description_is_complete(network, rows):
    layers = describe(network, rows[1])
    assert sum(layer.parameters for layer in layers) == count_parameters(network)
    assert layers[-1].shape == (2,)


def test_it_can_be_shown_where_it_looks(network, images):
    network.eval()
    layer = gradcam.layer(network, images, None)
    maps = gradcam.maps(network, images, site=None, layer=layer)
    assert maps.shape == (3, *images.shape[2:])
    assert maps.min() >= 0
    assert maps.max() <= 1
