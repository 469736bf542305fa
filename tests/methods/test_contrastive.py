"""contrastive: the loss against a slow literal loop, and which layers get its gradient."""

import dataclasses
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from elsewhere.design.inputs.image import ImageInput
from elsewhere.design.methods.contrastive import Contrastive
from elsewhere.design.networks.covidnet_redesign import CovidnetRedesign
from elsewhere.methods import contrastive as module
from elsewhere.methods.by_site import embeddings, site_logits
from elsewhere.methods.contrastive import ContrastiveLearning, contrast
from elsewhere.methods.feed import Batch
from elsewhere.networks.network import build

INPUT = ImageInput(kind="image", matrix=32, stored_matrix=32, channels=1, normalise="image")
NETWORK = CovidnetRedesign(
    kind="covidnet_redesign", activation="relu", width=0.0625, dense_features=(16, 8)
)


def terms(**changes):
    known = {"loss": "negatives_only", "reduction": "mean", "temperature": 0.5, "weight": 1.0}
    return Contrastive(kind="contrastive", projection=(8, 4), **known | changes)


def literal(vectors, labels, row):
    """Eq. 3 and 4 as printed, pair by pair; NT-Xent with the pair itself below the line."""

    def similarity(m, n):
        dot = sum(a * b for a, b in zip(m, n, strict=True))
        return dot / math.sqrt(sum(a * a for a in m)) / math.sqrt(sum(b * b for b in n))

    losses = []
    for m, first in enumerate(vectors):
        for n, second in enumerate(vectors):
            if m == n or labels[m] != labels[n]:
                continue
            above = math.exp(similarity(first, second) / row.temperature)
            below = above if row.loss == "nt_xent" else 0.0
            for k, other in enumerate(vectors):
                if labels[k] != labels[m]:  # F(m, k) = 1
                    below += math.exp(similarity(first, other) / row.temperature)
            if below > 0 and len(set(labels)) > 1:
                losses.append(-math.log(above / below))
    if not losses:
        return 0.0
    return sum(losses) / (len(losses) if row.reduction == "mean" else 1)


@pytest.mark.parametrize("loss", ["negatives_only", "nt_xent"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@settings(max_examples=40, deadline=None)
@given(labels=st.lists(st.integers(0, 1), min_size=1, max_size=9), seed=st.integers(0, 999))
def test_it_is_the_literal_loop(loss, reduction, labels, seed):
    row = terms(loss=loss, reduction=reduction)
    drawn = torch.randn(len(labels), 4, generator=torch.Generator().manual_seed(seed)).double()
    found = float(contrast(drawn, torch.tensor(labels), row))
    assert found == pytest.approx(literal(drawn.tolist(), labels, row), abs=1e-9)


def test_the_temperature_of_the_paper_overflows_nothing():
    vectors = torch.tensor([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [-1.0, 1e-8]]) * 1e6
    labels = torch.tensor([0, 1, 0, 1])
    found = contrast(vectors, labels, terms(temperature=0.05))
    # positive pairs lie opposite each other (-20), the nearest negative on the same spot (20)
    assert float(found) == pytest.approx(40, abs=1e-3)


def test_only_directions_count():
    vectors = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([0, 1, 0, 1, 0, 1])
    stretched = vectors * torch.arange(1, 7)[:, None]
    torch.testing.assert_close(
        contrast(vectors, labels, terms()), contrast(stretched, labels, terms())
    )


@pytest.mark.parametrize("labels", [[0], [0, 0, 0], [0, 1]])
def test_without_pairs_or_negatives_there_is_no_loss_and_no_gradient(labels):
    vectors = torch.randn(len(labels), 3, requires_grad=True)
    loss = contrast(vectors, torch.tensor(labels), terms())
    loss.backward()
    assert loss.item() == 0
    assert not vectors.grad.any()


@pytest.fixture
def parts():
    torch.manual_seed(0)
    method = ContrastiveLearning(terms(weight=1.0))
    network = method.adapt(build(NETWORK, INPUT), ("b", "a"))
    images = torch.rand(6, 1, 32, 32)
    batch = Batch(images, torch.tensor([0, 1, 0, 1, 0, 1]), ("a", "b", "a", "b", "b", "a"))
    return method, network, batch


def gradients(network, loss):
    network.zero_grad(set_to_none=True)
    loss.backward()
    return {
        name: p.grad is not None and bool(p.grad.any()) for name, p in network.named_parameters()
    }


def test_the_contrastive_loss_reaches_the_backbone_and_not_the_classifier_d13(parts):
    _, network, batch = parts
    projected = network.heads["projection"](embeddings(network, batch))
    moved = gradients(network, contrast(projected, batch.labels, terms()))
    assert {name.split(".")[1] for name in moved} == {"branches", "classifier", "projection"}
    assert all(on for name, on in moved.items() if "branches" in name or "projection" in name)
    assert not any(on for name, on in moved.items() if "classifier" in name)


def test_a_normalised_projection_is_that_of_the_released_code_d13(parts):
    """Dense, normalisation by site, ReLU, twice; without it the paper's: dense, ReLU, dense."""
    _, _, batch = parts
    torch.manual_seed(0)
    method = ContrastiveLearning(terms(projection_norm="batch"))
    network = method.adapt(build(NETWORK, INPUT), ("b", "a")).train()
    embedded = embeddings(network, batch).detach()
    projection = network.heads["projection"]
    found = site_logits(network, projection, embedded, batch)
    for site in "ab":
        at = [place for place, name in enumerate(batch.sites) if name == site]
        hidden = embedded[at]
        for layer in (projection[0], projection[3]):
            values = hidden @ layer.weight.T + layer.bias
            spread = (values.var(0, unbiased=False) + 1e-5).sqrt()
            hidden = ((values - values.mean(0)) / spread).clamp(min=0)
        torch.testing.assert_close(found[at], hidden, rtol=1e-4, atol=1e-4)
    assert not [one for one in network.per_site() if one in [*projection.modules()]], "not unseen's"


def test_autocast_leaves_similarities_exact(parts, monkeypatch):
    method, network, batch = parts
    seen = []

    def watched(projected, labels, row):
        seen.append(contrast(projected, labels, row))
        return seen[-1]

    monkeypatch.setattr(module, "contrast", watched)
    with torch.autocast("cpu", torch.bfloat16):
        method.loss(network, batch)
    assert seen[0].dtype == torch.float32


def test_a_batch_without_pairs_is_refused(parts, train, valid, budget):
    method, network, _ = parts
    small = dataclasses.replace(
        budget, training=budget.training.model_copy(update={"batch_size": 2})
    )
    with pytest.raises(ValueError, match="batch_size is 2, expected at least 3"):
        method.fit(network, train, valid, small)


def test_the_projection_learns_from_the_contrastive_loss_alone_d13(parts):
    _, network, batch = parts
    moved = gradients(network, ContrastiveLearning(terms(weight=0.0)).loss(network, batch))
    assert not any(on for name, on in moved.items() if "projection" in name)
    assert all(on for name, on in moved.items() if "projection" not in name)


def test_the_objective_is_eq_5(parts):
    _, network, batch = parts
    found = [
        float(ContrastiveLearning(terms(weight=alpha)).loss(network, batch).detach())
        for alpha in (0.0, 1.0, 3.0)
    ]
    assert found[2] - found[0] == pytest.approx(3 * (found[1] - found[0]), rel=1e-4)


def test_the_projection_is_that_of_d13():
    row = Contrastive(
        kind="contrastive", loss="negatives_only", reduction="mean", temperature=0.05, weight=1.0,
        projection=(1024, 128),
    )  # fmt: skip
    network = ContrastiveLearning(row).adapt(build(NETWORK, INPUT), ("a", "b"))
    layers = [layer for layer in network.heads["projection"] if isinstance(layer, nn.Linear)]
    assert [layer.out_features for layer in layers] == [1024, 128]
    assert layers[0].in_features == network.features


def test_another_network_is_refused(parts):
    method, _, batch = parts
    with pytest.raises(TypeError, match="got RedesignedCovidNet"):
        method.loss(build(NETWORK, INPUT), batch)
