"""The tables of the papers' networks are those of the settings, with the papers' parameters."""

from pathlib import Path

import pytest

from elsewhere.commands import paper_networks
from elsewhere.design.params import load
from elsewhere.figures import paper

PROJECT = Path(__file__).parents[2]


def test_the_tables_are_current():
    """Else: python -m elsewhere.commands.paper_networks."""
    tables = dict(paper_networks.tables(load(PROJECT / "tests/params")))
    assert {"nguyen2021", "chestxray", "contrastive", "ucadi"} <= {*tables}
    for published, rows in tables.items():
        text = [{name: str(value) for name, value in row.items()} for row in rows]
        assert paper.networks(published) == text, published


@pytest.mark.parametrize(
    ("published", "network", "parameters"),
    [
        ("nguyen2021", "nguyen-cnn", 12_839_658),
        ("chestxray", "densenet121", 6_958_981),  # B-25
        ("chestxray", "inception-resnet-v2", 54_283_877),  # B-26
    ],
)
def test_networks_have_the_published_number_of_parameters(published, network, parameters):
    rows = [row for row in paper.networks(published) if row["network"] == network]
    assert sum(int(row["parameters"]) for row in rows) == parameters
