from __future__ import annotations

import dataclasses

import chestxray_study as study
import pytest

from elsewhere.figures.places import ByFinding
from elsewhere.scores.evidence import INTERNAL


@pytest.fixture(scope="module")
def radiographs() -> ByFinding:
    return study.by_finding(study.together(study.predictions(60)))


def test_an_arm_is_tested_internally_then_where_fewest_were_trained(radiographs: ByFinding) -> None:
    """B-28: the paper's two places come first."""
    found = {
        row.name: [(place.site, place.kind) for place in radiographs.places(row)]
        for row in radiographs.any.rows
    }
    assert found["chexpert-densenet121"] == [
        (INTERNAL, "internal"),
        ("mimic-cxr-jpg", "unseen"),
        ("chestxray14", "unseen"),
    ]
    assert [site for site, _ in found["both-inception-resnet-v2"]] == [INTERNAL, "mimic-cxr-jpg"]
    assert len(radiographs.all_places()) == sum(len(places) for places in found.values())


def test_networks_keep_the_order_of_the_arms(radiographs: ByFinding) -> None:
    found = radiographs.networks()
    assert [*found] == [*study.NETWORKS]
    assert [row.name for row in found["densenet121"]] == [
        "chexpert-densenet121",
        "chestxray14-densenet121",
        "both-densenet121",
    ]


def test_internal_is_the_cell_of_the_one_site_or_of_all(radiographs: ByFinding) -> None:
    single, _, joint = (radiographs.places(row)[0] for row in radiographs.any.rows[:3])
    own = radiographs.results["edema"].cells["chexpert-densenet121", "chexpert-synthetic"]
    assert single.cells["edema"]["pooled"]["auc"] == own["pooled"]["auc"]
    assert single.listed_as == (INTERNAL, "chexpert")
    assert joint.listed_as == (INTERNAL,)
    assert joint.title == "CheXpert + ChestX-ray14"
    assert joint.cells["edema"]["pooled"]["n_scans"] == 2 * own["pooled"]["n_scans"]


def test_only_the_sites_of_a_place_make_it_synthetic(radiographs: ByFinding) -> None:
    some = tuple(
        dataclasses.replace(column, synthetic=column.name == "chexpert")
        for column in radiographs.any.columns
    )
    results = {
        name: dataclasses.replace(one, columns=some) for name, one in radiographs.results.items()
    }
    mixed = dataclasses.replace(radiographs, results=results)
    marks = {(place.row.name, place.site): place.marks["synthetic"] for place in mixed.all_places()}
    assert marks["both-densenet121", INTERNAL] == "yes"
    assert marks["chestxray14-densenet121", INTERNAL] == "no"
    assert marks["both-densenet121", "mimic-cxr-jpg"] == "no"


def test_nothing_is_dropped(radiographs: ByFinding) -> None:
    internal = {
        finding: {arm: cell for arm, cell in cells.items() if (finding, arm) != ("edema", arm)}
        for finding, cells in radiographs.internal.items()
    }
    with pytest.raises(ValueError, match="no internal results of both-densenet121 of edema"):
        dataclasses.replace(radiographs, internal=internal)
