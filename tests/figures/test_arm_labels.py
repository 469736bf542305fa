"""An arm is called by its title, else by its sites, and by its method where sites do not tell."""

import pytest

from elsewhere.design.arm import Arm
from elsewhere.figures.arm_labels import labels

TITLES = {"a": "Ospedale A", "b": "Spital B"}


@pytest.fixture
def arm():
    def make(**row):
        return Arm.model_validate({"method": "erm", "network": "net", "sites": ["a"], **row})

    return make


def test_sites_name_an_arm_and_its_title_comes_first(arm):
    arms = {"x": arm(sites=["a", "b"]), "y": arm(title="Ours")}
    assert labels(arms, TITLES) == {"x": "Ospedale A + Spital B", "y": "Ours"}


def test_where_two_have_the_same_sites_method_and_network_tell(arm):
    found = labels({"x": arm(), "y": arm(network="other")}, TITLES)
    assert found == {"x": "Ospedale A, erm, net", "y": "Ospedale A, erm, other"}


def test_an_arm_chosen_on_test_scans_says_so(arm):
    assert "optimistic" in labels({"x": arm(selection="test")}, TITLES)["x"]
