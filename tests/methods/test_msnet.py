"""msnet: teachers and universal head are trained in turns, each with the shared layers."""

import dataclasses

import pytest
import torch
from torch.nn import functional as F

from elsewhere.design.inputs.image import ImageInput
from elsewhere.design.methods.msnet import Msnet
from elsewhere.design.networks.covidnet_redesign import CovidnetRedesign
from elsewhere.methods.feed import Batch
from elsewhere.methods.msnet import MultiSiteNetwork, teachers_loss
from elsewhere.networks.network import build

INPUT = ImageInput(kind="image", matrix=32, stored_matrix=32, channels=1, normalise="image")
NETWORK = CovidnetRedesign(
    kind="covidnet_redesign", activation="relu", width=0.0625, dense_features=(16, 8)
)


@pytest.fixture
def method():
    return MultiSiteNetwork(Msnet(kind="msnet", soft=0.5))


@pytest.fixture
def network(method):
    torch.manual_seed(0)
    return method.adapt(build(NETWORK, INPUT), ("a", "b"))


@pytest.fixture
def batch():
    torch.manual_seed(1)
    return Batch(torch.rand(5, 1, 32, 32), torch.tensor([0, 1, 1, 0, 1]), ("a", "b", "a", "b", "b"))


def moved(network, loss):
    network.zero_grad(set_to_none=True)
    loss.backward()
    return {name for name, p in network.named_parameters() if p.grad is not None and p.grad.any()}


def test_teachers_train_the_shared_layers_and_not_the_universal_head(network, batch):
    names = moved(network, teachers_loss(network, batch))
    assert names == {name for name, _ in network.named_parameters() if "classifier" not in name}


def test_the_universal_loss_leaves_the_teachers(network, batch, method):
    names = moved(network, method.universal_loss(network, batch))
    assert names == {name for name, _ in network.named_parameters() if "teacher" not in name}


def test_a_teacher_sees_its_site_only(network, batch):
    only = Batch(batch.images[[0, 2]], batch.labels[[0, 2]], ("a", "a"))
    names = moved(network, teachers_loss(network, only))
    assert {name for name in names if "teacher" in name} == {
        name for name, _ in network.named_parameters() if "teacher0" in name
    }


def test_teachers_begin_apart_from_the_universal_head_and_each_other(network):
    heads = [network.classifier, *network.heads.values()]
    weights = [head[0].weight for head in heads]
    assert len(weights) == 3
    assert not any(torch.equal(weights[i], weights[j]) for i in range(3) for j in range(i))


@pytest.mark.parametrize("soft", [0.0, 0.5, 1.0])
def test_the_universal_loss_written_out(network, batch, soft):
    network.eval()
    found = MultiSiteNetwork(Msnet(kind="msnet", soft=soft)).universal_loss(network, batch)
    expected = 0.0
    for number, site in enumerate("ab"):
        at = [i for i, one in enumerate(batch.sites) if one == site]
        with torch.no_grad():
            embedded = network.embed(batch.images[at], site)
            teacher = network.heads[f"teacher{number}"](embedded).softmax(1)
            words = network.classifier(embedded).log_softmax(1)
        hard = F.nll_loss(words, batch.labels[at])
        expected += (1 - soft) * float(hard) - soft * float((teacher * words).sum(1).mean())
    assert float(found.detach()) == pytest.approx(expected, abs=1e-5)


def test_what_teachers_learn_reaches_the_universal_head(method, train, valid, budget):
    """With the soft loss alone the universal head never sees a label itself."""
    torch.manual_seed(0)
    network = method.adapt(build(NETWORK, budget.input), ("here", "there"))
    short = dataclasses.replace(
        budget,
        training=budget.training.model_copy(update={"iterations": 60, "learning_rate": 3e-3}),
    )
    fitted = MultiSiteNetwork(Msnet(kind="msnet", soft=1.0)).fit(network, train, valid, short)
    assert fitted.best.score > 0.9


def test_another_network_is_refused(batch):
    with pytest.raises((TypeError, ValueError)):
        teachers_loss(build(NETWORK, INPUT), batch)
