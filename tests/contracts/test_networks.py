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
from elsewhere.methods.loss import classification
from elsewhere.networks import execution, weights
from elsewhere.networks.describe import count_parameters, describe
from elsewhere.networks.network import build
from elsewhere.networks.network import logits as network_logits
from elsewhere.networks.sites import SitedNetwork, separate_norms

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


def gradients(network, images):
    """Of a step on scans of two sites, of which each has its own normalisations."""
    torch.manual_seed(2)
    network.train()
    sites = network.sites or ("a", "b")
    logits = torch.cat([network(images[:2], sites[0]), network(images[2:], sites[1])])
    classification(logits, torch.tensor([0, 1, 0])).backward()
    return {
        **{name: p.grad.clone() for name, p in network.named_parameters()},
        **{name: buffer.clone() for name, buffer in network.named_buffers()},
    }


@pytest.mark.parametrize("separate", [False, True])
def test_blocks_computed_again_give_the_same_gradients_and_statistics(rows, images, separate):
    if not build(*rows).blocks():
        with pytest.raises(ValueError, match="names no blocks"):
            execution.arrange(build(*rows), recompute="blocks")
        return
    found = []
    for recompute in ("none", "blocks"):
        torch.manual_seed(0)
        network = build(*rows)
        if separate and rows[0].kind != "covidnet":  # which has no normalisation
            separate_norms(network, ["a", "b"])
            network = SitedNetwork(network, ["a", "b"])
        execution.arrange(network, recompute=recompute)
        found.append(gradients(network, images))
    for name, value in found[0].items():
        assert torch.equal(value, found[1][name]), name


def test_less_is_kept_for_the_backward_pass_of_blocks(network, images):
    kept = []
    for recompute in ("none", "blocks") if network.blocks() else ("none", "none"):
        execution.arrange(network, recompute=recompute)
        sizes = {}

        def note(tensor, sizes=sizes):
            sizes[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            network.train()(images, None)
        kept.append(sum(sizes.values()))
    assert (kept[1] < kept[0]) == bool(network.blocks())


def test_in_bfloat16_the_classifier_and_the_loss_are_float32(network, images):
    """What the loss keeps for its gradient is float32, from the classifier's inputs on."""
    dtypes = set()

    def note(tensor):
        dtypes.add(tensor.dtype)
        return tensor

    of_convolutions = set()
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Conv3d):
            layer.register_forward_hook(lambda _, __, made: of_convolutions.add(made.dtype))
    network.train()
    with torch.autocast("cpu", torch.bfloat16):
        embedded = network.embed(images, None)
        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            logits = network_logits(network.classifier, embedded)
            loss = classification(logits, torch.tensor([0, 1, 0]))
        whole = network(images, None)
    assert of_convolutions <= {torch.bfloat16}
    assert logits.dtype == whole.dtype == loss.dtype == torch.float32
    assert torch.float32 in dtypes
    assert torch.bfloat16 not in dtypes


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
