"""unseen: each policy for a site not seen in training (D-44) against its definition."""

import copy

import numpy as np
import pytest
import torch

from elsewhere.design.inputs.image import ImageInput
from elsewhere.design.inputs.volume import VolumeInput
from elsewhere.design.methods.sepnorm import Sepnorm
from elsewhere.design.networks.covidnet_redesign import CovidnetRedesign
from elsewhere.design.networks.nguyen_cnn import NguyenCnn
from elsewhere.methods import unseen
from elsewhere.methods.sepnorm import SeparateNormalisation
from elsewhere.networks.batch_norm import BatchNorm
from elsewhere.networks.network import build

INPUT = ImageInput(kind="image", matrix=32, stored_matrix=32, channels=1, normalise="image")
ROW = CovidnetRedesign(
    kind="covidnet_redesign", activation="relu", width=0.0625, dense_features=(16, 8)
)
SITES = ("a", "b")


def scans(shift=0.0, stretch=1.0, seed=0):
    drawn = torch.randn(12, 1, 32, 32, generator=torch.Generator().manual_seed(seed))
    return drawn * stretch + shift


def shown(images, size=4):
    return lambda: images.split(size)


@pytest.fixture(scope="module")
def trained():
    """Two sites, of which b is brighter and of more contrast, with the statistics of each."""
    torch.manual_seed(0)
    made = SeparateNormalisation(Sepnorm(kind="sepnorm")).adapt(build(ROW, INPUT), SITES)
    for layer in made.per_site():
        for number, branch in enumerate(layer.branches):
            torch.nn.init.uniform_(branch.weight, 0.5 + number, 1.5 + number)
    made.train()
    for seed in range(40):
        made(scans(seed=seed), "a")
        made(scans(2.0, 3.0, seed=seed), "b")
    return made.eval()


@pytest.fixture
def network(trained):
    """A network of the test's own."""
    return copy.deepcopy(trained)


def test_ensemble_is_the_mean_of_the_probabilities(network):
    images = scans(seed=99)
    expected = sum(network(images, site).softmax(1) for site in SITES) / 2
    found = unseen.apply_policy(network, "ensemble", shown(images))(images, None).softmax(1)
    torch.testing.assert_close(found, expected)


def test_an_ensemble_for_findings_is_the_mean_of_each_probability(network):
    """An output stands for a finding of its own: its sigmoid, not a share of the softmax."""
    images = scans(seed=99)
    expected = sum(network(images, site).sigmoid() for site in SITES) / 2
    treated = unseen.apply_policy(network, "ensemble", shown(images), findings=True)
    torch.testing.assert_close(treated(images, None).sigmoid(), expected)


def test_an_ensemble_for_findings_keeps_probabilities_near_0_and_1_apart():
    class Sure(torch.nn.Module):
        sites = SITES
        features = 1

        def forward(self, images, site):
            return torch.tensor([[{"a": 40.0, "b": 60.0}[site], {"a": -50.0, "b": -70.0}[site]]])

    logits = unseen.Ensemble(Sure(), findings=True)(None, None)
    expected = [40 + np.log(2) - np.log1p(np.exp(-20)), -50 - np.log(2) + np.log1p(np.exp(-20))]
    np.testing.assert_allclose(logits[0], expected, rtol=1e-6)


def test_an_ensembles_embedding_is_the_mean(network):
    images = scans(seed=99)
    expected = sum(network.embed(images, site) for site in SITES) / 2
    found = unseen.apply_policy(network, "ensemble", shown(images)).embed(images, None)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize(("images", "site"), [(scans(seed=5), "a"), (scans(2.0, 3.0, 5), "b")])
def test_nearest_is_the_site_whose_scans_look_alike(network, images, site):
    found = unseen.apply_policy(network, "nearest", shown(images))
    assert torch.equal(found(images, None), network(images, site))


def test_mean_averages_statistics_and_weights(network):
    unseen.apply_policy(network, "mean", shown(scans()))
    for layer in network.per_site():
        for name in ("running_mean", "running_var", "weight", "bias"):
            both = [getattr(branch, name) for branch in layer.branches]
            torch.testing.assert_close(getattr(layer.unseen, name), (both[0] + both[1]) / 2)


def test_test_time_statistics_are_those_of_the_scans(network):
    """Of the first layer, before any other shifts them: the batches', weighted by their sizes."""
    images = scans(-1.0, 2.0, seed=7)
    branches = [layer.branches[0].running_mean.clone() for layer in network.per_site()]
    treated = unseen.apply_policy(network, "test_time", shown(images, size=5))
    first = next(network.per_site())
    stem = network.network.branches.stem[0]
    batches = [stem(batch).detach() for batch in images.split(5)]
    assert [len(batch) for batch in batches] == [5, 5, 2]
    mean = sum(len(batch) / 12 * batch.mean((0, 2, 3)) for batch in batches)
    variance = sum(len(batch) / 12 * batch.var((0, 2, 3)) for batch in batches)
    torch.testing.assert_close(first.unseen.running_mean, mean, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(first.unseen.running_var, variance, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(
        first.unseen.weight, (first.branches[0].weight + first.branches[1].weight) / 2
    )
    for layer, before in zip(network.per_site(), branches, strict=True):
        assert torch.equal(layer.branches[0].running_mean, before), "the sites' own stay"
    assert not treated.training


def test_test_time_makes_features_standard(network):
    """What each layer hands on has the mean and spread that its gamma and beta say."""
    images = scans(-1.0, 2.0, seed=7)
    treated = unseen.apply_policy(network, "test_time", shown(images, size=12))
    seen = {}
    for index, layer in enumerate(network.per_site()):
        layer.unseen.register_forward_hook(
            lambda norm, _, out, index=index: seen.update({index: (norm, out.clone())})
        )
    treated(images, None)
    norm, out = seen[0]
    torch.testing.assert_close(out.mean((0, 2, 3)), norm.bias, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(
        out.std((0, 2, 3)).detach(), norm.weight.detach().abs(), rtol=1e-2, atol=1e-3
    )


def test_modes_and_weights_are_left_as_they_were(network):
    before = {name: value.clone() for name, value in network.state_dict().items()}
    for policy in ("nearest", "ensemble", "mean", "test_time"):
        unseen.apply_policy(network, policy, shown(scans()))
    after = network.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())
    assert not any(module.training for module in network.modules())


def test_one_image_apart_does_not_move_a_site(network):
    """A last batch of one image weighs as one image, however the others are cut."""
    images = scans(-1.0, 2.0, seed=7)
    images[-1] += 20
    found = []
    for size in (12, 11):
        unseen.apply_policy(network, "test_time", shown(images, size=size))
        found.append(next(network.per_site()).unseen.running_mean)
    torch.testing.assert_close(found[0], found[1], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("policy", ["nearest", "test_time"])
def test_a_policy_that_looks_at_images_needs_some(network, policy):
    with pytest.raises(ValueError, match=f"unseen: {policy} needs images of the site"):
        unseen.apply_policy(network, policy, list)


@pytest.mark.parametrize("policy", ["nearest", "test_time"])
def test_a_network_without_statistics_cannot_be_treated_by_them(policy):
    volume = VolumeInput(
        kind="volume", matrix=32, depth=16, stride=4, clip_min_hu=-1000, clip_max_hu=None,
        ct_number="keep", normalise="volume",
    )  # fmt: skip
    row = NguyenCnn(
        kind="nguyen_cnn", first_filters=2, pooling="max", groups=2, dropblock_size=3,
        dropblock_rate=0.0, dropout_rate=0.0, dense_features=8,
    )  # fmt: skip
    made = SeparateNormalisation(Sepnorm(kind="sepnorm")).adapt(build(row, volume), SITES)
    with pytest.raises(ValueError, match="NguyenNetwork stores no feature statistics"):
        unseen.apply_policy(made, policy, shown(torch.rand(2, 1, 16, 32, 32)))
    assert not any(isinstance(layer, BatchNorm) for layer in made.modules())


def test_averaging_equal_layers_changes_nothing():
    layer = BatchNorm(3)
    layer(torch.randn(4, 3, 5, generator=torch.Generator().manual_seed(0)))
    mean = unseen.mean_layer([layer, layer])
    for name, value in layer.state_dict().items():
        torch.testing.assert_close(mean.state_dict()[name], value)
