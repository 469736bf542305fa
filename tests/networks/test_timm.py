"""timm: the two networks of paper 001, their small versions, and how methods change them."""

import copy
import hashlib

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from elsewhere.design.networks.timm import Timm
from elsewhere.networks.describe import count_parameters, describe
from elsewhere.networks.network import build
from elsewhere.networks.sites import PerSite, SitedNetwork, add_adapters, separate_norms
from elsewhere.networks.timm import TimmNetwork, create_model

SMALL = Timm(
    kind="timm",
    model="densenet121",
    options={"growth_rate": 4, "block_config": [2, 1]},
    pretrained="none",
    batch_norm_scale=True,
)
FINDINGS = 5


def changed(**fields):
    return SMALL.model_copy(update=fields)


def published(path, *, row=SMALL, classes=1000, channels=3):
    """Write weights as timm publishes them: all of a network of 1000 classes; return them."""
    create_model(row, channels=channels)  # timm can be imported from here on
    import timm

    whole = timm.create_model(row.model, num_classes=classes, in_chans=channels, **row.options)
    state = {name: value.clone() for name, value in whole.state_dict().items()}
    if path.suffix == ".safetensors":
        save_file(state, path)
    else:
        torch.save(state, path)
    return state


@pytest.fixture
def images(small_image):
    side = small_image.matrix
    return torch.rand(4, 3, side, side, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    ("network", "input", "trainable", "features"),
    [
        ("densenet121", "chestxray-paper-224", 6_958_981, 1024),
        ("inception-resnet-v2", "chestxray-paper-299", 54_283_877, 1536),
    ],
)
def test_trainable_parameters_b25_b26(params, network, input, trainable, features):
    with torch.device("meta"):
        made = build(params.networks[network], params.inputs[input], outputs=FINDINGS)
    assert count_parameters(made) == trainable
    assert made.features == features
    rows = describe(made, params.inputs[input])
    assert sum(row.parameters for row in rows) == trainable
    assert rows[-1].shape == (FINDINGS,)


def test_scales_that_keras_has_not_b26(params):
    row = params.networks["inception-resnet-v2"].model_copy(update={"batch_norm_scale": True})
    with torch.device("meta"):
        made = build(row, params.inputs["chestxray-paper-299"], outputs=FINDINGS)
    assert count_parameters(made) == 54_283_877 + 30_272


@pytest.mark.parametrize("network", ["densenet-demo", "inception-demo"])
def test_stand_ins_see_the_demo_input(params, network):
    row, input_row = params.networks[network], params.inputs["chestxray-demo"]
    made = build(row, input_row, outputs=FINDINGS)
    seen = torch.rand(2, input_row.channels, input_row.matrix, input_row.matrix)
    assert made(seen, None).shape == (2, FINDINGS)
    assert 90_000 < count_parameters(made) < 600_000


def test_the_embedding_is_the_global_average_b24(small_image, images):
    network = TimmNetwork(SMALL, small_image).eval()
    maps = network.model.forward_features(images)
    assert maps.ndim == 4
    torch.testing.assert_close(network.embed(images, None), maps.mean((2, 3)))


def test_grey_images_have_one_channel(small_image):
    grey = small_image.model_copy(update={"channels": 1})
    assert TimmNetwork(SMALL, grey)(torch.rand(2, 1, 32, 32), None).shape == (2, 2)


def test_volumes_are_refused(small_volume):
    with pytest.raises(ValueError, match="timm takes an image input, got kind 'volume'"):
        TimmNetwork(SMALL, small_volume)


def test_images_that_are_too_small_are_refused(params):
    row = params.networks["inception-resnet-v2"]
    with torch.device("meta"), pytest.raises(ValueError, match="cannot see images of 64 x 64"):
        build(row, params.inputs["chestxray-demo"])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"model": "densenet122"}, "timm cannot make 'densenet122'"),
        ({"model": "densenet121.no_such_tag"}, "no_such_tag"),
        ({"options": {"grow": 4}}, "unexpected keyword argument 'grow'"),
    ],
)
def test_what_timm_does_not_know_is_refused(small_image, wrong, message):
    with pytest.raises(ValueError, match=message):
        TimmNetwork(changed(**wrong), small_image)


def fixed(network):
    return [one for one in network.modules() if isinstance(one, nn.BatchNorm2d)]


def test_fixed_scales_stay_one_and_are_not_saved_b26(small_image, images):
    network = TimmNetwork(changed(batch_norm_scale=False), small_image).train()
    assert not [name for name in network.state_dict() if "norm" in name and "weight" in name]
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    network(images, None).square().sum().backward()
    optimizer.step()
    for norm in fixed(network):
        assert norm.bias.grad.any()
        assert torch.equal(norm.weight, torch.ones(norm.num_features))


def test_a_fixed_scale_changes_nothing_at_the_start(small_image, images):
    torch.manual_seed(0)
    free = TimmNetwork(SMALL, small_image).eval()
    torch.manual_seed(0)
    network = TimmNetwork(changed(batch_norm_scale=False), small_image).eval()
    assert torch.equal(network(images, None), free(images, None))


@pytest.mark.parametrize("scale", [True, False])
def test_a_normalisation_keeps_its_activation_when_sites_get_their_own(small_image, images, scale):
    network = TimmNetwork(changed(batch_norm_scale=scale), small_image)
    kinds = [type(one.act) for one in fixed(network)]
    assert set(kinds) == {nn.ReLU}
    separate_norms(network, ("a", "b"))
    sited = SitedNetwork(network, ("a", "b")).eval()
    layers = [layer for layer in network.modules() if isinstance(layer, PerSite)]
    assert len(layers) == len(kinds)
    for layer in layers:
        assert all(isinstance(one.act, nn.ReLU) for one in layer.branches)
        layer.register_forward_hook(lambda _, inputs, output: seen.append(output.min()))
    seen: list[torch.Tensor] = []
    sited(images - 0.5, "b")
    assert len(seen) == len(layers)
    assert min(seen) == 0


@pytest.mark.parametrize(
    ("row", "places"),
    [
        (SMALL, 1 + 2 + 1),  # the stem, and the first convolution of each dense layer
        (changed(model="inception_next_tiny",
                 options={"depths": [1, 1, 1, 1], "dims": [8, 16, 24, 32]}), 1),  # the stem
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["series", "parallel"])
def test_adapters_stand_at_normalised_convolutions_d18(small_image, images, row, places, kind):
    network = TimmNetwork(row, small_image).eval()
    before = network(images, None)
    add_adapters(network, ("a", "b"), kind=kind)
    assert len([one for one in network.modules() if isinstance(one, PerSite)]) == places
    separate_norms(network, ("a", "b"))
    sited = SitedNetwork(network, ("a", "b")).eval()
    torch.testing.assert_close(sited(images, "b"), before)


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_training_begins_with_the_weights_of_a_file(small_image, tmp_path, suffix):
    """B-27: all but the head of 1000 classes, which is ours."""
    path = tmp_path / f"weights{suffix}"
    state = published(path)
    network = TimmNetwork(changed(pretrained=str(path)), small_image, outputs=FINDINGS)
    head = copy.deepcopy(network.classifier.state_dict())
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert network.load_pretrained() == sha256
    mine = network.model.state_dict()
    assert set(state) - set(mine) == {"classifier.weight", "classifier.bias"}
    assert all(torch.equal(mine[name], state[name]) for name in mine)
    assert all(torch.equal(network.classifier.state_dict()[name], head[name]) for name in head)


def test_a_network_without_weights_stays_as_it_is(small_image):
    network = TimmNetwork(SMALL, small_image)
    before = copy.deepcopy(network.state_dict())
    assert network.load_pretrained() is None
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


def test_only_training_asks_for_the_file(small_image, tmp_path):
    """Who describes or applies a network builds it without."""
    network = TimmNetwork(changed(pretrained=str(tmp_path / "none.safetensors")), small_image)
    assert describe(network, small_image)
    with pytest.raises(ValueError, match=r"no file .*none\.safetensors.*`pretrained`"):
        network.load_pretrained()


def test_loading_moves_nothing_that_is_drawn_after_it(small_image, tmp_path):
    path = tmp_path / "weights.pth"
    published(path)
    network = TimmNetwork(changed(pretrained=str(path)), small_image)
    torch.manual_seed(3)
    expected = torch.rand(5)
    torch.manual_seed(3)
    network.load_pretrained()
    assert torch.equal(torch.rand(5), expected)


def test_weights_of_colour_images_are_summed_for_grey_ones(small_image, tmp_path):
    path = tmp_path / "weights.pth"
    state = published(path)
    grey = small_image.model_copy(update={"channels": 1})
    network = TimmNetwork(changed(pretrained=str(path)), grey)
    network.load_pretrained()
    summed = state["features.conv0.weight"].sum(1, keepdim=True)
    torch.testing.assert_close(network.model.features.conv0.weight, summed)


def test_names_of_torchvision_are_known(small_image, tmp_path):
    """Its file has `norm.1` where timm has `norm1`, and counts no batches."""
    path = tmp_path / "weights.pth"
    state = published(path)
    torch.save(
        {
            name.replace("norm1", "norm.1").replace("conv2", "conv.2"): value
            for name, value in state.items()
            if "num_batches" not in name
        },
        path,
    )
    network = TimmNetwork(changed(pretrained=str(path)), small_image)
    network.load_pretrained()
    mine = network.model.state_dict()
    assert all(torch.equal(mine[name], state[name]) for name in mine)


def test_weights_of_another_network_are_refused(small_image, tmp_path):
    path = tmp_path / "weights.safetensors"
    published(path, row=changed(options={"growth_rate": 8, "block_config": [2, 1]}))
    network = TimmNetwork(changed(pretrained=str(path)), small_image)
    with pytest.raises(ValueError, match=r"do not fit timm's 'densenet121'.*`pretrained`"):
        network.load_pretrained()


def test_missing_weights_are_refused(small_image, tmp_path):
    path = tmp_path / "weights.safetensors"
    state = published(path)
    del state["features.denseblock2.denselayer1.conv1.weight"]
    save_file(state, path)
    network = TimmNetwork(changed(pretrained=str(path)), small_image)
    with pytest.raises(ValueError, match=r"do not fit.*denseblock2\.denselayer1\.conv1\.weight"):
        network.load_pretrained()


def test_scales_of_the_file_must_be_one_where_they_are_fixed_b26(small_image, tmp_path):
    """As TensorFlow's are, which has none either."""
    path = tmp_path / "weights.safetensors"
    state = published(path)
    network = TimmNetwork(changed(pretrained=str(path), batch_norm_scale=False), small_image)
    network.load_pretrained()
    assert torch.equal(network.model.features.conv0.weight, state["features.conv0.weight"])
    state["features.norm5.weight"][3] = 0.9
    save_file(state, path)
    with pytest.raises(ValueError, match=r"norm5\.weight is not 1.*`batch_norm_scale`"):
        network.load_pretrained()
