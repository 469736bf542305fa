"""federation_checks: arms whose model hospitals have trained together."""

import copy
from typing import Any

import pytest

from elsewhere.design import params as tables
from elsewhere.design.graph import stages
from elsewhere.design.params import Settings


def changed(values: Settings, arm: dict[str, Any], **method: Any) -> Settings:
    new = copy.deepcopy(values)
    new["run"] = ["ucadi"]
    new["studies"]["ucadi"]["arms"]["federated-2"] |= {"federation": "ours", **arm}
    new["methods"]["fedavg-joined-demo"] |= method
    return new


@pytest.mark.parametrize(
    ("arm", "method", "sentence"),
    [
        ({}, {}, "leave models_of and starts_from out"),
        (
            {"starts_from": None, "method": "erm"},
            {},
            "'erm' is no federation; name one",
        ),
    ],
)
def test_what_cannot_be_taken_over_is_said(
    values: Settings, arm: dict[str, Any], method: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(tables.ParamsError) as raised:
        tables.parse(changed(values, arm, **method))
    assert sentence in str(raised.value)


def test_layers_that_stayed_at_hospitals_cannot_be_imported(values: Settings) -> None:
    new = changed(values, {"starts_from": None, "unseen": "mean"})
    new["methods"]["fedavg-joined"] |= {"batch_norm": "local"}
    with pytest.raises(tables.ParamsError, match="batch_norm: local, so each hospital keeps"):
        tables.parse(new)


def test_no_arm_starts_from_such_a_model(values: Settings) -> None:
    new = changed(values, {"starts_from": None})
    new["studies"]["ucadi"]["arms"]["federated-1"]["federation"] = "theirs"
    new["studies"]["ucadi"]["arms"]["federated-2"]["starts_from"] = "federated-1"
    new["studies"]["ucadi"]["arms"]["federated-2"].pop("federation")
    with pytest.raises(tables.ParamsError, match="arm federated-2 starts from this one"):
        tables.parse(new)


def test_the_model_is_a_source_of_the_graph(values: Settings) -> None:
    graph = stages(tables.parse(changed(values, {"starts_from": None})))
    (train,) = [s for s in graph if s.startswith("train--ucadi--federated-2--")]
    assert graph[train].inputs == {
        "federation_model": "data/federations/ours/model.safetensors",
        "federation_record": "data/federations/ours/run.json",
    }
    score = graph["score--ucadi--federated-2--tongji-sino-synthetic"]
    assert score.inputs["at_site"] == "data/federations/ours/scores/tongji-sino-synthetic.json"
    other = graph["score--ucadi--federated-1--tongji-sino-synthetic"]
    assert "at_site" not in other.inputs
