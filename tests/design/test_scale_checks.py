"""scale_checks: rows that do not fit one another are reported, with rows that would fit."""

from typing import Any

import pytest

from elsewhere.design import params as tables
from elsewhere.design.graph import stages
from elsewhere.design.params import Settings


def complaint(values: Any) -> str:
    with pytest.raises(tables.ParamsError) as raised:
        tables.parse(values)
    return str(raised.value)


def demo(values: Settings, study: str) -> dict[str, Any]:
    scale: dict[str, Any] = values["studies"][study]["scales"]["demo"]
    return scale


def test_augmentation_is_of_the_kind_of_the_input(values: Settings) -> None:
    demo(values, "nguyen2021")["budget"] = "contrastive-demo"
    line = complaint(values)
    assert "scales.demo.budget: 'contrastive-demo' has augmentation for inputs of kind" in line
    assert "image, but input 'nguyen-demo' is of kind volume" in line


def test_a_network_takes_the_dimensions_of_its_input(values: Settings) -> None:
    demo(values, "contrastive")["networks"]["covidnet"] = "nguyen-cnn"
    line = complaint(values)
    assert "\n" not in line
    assert "studies.contrastive.scales.demo.input: 'contrastive-demo' has 2 dimensions" in line
    assert "network 'nguyen-cnn' takes 3" in line


def test_the_input_of_one_network_counts_for_that_network(values: Settings) -> None:
    values["studies"]["chestxray"]["scales"]["paper"]["inputs"] = {
        "inception-resnet-v2": "nguyen-paper"
    }
    line = complaint(values)
    assert "input: 'nguyen-paper' has 3 dimensions" in line
    assert "'densenet121'" not in line


def test_each_class_has_a_weight_or_none_has_c15(values: Settings) -> None:
    training = values["budgets"]["contrastive-demo"]["training"]
    training["class_weights"] = [0.2, 0.8]
    tables.parse(values)
    training["class_weights"] = [0.2, 0.2, 0.4, 0.2]
    assert "has 4 training.class_weights, but the study has 2 classes" in complaint(values)


def with_federation(values: Settings, **changes: Any) -> dict[str, Any]:
    """Let the demo of nguyen2021 train an arm of three sites by a short federation."""
    values["methods"]["short"] = {**values["methods"]["fedavg"], "rounds": 4, **changes}
    study = values["studies"]["nguyen2021"]
    arm = {"sites": ["utsw", "cc-ccii", "covid-ctset"], "method": "fedavg"}
    study["arms"]["federated"] = {**arm, "network": "nguyen-cnn"}
    scale = demo(values, "nguyen2021")
    scale["methods"] = {"fedavg": "short"}
    return scale


def test_a_method_and_its_budget_may_be_others_at_a_scale_c19(values: Settings) -> None:
    scale = with_federation(values)
    short = values["budgets"]["nguyen-demo"]
    values["budgets"]["local"] = {**short, "training": {**short["training"], "batch_size": 2}}
    scale["budgets"] = {"fedavg": "local"}
    params = tables.parse(values)
    assert params.method_of("nguyen2021", "federated") == "short"
    assert params.method_of("nguyen2021", "utsw") == "erm"
    assert params.budget_of("nguyen2021", "federated") == "local"
    assert params.budget_of("nguyen2021", "utsw") == "nguyen-demo"
    graph = stages(params)
    settings = graph["train--nguyen2021--federated--0-0"].settings
    assert (settings["method"], settings["training"]) == ("methods.short", "budgets.local.training")
    assert graph["train--nguyen2021--utsw--0-0"].settings["training"] == (
        "budgets.nguyen-demo.training"
    )
    scale["budgets"] = {"fedavg": "nowhere"}
    assert "scales.demo.budgets: 'nowhere' is not in budgets" in complaint(values)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"min_sites": 4}, "has 3 of 3 hospitals in round 1, fewer than min_sites, 4"),
        (
            {"absent": {"utsw-synthetic": [2, 3]}},
            "has 2 of 3 hospitals in round 2, fewer than min_sites, 3",
        ),
        ({"absent": {"mosmed-synthetic": [2]}}, "names 'mosmed-synthetic' in absent"),
        (
            {
                "min_sites": 1,
                "absent": {
                    "utsw-synthetic": [1], "cc-ccii-synthetic": [1], "covid-ctset-synthetic": [2],
                },
            },
            "nobody can hand the model on",
        ),
    ],
)  # fmt: skip
def test_rounds_with_too_few_hospitals_are_refused_before_anything_runs(
    values: Settings, changes: dict[str, Any], sentence: str
) -> None:
    tables.parse(values)
    with_federation(values, **changes)
    assert "scales.demo.methods: arm 'federated': method 'short' " in complaint(values)
    assert sentence in complaint(values)


def test_a_stand_in_treats_sites_as_the_method_does(values: Settings) -> None:
    with_federation(values, batch_norm="local")
    assert "'short' cannot stand in for 'fedavg'" in complaint(values)


def test_findings_have_no_class_weights(values: Settings) -> None:
    scale = demo(values, "chestxray")
    values["budgets"][scale["budget"]]["training"]["class_weights"] = [0.5, 0.5]
    assert "have findings, not classes; name a budget without" in complaint(values)


def test_a_method_has_the_batch_that_it_compares(values: Settings) -> None:
    for size in (2, 3):
        values["budgets"]["contrastive-demo"]["training"]["batch_size"] = size
        if size == 3:
            tables.parse(values)
        else:
            assert "training.batch_size 2, but method 'contrastive' needs 3" in complaint(values)


@pytest.mark.parametrize(
    ("study", "site", "row", "sentence"),
    [
        (
            "chestxray",
            "chexpert",
            "covid-ct-synthetic",
            "gives a scan one label, but the study learns `findings`; its layouts are chestxray14",
        ),
        (
            "contrastive",
            "site-a",
            "chexpert-synthetic",
            "gives a scan findings, but the study has no `findings` to learn; its layouts are cc_",
        ),
    ],
)
def test_labels_and_findings_are_told_apart(
    study: str, site: str, row: str, sentence: str, values: Settings
) -> None:
    demo(values, study)["sites"][site] = row
    line = complaint(values)
    assert f"scales.demo.sites.{site}: the layout" in line
    assert sentence in line


def test_findings_are_seen_whole_and_without_passes(values: Settings) -> None:
    demo(values, "chestxray")["input"] = "nguyen-demo"
    values["budgets"]["chestxray-demo"]["prediction"]["mc_passes"] = 2
    line = complaint(values)
    assert (
        "'nguyen-demo' is seen in windows, but findings and more than two classes need an input"
        in line
    )
    assert "findings and more than two classes have no Monte-Carlo passes" in line


def test_the_internal_cells_have_a_name_of_their_own(values: Settings) -> None:
    for name in ("internal", "combined", "average"):
        values["sites"][name] = values["sites"]["mosmed"]
        demo(values, "nguyen2021")["sites"]["mosmed"] = name
        assert f"no row may be called '{name}'" in complaint(values)


def test_a_name_that_is_in_no_table_is_the_only_problem_told(values: Settings) -> None:
    demo(values, "nguyen2021")["input"] = "x"
    line = complaint(values)
    assert "\n" not in line
    assert "scales.demo.input: 'x' is not in inputs; there are chestxray-demo" in line


def test_a_method_may_have_another_budget_and_a_stand_in_at_a_scale(values: Any) -> None:
    values["methods"]["contrastive-small"] = values["methods"]["contrastive"]
    scale = values["studies"]["contrastive"]["scales"]["demo"]
    scale |= {
        "methods": {"contrastive": "contrastive-small"},
        "budgets": {"contrastive": "contrastive-desktop"},
    }
    graph = stages(tables.parse(values))
    settings = {
        name.split("--")[2]: stage.settings
        for name, stage in graph.items()
        if name.startswith("train--contrastive--")
    }
    assert settings["contrastive"]["method"] == "methods.contrastive-small"
    assert settings["contrastive"]["training"] == "budgets.contrastive-desktop.training"
    assert settings["joint"]["method"] == "methods.erm"
    assert settings["joint"]["training"] == "budgets.contrastive-demo.training"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"methods": {"contrastive": "erm"}}, "methods.contrastive: 'erm' is of kind erm, but"),
        ({"methods": {"contrastive": "none"}}, "methods: 'none' is not in methods"),
        ({"budgets": {"contrastive": "none"}}, "budgets: 'none' is not in budgets"),
        ({"budgets": {"contrastive": "nguyen-demo"}}, "'nguyen-demo' has augmentation for inputs"),
    ],
)
def test_stand_ins_of_a_scale_exist_and_fit(
    changes: dict[str, Any], message: str, values: Any
) -> None:
    values["studies"]["contrastive"]["scales"]["demo"] |= changes
    assert message in complaint(values)
