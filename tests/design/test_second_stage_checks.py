"""second_stage_checks: a second stage fits its first study, and says so when it does not."""

from __future__ import annotations

from typing import Any

import pytest

from elsewhere.design import params as tables
from elsewhere.design.graph import stages

S = "studies.ucadi-severity"


@pytest.fixture
def study(values: tables.Settings) -> dict[str, Any]:
    row: dict[str, Any] = values["studies"]["ucadi-severity"]
    return row


def complaint(values: Any) -> str:
    with pytest.raises(tables.ParamsError) as raised:
        tables.parse(values)
    return str(raised.value)


def test_the_graph_has_what_the_calls_are_made_of_and_no_more(values: tables.Settings) -> None:
    values["run"] = ["ucadi-severity"]
    graph = stages(tables.parse(values))
    first = {name for name, stage in graph.items() if stage.wildcards.get("study") == "ucadi"}
    steps = {graph[name].step for name in first}
    assert steps == {"audit", "split", "train", "predict"}
    assert {graph[n].wildcards["arm"] for n in first if "arm" in graph[n].wildcards} == {"pooled"}
    made: set[str] = set()
    for stage in graph.values():  # in topological order
        for path in stage.inputs.values():
            for each in path.values() if isinstance(path, dict) else [path]:
                assert each in made or each.startswith("data/raw"), stage.name
        made |= {*stage.outputs.values()}


def test_beside_its_first_study_nothing_is_made_twice(values: tables.Settings) -> None:
    values["run"] = ["ucadi", "ucadi-severity"]
    both = stages(tables.parse(values))
    alone = stages(tables.parse({**values, "run": ["ucadi"]}))
    assert [*both][: len(alone)] == [*alone]
    assert all(stage == both[name] for name, stage in alone.items()), "the first is as it was"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"study": "none"}, f"{S}.second_stage.study: 'none' is not in studies"),
        ({"arm": "none"}, f"{S}.second_stage.arm: 'none' is not in studies.ucadi.arms"),
        ({"called": "none"}, f"{S}.second_stage.called: 'none' is not in studies.ucadi.classes"),
        ({"study": "contrastive"}, "'contrastive' is no first study of more than two classes"),
    ],
)
def test_the_first_study_is_there(
    values: tables.Settings, study: dict[str, Any], change: dict[str, str], sentence: str
) -> None:
    study["second_stage"] |= change
    assert sentence in complaint(values)


def test_parts_and_sites_are_those_of_the_first_study(
    values: tables.Settings, study: dict[str, Any]
) -> None:
    study["split"]["seed"] = 1
    del study["scales"]["demo"]["sites"]["union"]
    line = complaint(values)
    assert f"{S}.split: is not that of 'ucadi'" in line
    assert f"{S}.scales.demo.sites: are not those of 'ucadi'" in line


def test_every_class_has_a_category_and_every_category_a_class(
    values: tables.Settings, study: dict[str, Any]
) -> None:
    study["categories"] = {"COVID-19, I": "I", "COVID-19, II": "II", "COVID-19, III": "4"}
    line = complaint(values)
    assert f"{S}.categories: '4' is not in {S}.classes" in line
    assert f"{S}.categories: no category is of class III" in line


def test_a_second_stage_compares_no_arms_on_scans_that_it_does_not_score(
    values: tables.Settings, study: dict[str, Any]
) -> None:
    study["arms"] |= {"another": study["arms"]["pooled"]}
    study["comparisons"] = [{"arm": "pooled", "against": ["another"]}]
    assert f"{S}.comparisons: is made of all test scans" in complaint(values)


def test_an_arm_that_starts_from_another_brings_its_training(
    values: tables.Settings, study: dict[str, Any]
) -> None:
    """C-20: Experiment II starts from Experiment I's model."""
    study["second_stage"]["arm"] = "federated-2"
    values["run"] = ["ucadi-severity"]
    trained = [
        stage.wildcards["arm"]
        for stage in stages(tables.parse(values)).values()
        if stage.step == "train" and stage.wildcards["study"] == "ucadi"
    ]
    assert trained == ["federated-1", "federated-2"]
