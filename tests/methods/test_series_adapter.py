"""series_adapter: a 1x1 convolution and its normalisation after each of the five."""

from elsewhere.design.methods.series_adapter import SeriesAdapter
from elsewhere.design.networks.covidnet_redesign import CovidnetRedesign
from elsewhere.methods.series_adapter import SeriesAdapters
from elsewhere.networks.network import build

ROW = CovidnetRedesign(
    kind="covidnet_redesign", activation="relu", width=0.0625, dense_features=(16, 8)
)
WIDTHS = (4, 16, 32, 64, 128)  # outputs of the five convolutions with a normalisation


def size(network):
    return sum(p.numel() for p in network.parameters())


def test_each_site_costs_five_square_convolutions_and_their_norms(budget):
    joint = size(build(ROW, budget.input))
    network = SeriesAdapters(SeriesAdapter(kind="series_adapter")).adapt(
        build(ROW, budget.input), ("a", "b", "c")
    )
    assert size(network) == joint + (
        2 * sum(2 * width for width in WIDTHS)
        + 3 * sum(width * width + width + 2 * width for width in WIDTHS)
    )
