"""Every registered method obeys the same laws."""

import copy
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch

from elsewhere.cohorts.cohort import ArrayCache, Cohort
from elsewhere.design import kinds
from elsewhere.design.arm import Unseen
from elsewhere.design.augmentations.image import ImageAugmentation
from elsewhere.design.budgets import Training
from elsewhere.design.inputs.image import ImageInput
from elsewhere.design.methods.contrastive import Contrastive
from elsewhere.design.methods.erm import Erm
from elsewhere.design.methods.fedavg import Fedavg
from elsewhere.design.methods.msnet import Msnet
from elsewhere.design.methods.parallel_adapter import ParallelAdapter
from elsewhere.design.methods.sepnorm import Sepnorm
from elsewhere.design.methods.series_adapter import SeriesAdapter
from elsewhere.design.networks.covidnet_redesign import CovidnetRedesign
from elsewhere.design.networks.timm import Timm
from elsewhere.methods import unseen
from elsewhere.methods.fit import Budget
from elsewhere.methods.method import Method, build
from elsewhere.networks import network as networks
from elsewhere.networks import weights

ROWS = {
    "erm": Erm(kind="erm"),
    "sepnorm": Sepnorm(kind="sepnorm"),
    "series_adapter": SeriesAdapter(kind="series_adapter"),
    "parallel_adapter": ParallelAdapter(kind="parallel_adapter"),
    "fedavg": Fedavg(
        kind="fedavg",
        rounds=2,
        local_epochs=1,
        weighting="scans",
        min_sites=1,
        batch_norm="averaged",
        encryption="none",
    ),
    "msnet": Msnet(kind="msnet", soft=0.5),
    "contrastive": Contrastive(
        kind="contrastive",
        loss="negatives_only",
        reduction="mean",
        temperature=0.05,
        weight=1.0,
        projection=(16, 8),
    ),
}
INPUT = ImageInput(kind="image", matrix=32, stored_matrix=36, channels=1, normalise="image")
NETWORK = CovidnetRedesign(
    kind="covidnet_redesign", activation="relu", width=0.0625, dense_features=(16, 8)
)
OF_TIMM = Timm(
    kind="timm", model="densenet121", options={"growth_rate": 4, "block_config": [1, 1]},
    pretrained="none", batch_norm_scale=False,
)  # fmt: skip
TRAINING = Training(
    device="cpu", precision="fp32", iterations=4, batch_size=4, sampling="equal_per_site",
    learning_rate=1e-3, weight_decay=1e-7, schedule="cosine", clip_gradient=2.0,
    validate_every=2, ties="first", checkpoint_minutes=0, threads=1,
    augmentation=ImageAugmentation(kind="image", crop=True, flip_vertical=0.5, flip_horizontal=0.5),
)  # fmt: skip


def test_every_kind_is_tested():
    assert set(ROWS) == set(kinds.names("methods"))


@pytest.fixture(params=sorted(kinds.names("methods")))
def method(request):
    return build(ROWS[request.param])


def cohort(site, size):
    arrays = np.random.default_rng(size).integers(0, 256, (size, 1, 36, 36)).astype(np.uint8)
    ids = tuple(f"{site}-{i}" for i in range(size))
    labels = np.arange(size, dtype=np.int64) % 2
    return Cohort(site, ids, ids, labels, Path("nowhere"), cache=ArrayCache(arrays))


def fit(method, sites, folder, network=NETWORK, *, training=TRAINING):
    torch.manual_seed(0)
    network = method.adapt(networks.build(network, INPUT), sites)
    train = {site: cohort(site, 4 + number) for number, site in enumerate(sites)}
    valid = {site: cohort(site, 2) for site in sites}
    return method.fit(network, train, valid, Budget(training, INPUT, 0, folder))


def test_is_a_method(method):
    assert isinstance(method, Method)


@pytest.mark.parametrize("sites", [("a",), ("a", "b"), ("a", "b", "c")])
def test_fits_any_number_of_sites(method, sites, tmp_path):
    fitted = fit(method, sites, tmp_path)
    rounds = isinstance(method.row, Fedavg)  # its history counts rounds
    assert [row.iteration for row in fitted.history] == ([1, 2] if rounds else [2, 4])
    assert fitted.best in fitted.history
    assert all(torch.isfinite(p).all() for p in fitted.network.parameters())
    assert not fitted.network.training


def test_a_site_never_seen_can_be_classified(method, tmp_path):
    network = fit(method, ("a", "b"), tmp_path).network
    images = torch.rand(3, 1, 32, 32)
    assert bool(network.sites) == method.row.site_specific
    if network.sites:
        network = unseen.apply_policy(network, "mean", lambda: [images])
    assert network(images, None).shape == (3, 2)


def test_networks_of_timm_learn_in_every_way(method, tmp_path):
    network = fit(method, ("a", "b"), tmp_path, OF_TIMM).network
    images = torch.rand(3, 1, 32, 32)
    weights.save(network, tmp_path / "model.safetensors")
    again = method.adapt(networks.build(OF_TIMM, INPUT), ("a", "b")).eval()
    weights.load(again, tmp_path / "model.safetensors")
    assert torch.equal(again(images, "a"), network(images, "a"))
    for policy in get_args(Unseen) if network.sites else ():
        treated = unseen.apply_policy(copy.deepcopy(network), policy, lambda: [images])
        assert torch.isfinite(treated(images, None)).all()


def test_weights_fit_what_is_made_again(method, tmp_path):
    network = fit(method, ("b", "a"), tmp_path).network
    weights.save(network, tmp_path / "model.safetensors")
    again = method.adapt(networks.build(NETWORK, INPUT), ("a", "b"))
    weights.load(again, tmp_path / "model.safetensors")
    images = torch.rand(3, 1, 32, 32)
    for site in ("a", "b"):
        assert torch.equal(again.eval()(images, site), network(images, site))


def test_at_step_0_every_site_sees_the_joint_network(method):
    torch.manual_seed(0)
    joint = networks.build(NETWORK, INPUT).eval()
    torch.manual_seed(0)
    network = method.adapt(networks.build(NETWORK, INPUT), ("a", "b")).eval()
    images = torch.rand(3, 1, 32, 32)
    for site in ("a", "b"):
        torch.testing.assert_close(network(images, site), joint(images, None))


def test_sites_are_told_apart_if_and_only_if_the_method_does(method, tmp_path):
    network = fit(method, ("a", "b"), tmp_path).network
    images = torch.rand(3, 1, 32, 32)
    same = torch.equal(network(images, "a"), network(images, "b"))
    assert same != method.row.site_specific


def test_every_parameter_moves(method, tmp_path):
    torch.manual_seed(0)
    before = method.adapt(networks.build(NETWORK, INPUT), ("a", "b")).state_dict()
    before = {name: value.clone() for name, value in before.items()}
    after = fit(method, ("a", "b"), tmp_path).network.state_dict()
    floats = [name for name, value in before.items() if value.is_floating_point()]
    still = [name for name in floats if torch.equal(before[name], after[name])]
    assert not still


def test_class_weights_change_what_is_learned_c15(method, tmp_path):
    """A method that forgets them would report settings that it did not use."""
    fits = []
    for weights_of in (None, (1.0, 1.0), (0.1, 0.9)):
        training = TRAINING.model_copy(update={"class_weights": weights_of})
        folder = tmp_path / str(len(fits))
        fits.append(fit(method, ("a", "b"), folder, training=training).network.state_dict())
    for name in fits[0]:
        torch.testing.assert_close(fits[0][name], fits[1][name])
    assert any(not torch.equal(fits[0][name], fits[2][name]) for name in fits[0])


def test_same_seed_same_weights(method, tmp_path):
    runs = [fit(method, ("a", "b"), tmp_path / str(i)).network.state_dict() for i in range(2)]
    assert all(torch.equal(runs[0][name], runs[1][name]) for name in runs[0])
