"""by_site: every scan of a batch passes once, in order, through the layers of its site."""

import copy
import dataclasses

import pytest
import torch
from torch.nn import functional as F

from elsewhere.design.inputs.image import ImageInput
from elsewhere.design.methods.erm import Erm
from elsewhere.design.methods.sepnorm import Sepnorm
from elsewhere.design.networks.covidnet_redesign import CovidnetRedesign
from elsewhere.methods import by_site
from elsewhere.methods.erm import EmpiricalRisk
from elsewhere.methods.feed import Batch
from elsewhere.methods.sepnorm import SeparateNormalisation
from elsewhere.networks.network import Network, build
from elsewhere.networks.sites import PerSite

IMAGE = ImageInput(kind="image", matrix=32, stored_matrix=32, channels=1, normalise="image")
ERM, SEPNORM = Erm(kind="erm"), Sepnorm(kind="sepnorm")
NETWORK = CovidnetRedesign(
    kind="covidnet_redesign", activation="relu", width=0.0625, dense_features=(16, 8)
)


class Named(Network):
    """The embedding is the image, times a number of the site."""

    classifier = torch.nn.Identity()
    features = 2

    def embed(self, images, site):
        return images * {"a": 1.0, "b": 10.0, None: 100.0}[site]


@pytest.fixture
def batch():
    images = torch.arange(10, dtype=torch.float32).view(5, 2)
    return Batch(images, torch.tensor([0, 1, 0, 1, 1]), ("b", "a", "b", "b", "a"))


def test_every_place_is_in_one_part(batch):
    parts = dict(by_site.parts(batch))
    assert {site: places.tolist() for site, places in parts.items()} == {
        "b": [0, 2, 3],
        "a": [1, 4],
    }


def test_embeddings_keep_the_order_of_the_batch(batch):
    factors = torch.tensor([10.0, 1.0, 10.0, 10.0, 1.0])[:, None]
    torch.testing.assert_close(by_site.embeddings(Named(), batch), batch.images * factors)


def test_the_loss_is_the_mean_over_scans_not_over_sites(batch):
    factors = torch.tensor([10.0, 1.0, 10.0, 10.0, 1.0])[:, None]
    expected = F.cross_entropy(batch.images * factors, batch.labels)
    torch.testing.assert_close(by_site.cross_entropy(Named(), batch), expected)


def test_with_one_site_it_is_erm(train, valid, budget):
    """One site's separate normalisation is that of the network, to the last bit."""
    here = {"train": {"here": train["here"]}, "valid": {"here": valid["here"]}}
    weights = []
    for number, method in enumerate((EmpiricalRisk(ERM), SeparateNormalisation(SEPNORM))):
        torch.manual_seed(0)
        network = method.adapt(build(NETWORK, budget.input), ["here"])
        own = dataclasses.replace(budget, checkpoint=budget.checkpoint / str(number))
        weights.append([*method.fit(network, **here, budget=own).network.parameters()])
    assert len(weights[0]) == len(weights[1])
    assert all(torch.equal(a, b) for a, b in zip(*weights, strict=True))


@pytest.mark.parametrize("dense_norm", ["none", "batch"])
def test_a_head_normalises_each_scan_with_those_of_its_site_d08(dense_norm):
    """In training a normalisation uses the statistics of the batch: one for each site."""
    torch.manual_seed(0)
    row = NETWORK.model_copy(update={"dense_norm": dense_norm})
    network = SeparateNormalisation(SEPNORM).adapt(build(row, IMAGE), ("a", "b")).train()
    sites = ("b", "a", "b", "b", "a")
    batch = Batch(torch.randn(5, 1, 32, 32), torch.tensor([0, 1, 0, 1, 1]), sites)
    literal = copy.deepcopy(network)
    expected = torch.zeros(5, 2)
    for site in ("b", "a"):
        at = [place for place, name in enumerate(sites) if name == site]
        expected[at] = literal(batch.images[at], site)
    embedded = by_site.embeddings(network, batch)
    found = by_site.site_logits(network, network.classifier, embedded, batch)
    torch.testing.assert_close(found, expected)
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, literal.state_dict()[name])
    norms = [layer for layer in network.classifier.modules() if isinstance(layer, PerSite)]
    assert len(norms) == {"none": 0, "batch": 2}[dense_norm]
