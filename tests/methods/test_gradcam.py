"""Grad-CAM against its closed form, its definition by finite differences, and its symmetries."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from elsewhere.design.inputs.image import ImageInput
from elsewhere.design.inputs.volume import VolumeInput
from elsewhere.design.methods.sepnorm import Sepnorm
from elsewhere.design.networks.covidnet_redesign import CovidnetRedesign
from elsewhere.design.networks.nguyen_cnn import NguyenCnn
from elsewhere.methods import gradcam, unseen
from elsewhere.methods.sepnorm import SeparateNormalisation
from elsewhere.networks.network import Network, build

INPUT = ImageInput(kind="image", matrix=96, stored_matrix=96, channels=1, normalise="image")
SMALL = INPUT.model_copy(update={"matrix": 32, "stored_matrix": 32})
VOLUME = VolumeInput(
    kind="volume", matrix=32, depth=16, stride=4, clip_min_hu=-1000, clip_max_hu=None,
    ct_number="keep", normalise="volume",
)  # fmt: skip
REDESIGN = CovidnetRedesign(
    kind="covidnet_redesign", activation="relu", width=0.0625, dense_features=(16, 8)
)
NGUYEN = NguyenCnn(
    kind="nguyen_cnn", first_filters=4, pooling="max", groups=2, dropblock_size=3,
    dropblock_rate=0.1, dropout_rate=0.5, dense_features=16,
)  # fmt: skip


class Pooled(Network):
    """A convolution, the mean over positions, a linear layer: Grad-CAM is CAM (Zhou 2016)."""

    def __init__(self, *, dimensions: int = 2, overwrite: bool = False) -> None:
        super().__init__()
        kind = nn.Conv2d if dimensions == 2 else nn.Conv3d
        self.convolution = kind(1, 5, 3, padding=1)
        self.behind = nn.ReLU(inplace=True) if overwrite else nn.Identity()
        self.features = 5
        self.classifier = nn.Linear(5, 2)

    def embed(self, images: Tensor, site: str | None) -> Tensor:
        maps: Tensor = self.behind(self.convolution(images))
        return maps.flatten(2).mean(2)


class Forked(Network):
    """Two branches of maps; only their sum, which no module puts out, and `both` know all."""

    class Both(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.left, self.right = nn.Conv2d(1, 3, 3, padding=1), nn.Conv2d(1, 3, 1)

        def forward(self, images: Tensor) -> list[Tensor]:
            return [self.left(images), self.right(images)]

    def __init__(self) -> None:
        super().__init__()
        self.both = self.Both()
        self.last = nn.Conv2d(3, 3, 1)
        self.features = 3
        self.classifier = nn.Linear(3, 2)

    def embed(self, images: Tensor, site: str | None) -> Tensor:
        left, right = self.both(images)
        return (left + self.last(right)).mean((2, 3))


@pytest.fixture
def images():
    return torch.rand(6, 1, 9, 9, generator=torch.Generator().manual_seed(0))


def seeded(make, seed=3):
    torch.manual_seed(seed)
    return make().eval()


def normalised(maps):
    maps = maps.clamp(min=0)
    most = maps.flatten(1).amax(1).view(-1, *[1] * (maps.ndim - 1))
    return torch.where(most > 0, maps / most, 0.0)


def cam(network, images, maps):
    """Class activation maps of the predicted class against the other, from the weights alone."""
    weights = network.classifier.weight
    chosen = network(images, None).argmax(1)
    return normalised(torch.einsum("bk,bk...->b...", weights[chosen] - weights[1 - chosen], maps))


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("seed", range(4))
def test_after_a_mean_and_a_linear_layer_it_is_cam(dimensions, seed):
    network = seeded(lambda: Pooled(dimensions=dimensions), seed)
    images = torch.randn(6, 1, *[7] * dimensions, generator=torch.Generator().manual_seed(seed))
    assert gradcam.layer(network, images, None) in ("convolution", "behind")
    found = gradcam.maps(network, images, site=None, layer="convolution")
    with torch.no_grad():
        expected = cam(network, images, network.convolution(images))
    assert expected.any()
    torch.testing.assert_close(found, expected)


def test_a_layer_behind_that_overwrites_its_input_changes_nothing(images):
    network = seeded(lambda: Pooled(overwrite=True))
    found = gradcam.maps(network, images, site=None, layer="convolution")
    with torch.no_grad():
        maps = network.convolution(images)
        weights = network.classifier.weight
        chosen = network(images, None).argmax(1)
        share = (maps > 0).float().mean((2, 3))  # the mean gradient of the ReLU behind
        alpha = (weights[chosen] - weights[1 - chosen]) * share
        expected = normalised(torch.einsum("bk,bkyx->byx", alpha, maps))
    torch.testing.assert_close(found, expected)


def test_it_does_not_matter_which_class_is_which(images):
    network, other = seeded(Pooled), seeded(Pooled)
    with torch.no_grad():
        other.classifier.weight.copy_(network.classifier.weight.flip(0))
        other.classifier.bias.copy_(network.classifier.bias.flip(0))
    one, two = (
        gradcam.maps(each, images, site=None, layer="convolution") for each in (network, other)
    )
    torch.testing.assert_close(one, two)


def test_the_order_of_channels_and_the_scale_of_logits_do_not_matter(images):
    network, other = seeded(Pooled), seeded(Pooled)
    order = torch.tensor([3, 0, 4, 2, 1])
    with torch.no_grad():
        other.convolution.weight.copy_(network.convolution.weight[order])
        other.convolution.bias.copy_(network.convolution.bias[order])
        other.classifier.weight.copy_(3 * network.classifier.weight[:, order])
        other.classifier.bias.copy_(3 * network.classifier.bias)
    one, two = (
        gradcam.maps(each, images, site=None, layer="convolution") for each in (network, other)
    )
    torch.testing.assert_close(one, two)


def test_what_speaks_against_the_answer_is_not_shown(images):
    """All maps are above 0 and speak for class 0, a bias for class 1: nothing is left."""
    network = seeded(Pooled)
    with torch.no_grad():
        for parameter in network.convolution.parameters():
            parameter.abs_()
        network.classifier.weight[0], network.classifier.weight[1] = 1.0, -1.0
        network.classifier.bias.copy_(torch.tensor([0.0, 1e4]))
    assert not gradcam.maps(network, images, site=None, layer="convolution").any()
    lead = gradcam.against(gradcam.predicted)
    against = gradcam.maps(network, images, site=None, layer="convolution", lead=lead)
    with torch.no_grad():
        network.classifier.bias.zero_()
    found = gradcam.maps(network, images, site=None, layer="convolution")
    torch.testing.assert_close(found, against)
    torch.testing.assert_close(found.flatten(1).amax(1), torch.ones(6))


@pytest.fixture(params=["redesign", "nguyen"])
def published(request):
    torch.manual_seed(1)
    if request.param == "nguyen":
        return build(NGUYEN, VOLUME).double().eval(), torch.rand(2, 1, 16, 32, 32).double()
    return build(REDESIGN, SMALL).double().eval(), torch.randn(2, 1, 32, 32).double()


def lead(logits):
    return (logits[:, 1] - logits[:, 0]).abs()


def test_it_is_its_definition_by_finite_differences(published):
    """The mean gradient of a map is what a small step of the whole map does, over its positions."""
    network, images = published
    name = gradcam.layer(network, images, None)
    kept, step = [], {}

    def change(module, inputs, output):
        several = list(output) if isinstance(output, list) else [output]
        kept[:] = [one.detach() for one in several]
        for (number, channel), size in step.items():
            moved = several[number].clone()
            moved[:, channel] += size
            several[number] = moved
        return several if isinstance(output, list) else several[0]

    network.get_submodule(name).register_forward_hook(change)
    with torch.no_grad():
        start = lead(network(images, None))
        maps = [one.clone() for one in kept]
        total = 0.0
        for number, one in enumerate(maps):
            for channel in range(one.shape[1]):
                step.clear()
                step[number, channel] = 1e-6
                alpha = (lead(network(images, None)) - start) / 1e-6
                total = total + alpha.view(-1, *[1] * (one.ndim - 2)) * one[:, channel]
    step.clear()
    mode = "bilinear" if images.ndim == 4 else "trilinear"
    fine = F.interpolate(total.clamp(min=0)[:, None], size=images.shape[2:], mode=mode)[:, 0]
    found = gradcam.maps(network, images, site=None, layer=name)
    assert found.shape == images[:, 0].shape
    torch.testing.assert_close(found.double(), normalised(fine), atol=1e-4, rtol=1e-3)


def test_scans_do_not_meet_and_nothing_is_left_behind(published):
    network, images = published
    before = network(images, None)
    name = gradcam.layer(network, images, None)
    together = gradcam.maps(network, images, site=None, layer=name)
    apart = [gradcam.maps(network, one[None], site=None, layer=name) for one in images]
    torch.testing.assert_close(together, torch.cat(apart), atol=1e-5, rtol=1e-4)
    assert together.min() >= 0
    assert together.max() <= 1
    assert torch.equal(network(images, None), before)
    assert all(parameter.grad is None for parameter in network.parameters())
    assert not any(module._forward_hooks for module in network.modules())


def test_it_is_computed_where_gradients_are_off(images):
    network = seeded(Pooled)
    expected = gradcam.maps(network, images, site=None, layer="convolution")
    with torch.no_grad():
        assert gradcam.layer(network, images, None)
        found = gradcam.maps(network, images, site=None, layer="convolution")
    assert torch.equal(found, expected)


@pytest.mark.parametrize(
    ("matrix", "layer", "side"), [(32, "branches.stages.1", 4), (48, "branches.stages.1", 6),
                                  (96, "branches.stages.2", 6), (224, "branches", 7)],
)  # fmt: skip
def test_the_layer_is_the_last_one_fine_enough_that_knows_all(matrix, layer, side):
    """Of the redesign at the paper's size the last stage, before the average over 2 x 2 (D-09)."""
    network = build(REDESIGN, INPUT.model_copy(update={"matrix": matrix, "stored_matrix": matrix}))
    images = torch.rand(2, 1, matrix, matrix)
    assert gradcam.layer(network.eval(), images, None) == layer
    seen = []
    network.get_submodule(layer).register_forward_hook(
        lambda module, inputs, made: seen.append(made)
    )
    network(images, None)
    maps = seen[0] if isinstance(seen[0], list) else [seen[0]]
    assert {one.shape[-1] for one in maps} == {side}


def test_a_layer_that_another_path_goes_around_is_not_taken(images):
    assert gradcam.layer(seeded(Forked), images, None) == "both"


def test_maps_of_a_list_count_together(images):
    """Both reach the mean: the left one as it is, the right one through the last convolution."""
    network = seeded(Forked)
    found = gradcam.maps(network, images, site=None, layer="both")
    with torch.no_grad():
        left, right = network.both(images)
        weights = network.classifier.weight
        chosen = network(images, None).argmax(1)
        alpha = weights[chosen] - weights[1 - chosen]
        beta = alpha @ network.last.weight[:, :, 0, 0]
        each = torch.cat([left, right], dim=1)
        expected = normalised(torch.einsum("bk,bkyx->byx", torch.cat([alpha, beta], dim=1), each))
    torch.testing.assert_close(found, expected)


def test_layers_of_the_sites_own_are_those_of_the_site_named():
    torch.manual_seed(2)
    made = SeparateNormalisation(Sepnorm(kind="sepnorm")).adapt(build(REDESIGN, INPUT), ("a", "b"))
    for layer in made.per_site():
        for branch in layer.branches:
            nn.init.uniform_(branch.weight, 0.2, 2.0)
    made.eval()
    images = torch.randn(2, 1, 96, 96)
    name = gradcam.layer(made, images, "a")
    assert name == "network.branches.stages.2"
    of_a, of_b = (gradcam.maps(made, images, site=site, layer=name) for site in ("a", "b"))
    assert not torch.allclose(of_a, of_b)
    every = unseen.apply_policy(made, "ensemble", lambda: [images]).eval()
    name = gradcam.layer(every, images, None)
    assert name == "network.network.branches.stages.2"
    assert gradcam.maps(every, images, site=None, layer=name).shape == (2, 96, 96)


def test_a_network_without_maps_is_refused():
    class Flat(Network):
        def __init__(self) -> None:
            super().__init__()
            self.features = 81
            self.classifier = nn.Linear(81, 2)

        def embed(self, images: Tensor, site: str | None) -> Tensor:
            return images.flatten(1)

    with pytest.raises(ValueError, match=r"Flat has no layer whose maps .* of \(9, 9\)"):
        gradcam.layer(Flat().eval(), torch.rand(1, 1, 9, 9), None)


@pytest.mark.parametrize("classes", [3, 4])
def test_of_several_classes_the_log_odds_of_the_predicted_one_are_explained(classes):
    """The probability depends on them alone (C-35): p = 1 / (1 + exp(-margin))."""
    logits = torch.randn(9, classes, generator=torch.Generator().manual_seed(classes))
    highest = logits.softmax(dim=1).amax(dim=1)
    assert torch.allclose(gradcam.predicted(logits).sigmoid(), highest, atol=1e-6)


def test_with_two_logits_the_log_odds_are_the_difference():
    logits = torch.randn(9, 2, generator=torch.Generator().manual_seed(0))
    far = torch.full((9, 1), -torch.inf)  # a third class that is impossible
    assert torch.equal(
        gradcam.predicted(logits), gradcam.predicted(torch.cat([logits, far], dim=1))
    )


@pytest.mark.parametrize("number", range(3))
def test_of_one_class_the_log_odds_of_its_probability_are_explained(number):
    logits = torch.randn(9, 3, generator=torch.Generator().manual_seed(1))
    found = gradcam.of_class(number)(logits)
    assert torch.allclose(found.sigmoid(), logits.softmax(dim=1)[:, number], atol=1e-6)


def test_a_finding_is_explained_by_its_own_weights_alone(images):
    """The other finding's weights do not count, unlike those of the other of two classes."""
    network = seeded(Pooled)
    with torch.no_grad():
        maps = network.convolution(images)
    for number in (0, 1):
        found = gradcam.maps(
            network, images, site=None, layer="convolution", lead=gradcam.of_finding(number)
        )
        weights = network.classifier.weight[number].detach()
        torch.testing.assert_close(found, normalised(torch.einsum("k,bk...->b...", weights, maps)))
