"""resolved: the settings that a user sees are those that a run uses."""

import pytest
import yaml

from elsewhere.design import params as tables
from elsewhere.design.merge import merge
from elsewhere.design.params import Params, ParamsError, Settings
from elsewhere.design.resolved import resolved


def origin(text: str, key: str) -> str:
    """Return the comment of the first line of this key."""
    line = next(line for line in text.splitlines() if line.strip().startswith(f"{key}:"))
    return line.partition("  # ")[2]


def test_names_are_replaced_by_their_rows(params: Params, values: Settings) -> None:
    shown = yaml.safe_load(resolved(params, values, "contrastive"))
    assert list(shown["inputs"]) == ["contrastive-demo"]
    matrix = params.inputs["contrastive-demo"].matrix
    assert shown["inputs"]["contrastive-demo"]["matrix"] == matrix
    assert shown["sites"]["site-b"]["row"] == "covid-ct-synthetic"
    assert shown["sites"]["site-b"]["layout"] == "covid_ct"
    assert shown["audit"]["similarity"] == params.studies["contrastive"].audit.similarity
    assert shown["budget"]["training"]["iterations"] > 0
    assert shown["networks"]["covidnet-redesign"]["width"] == 0.25  # the demo's stand-in
    assert shown["methods"]["contrastive"]["temperature"] == 0.05


def test_all_values_are_those_of_the_tables(params: Params, values: Settings) -> None:
    for name in params.run:
        shown = yaml.safe_load(resolved(params, values, name))
        budget = params.scale_of(name).budget
        assert shown["budget"].pop("row") == budget
        assert shown["budget"] == params.budgets[budget].model_dump(mode="json")
        for row, value in shown["inputs"].items():
            assert value == params.inputs[row].model_dump(mode="json")
        for arm, value in shown["arms"].items():
            written = params.studies[name].arms[arm].model_dump(mode="json", exclude_unset=True)
            assert value == written


def test_each_value_has_its_origin(params: Params, values: Settings) -> None:
    text = resolved(params, values, "nguyen2021")
    study = "config/studies/nguyen2021.yaml"
    assert origin(text, "scale") == "params.yaml"
    assert origin(text, "title") == study
    assert origin(text, "external") == "default"
    assert origin(text, "depth") == study
    assert origin(text, "ct_number") == f"like inputs.nguyen-paper ({study})"
    assert origin(text, "gate") == study
    assert origin(text, "flip") == f"like budgets.nguyen-paper ({study})"


def test_an_origin_stands_once_for_all_that_is_below_it(params: Params, values: Settings) -> None:
    text = resolved(params, values, "nguyen2021")
    assert origin(text, "audit") == "config/studies/nguyen2021.yaml"
    assert origin(text, "similarity") == ""


def test_a_change_by_the_user_is_seen(values: Settings) -> None:
    own = {"budgets": {"nguyen-demo": {"like": "nguyen-demo", "training": {"iterations": 7}}}}
    rest = {key: table for key, table in values.items() if key not in ("scale", "run")}
    users = {"scale": "demo", "run": ["nguyen2021"], **own}
    merged = merge({"params.yaml": users, "config/all.yaml": rest})
    text = resolved(tables.parse(merged), merged, "nguyen2021")
    assert origin(text, "iterations") == "params.yaml"
    assert yaml.safe_load(text)["budget"]["training"]["iterations"] == 7


def test_the_jobs_are_counted(params: Params, values: Settings) -> None:
    shown = yaml.safe_load(resolved(params, values, "nguyen2021"))
    expected = {
        "ingest": 4, "prepare": 4, "audit": 1, "split": 4,
        "train": 9, "predict": 36, "score": 36 + 9, "figure": 1,
    }  # fmt: skip
    assert expected.items() <= shown["jobs"].items()


def test_a_study_without_the_scale_says_which_it_has(params: Params, values: Settings) -> None:
    desktop = params.model_copy(update={"scale": "desktop"})
    with pytest.raises(
        ParamsError, match="'nguyen2021' has no scale 'desktop', it has demo, paper"
    ):
        resolved(desktop, values, "nguyen2021")
