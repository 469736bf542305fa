"""parallel_adapter: a 1x1 convolution parallel to each of the five convolutions."""

from elsewhere.design.methods.parallel_adapter import ParallelAdapter
from elsewhere.design.networks.covidnet_redesign import CovidnetRedesign
from elsewhere.methods.parallel_adapter import ParallelAdapters
from elsewhere.networks.network import build

ROW = CovidnetRedesign(
    kind="covidnet_redesign", activation="relu", width=0.0625, dense_features=(16, 8)
)
WIDTHS = (4, 16, 32, 64, 128)  # outputs of the five convolutions with a normalisation
INPUTS = (1, 4, 16, 32, 64)


def size(network):
    return sum(p.numel() for p in network.parameters())


def test_each_site_costs_five_convolutions_beside_the_shared_ones(budget):
    joint = size(build(ROW, budget.input))
    network = ParallelAdapters(ParallelAdapter(kind="parallel_adapter")).adapt(
        build(ROW, budget.input), ("a", "b", "c")
    )
    assert size(network) == joint + (
        2 * sum(2 * width for width in WIDTHS)
        + 3 * sum(a * b + b for a, b in zip(INPUTS, WIDTHS, strict=True))
    )
