"""start_checks: arms that start from the model of another (C-20)."""

import copy
from typing import Any

import pytest

from elsewhere.design import params as tables
from elsewhere.design.graph import stages
from elsewhere.design.params import Settings

ARM = {"sites": ["site-a"], "method": "erm", "network": "covidnet-redesign"}


def with_arms(values: Settings, **arms: dict[str, Any]) -> Settings:
    changed = copy.deepcopy(values)
    table = changed["studies"]["contrastive"]["arms"]
    # first in the table, so that the graph must order them
    changed["studies"]["contrastive"]["arms"] = {**arms, **table}
    return changed


def complaint(values: Settings) -> str:
    with pytest.raises(tables.ParamsError) as raised:
        tables.parse(values)
    return str(raised.value)


@pytest.mark.parametrize(
    ("arm", "sentence"),
    [
        ({"starts_from": "nowhere"}, "starts_from: 'nowhere' is not in studies.contrastive.arms"),
        ({"starts_from": "new"}, "goes round in a circle: new -> new"),
        ({"starts_from": "contrastive"}, "gives every site layers of its own"),
        ({"starts_from": "contrastive-mean"}, "contrastive-mean has no models of its own"),
        (
            {"starts_from": "joint", "network": "covidnet"},
            "the network of joint is 'covidnet-redesign', that of this arm 'covidnet'",
        ),
        (
            {"starts_from": "joint", "models_of": "single-a"},
            "an arm with models_of trains none; leave one of the two out",
        ),
    ],
)
def test_an_arm_that_cannot_start_there_is_told(
    values: Settings, arm: dict[str, Any], sentence: str
) -> None:
    assert sentence in complaint(with_arms(values, new=ARM | arm))


def test_a_circle_of_several_is_told_of_each(values: Settings) -> None:
    arms = {
        name: ARM | {"starts_from": before}
        for name, before in (("x", "z"), ("y", "x"), ("z", "y"), ("outside", "x"))
    }
    text = complaint(with_arms(values, **arms))
    for circle in ("x -> z -> y -> x", "y -> x -> z -> y", "z -> y -> x -> z"):
        assert circle in text
    assert "outside" not in text


def test_a_training_reads_the_model_of_the_same_fold_and_seed(values: Settings) -> None:
    arms = {"third": ARM | {"starts_from": "second"}, "second": ARM | {"starts_from": "joint"}}
    graph = stages(tables.parse(with_arms(values, **arms)))
    names = [name for name in graph if name.startswith("train--contrastive")]
    for run in ("0-0", "3-0"):
        second, third = (f"train--contrastive--{arm}--{run}" for arm in ("second", "third"))
        assert names.index(f"train--contrastive--joint--{run}") < names.index(second)
        assert names.index(second) < names.index(third)
        at = f"results/contrastive/models/second/{run}"
        assert graph[third].inputs["start_model"] == f"{at}/model.safetensors"
        assert graph[third].inputs["start_record"] == f"{at}/run.json"
        assert graph[third].settings["starts_from"] == "studies.contrastive.arms.third.starts_from"
    joint = graph["train--contrastive--joint--0-0"]
    assert not {"start_model", "start_record"} & {*joint.inputs}
    assert "starts_from" not in joint.settings
