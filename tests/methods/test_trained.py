"""trained: the network of a run, rebuilt from its weights and applied as the arm's row says."""

from dataclasses import dataclass

import pytest
import torch

from elsewhere.cohorts.cohort import Cohort
from elsewhere.design.arm import Unseen
from elsewhere.design.budgets import Prediction
from elsewhere.design.inputs.image import ImageInput
from elsewhere.design.methods.erm import Erm
from elsewhere.design.methods.sepnorm import Sepnorm
from elsewhere.design.networks.covidnet_redesign import CovidnetRedesign
from elsewhere.design.rows import MethodRow, NetworkRow
from elsewhere.methods import trained
from elsewhere.methods.method import build as method
from elsewhere.methods.unseen import Ensemble
from elsewhere.networks import weights
from elsewhere.networks.network import build

CPU = torch.device("cpu")
INPUT = ImageInput(kind="image", matrix=32, stored_matrix=32, channels=1, normalise="image")
NETWORK = CovidnetRedesign(
    kind="covidnet_redesign", activation="relu", width=0.0625, dense_features=(16, 8)
)
PREDICTION = Prediction(
    device="cpu", precision="fp32", mc_passes=0, mc_dropblock=False, batch_size=4, threads=1
)
SITES = ("here", "there")


@dataclass(frozen=True)
class Arm:
    method: MethodRow
    network: NetworkRow = NETWORK
    input: ImageInput = INPUT
    prediction: Prediction = PREDICTION
    unseen: Unseen | None = None
    anonymous: bool = False
    classes: tuple[str, ...] = ()


ERM, SEPNORM = Erm(kind="erm"), Sepnorm(kind="sepnorm")


@pytest.fixture(params=[ERM, SEPNORM], ids=["erm", "sepnorm"])
def saved(request, tmp_path):
    """A method and a run of it, in which sites differ."""
    torch.manual_seed(0)
    network = method(request.param).adapt(build(NETWORK, INPUT), SITES)
    for name, parameter in network.named_parameters():
        if "branches.1.weight" in name and parameter.ndim == 1:
            torch.nn.init.uniform_(parameter, 1, 2)
    weights.save(network, tmp_path / "model.safetensors")
    return request.param, network.eval(), tmp_path / "model.safetensors"


def applied(path, arm, site, train) -> tuple[torch.nn.Module, trained.InferenceOptions]:
    options = trained.inference_options(arm, site=site, sites=SITES, device=CPU)
    scans: Cohort = train["here"]
    return trained.load(
        path, settings=arm, sites=SITES, scans=scans, options=options
    ).eval(), options


@pytest.mark.parametrize("site", SITES)
def test_a_training_site_meets_the_network_that_was_trained(saved, site, train):
    row, network, path = saved
    found, options = applied(
        path, Arm(row, unseen="ensemble" if network.sites else None), site, train
    )
    images = torch.randn(3, 1, 32, 32)
    assert options.site == site
    assert torch.equal(found(images, options.site), network(images, site))


def test_another_site_and_an_anonymous_one_are_treated_alike(saved, train):
    row, network, path = saved
    policy: Unseen | None = "ensemble" if network.sites else None
    other, options = applied(path, Arm(row, unseen=policy), "elsewhere", train)
    hidden, how_hidden = applied(path, Arm(row, unseen=policy, anonymous=True), "here", train)
    images = torch.randn(3, 1, 32, 32)
    assert options.site is how_hidden.site is None
    assert isinstance(other, Ensemble) == bool(network.sites)
    torch.testing.assert_close(other(images, None), hidden(images, None))
    expected = sum(network(images, site).softmax(1) for site in SITES) / 2
    torch.testing.assert_close(other(images, None).softmax(1), expected)


@pytest.mark.parametrize("saved", [SEPNORM], indirect=True, ids=["sepnorm"])
def test_a_policy_sees_the_scans(saved, train):
    """`test_time` takes the statistics of the scans it is given."""
    row, _, path = saved
    options = trained.inference_options(
        Arm(row, unseen="test_time"), site="elsewhere", sites=SITES, device=CPU
    )
    arm, images = Arm(row, unseen="test_time"), torch.randn(3, 1, 32, 32)
    treated = [
        trained.load(path, settings=arm, sites=SITES, scans=train[site], options=options).eval()
        for site in ("here", "there")
    ]
    assert not torch.allclose(*(network(images, None) for network in treated))


def test_the_arm_says_how(saved):
    row, _, _ = saved
    options = trained.inference_options(Arm(row), site="here", sites=SITES, device=CPU)
    assert (options.input, options.batch_size, options.precision) == (INPUT, 4, "fp32")
