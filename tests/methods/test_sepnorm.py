"""sepnorm: each site adds a gamma and a beta per channel, and nothing else."""

from elsewhere.design.methods.sepnorm import Sepnorm
from elsewhere.design.networks.covidnet_redesign import CovidnetRedesign
from elsewhere.methods.sepnorm import SeparateNormalisation
from elsewhere.networks.network import build

ROW = CovidnetRedesign(
    kind="covidnet_redesign", activation="relu", width=0.0625, dense_features=(16, 8)
)
WIDTHS = (4, 16, 32, 64, 128)  # outputs of the five convolutions with a normalisation


def size(network):
    return sum(p.numel() for p in network.parameters())


def test_two_more_sites_cost_two_more_gammas_and_betas(budget):
    joint = size(build(ROW, budget.input))
    network = SeparateNormalisation(Sepnorm(kind="sepnorm")).adapt(
        build(ROW, budget.input), ("a", "b", "c")
    )
    assert size(network) == joint + 2 * sum(2 * width for width in WIDTHS)
