"""study_checks: what a study needs of its split, and what its classes may be."""

import copy
from typing import Any

import pytest
from four_classes import CLASSES, four_classes

from elsewhere.design import params as tables
from elsewhere.design.graph import stages
from elsewhere.design.params import Settings

C = "studies.contrastive"
KEY = f"{C}.classes"


@pytest.fixture
def study(values: Settings) -> dict[str, Any]:
    """The row of a study whose thresholds need no validation part."""
    row: dict[str, Any] = values["studies"]["contrastive"]
    assert row["scoring"]["threshold_from"] == "argmax"
    return row


def complaint(values: Any) -> str:
    with pytest.raises(tables.ParamsError) as raised:
        tables.parse(values)
    return str(raised.value)


def test_weights_chosen_on_validation_need_validation_patients(
    values: Settings, study: dict[str, Any]
) -> None:
    study["split"]["validation"] = 0.0
    line = complaint(values)
    assert f"{C}.split.validation: is 0, but validation patients choose the weights of arm" in line
    assert "config/studies/contrastive.yaml: " in line


def test_weights_chosen_on_test_need_none(values: Settings, study: dict[str, Any]) -> None:
    study["split"]["validation"] = 0.0
    for arm in study["arms"].values():
        arm["selection"] = "test"
    tables.parse(values)


@pytest.mark.parametrize("rule", ["training_sites", "test_site"])
def test_thresholds_need_validation_patients(
    rule: str, values: Settings, study: dict[str, Any]
) -> None:
    study["scoring"]["threshold_from"] = rule
    tables.parse(copy.deepcopy(values))
    study["split"]["validation"] = 0.0
    for arm in study["arms"].values():
        arm["selection"] = "test"
    assert f"split.validation: is 0, but scoring.threshold_from is {rule}" in complaint(values)


def test_an_external_site_has_no_validation_part(values: Settings) -> None:
    values["studies"]["chestxray"]["scoring"]["threshold_from"] = "test_site"
    line = complaint(values)
    assert "scoring.threshold_from: is test_site, but the external sites mimic-cxr-jpg" in line


def test_no_arm_trains_on_an_external_site(values: Settings) -> None:
    arm = values["studies"]["chestxray"]["arms"]["both-densenet121"]
    arm["sites"] = [*arm["sites"], "mimic-cxr-jpg"]
    assert "sites: 'mimic-cxr-jpg' is external" in complaint(values)


def test_a_method_of_one_label_learns_no_findings(values: Settings) -> None:
    arm = values["studies"]["chestxray"]["arms"]["both-densenet121"]
    arm |= {"method": "contrastive", "unseen": "ensemble"}
    assert "method: 'contrastive' compares scans by their one class" in complaint(values)


def test_findings_are_not_explained(values: Settings) -> None:
    row = {"arms": ["both-densenet121"], "scans": 4, "seed": 0}
    values["studies"]["chestxray"]["explain"] = row
    assert "studies.chestxray.explain: Grad-CAM and embeddings" in complaint(values)


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"site-c": {"COVID-19 positive": 5}}, "test_patients: 'site-c' is not in the sites"),
        ({"site-a": {"COVID": 5}}, "test_patients.site-a: 'COVID' is not in the study's classes"),
    ],
)
def test_stated_test_patients_are_of_sites_and_classes_of_the_study(
    stated: dict[str, Any], message: str, values: Settings, study: dict[str, Any]
) -> None:
    split = {"kind": "fixed_test", "folds": 5, "test": 0.2, "validation": 0.0, "seed": 0}
    study["scales"]["paper"]["split"] = split
    tables.parse(copy.deepcopy(values))
    split["test_patients"] = stated
    assert f"{C}.scales.paper.split.{message}" in complaint(values)


def test_what_is_allowed_is_at_sites_of_the_study(values: Settings, study: dict[str, Any]) -> None:
    study["split"] = study["split"] | {"allow": {"site-a": ["one_class", "sizes"]}}
    tables.parse(copy.deepcopy(values))
    study["split"]["allow"]["site-c"] = ["empty"]
    assert f"{C}.split.allow: 'site-c' is not in the sites of the study's" in complaint(values)


def test_stated_test_patients_and_external_sites_exclude_each_other(values: Settings) -> None:
    values["studies"]["chestxray"]["split"]["test_patients"] = {"chexpert": {}}
    assert "split.test_patients: is set, but the study has external sites" in complaint(values)


def test_the_split_of_a_scale_needs_validation_patients_too(
    values: Settings, study: dict[str, Any]
) -> None:
    study["scales"]["demo"]["split"] = study["split"] | {"validation": 0.0}
    assert f"{C}.scales.demo.split.validation: is 0, but validation patients" in complaint(values)


def test_the_steps_that_read_labels_are_handed_the_classes(values: tables.Settings) -> None:
    graph = stages(tables.parse(four_classes(values)))
    told = {stage.step for stage in graph.values() if stage.settings.get("classes") == KEY}
    assert told == {"audit", "split", "train", "predict", "explain", "figure"}
    scored = [stage.wildcards["site"] for stage in graph.values() if stage.step == "score"]
    assert {*scored} == {"four-a", "four-b", "internal"}


def test_stages_of_two_classes_are_handed_what_they_were(params: tables.Params) -> None:
    """Their results stay: the names of two classes concern the figures alone."""
    told = {stage.step for stage in stages(params).values() if "classes" in stage.settings}
    assert told == {"figure"}


@pytest.mark.parametrize(
    ("classes", "sentence"),
    [
        (["one"], "2 entries or more"),
        (["a", "b", "A"], "names a class twice"),
        (["a", "b;c", "d"], "'b;c' cannot be used"),
        (["a", "b/c", "d"], "'b/c' cannot be used"),
        (["a", "b", " "], "' ' cannot be used"),
    ],
)
def test_class_names_can_be_told_apart_and_written(
    values: tables.Settings, classes: list[str], sentence: str
) -> None:
    values["studies"]["contrastive"]["classes"] = classes
    assert sentence in complaint(values)


def test_a_label_above_the_classes_is_refused(values: tables.Settings) -> None:
    four_classes(values)["studies"]["contrastive"]["classes"] = CLASSES[:3]
    assert "'four-a' give label 3, but the study has 3 classes, from 0 to 2" in complaint(values)


def test_a_layout_of_two_labels_is_not_read_as_two_of_four(values: tables.Settings) -> None:
    scale = four_classes(values)["studies"]["contrastive"]["scales"]["demo"]
    scale["sites"]["site-b"] = "covid-ct-synthetic"
    line = complaint(values)
    assert "scales.demo.sites.site-b: the layout of 'covid-ct-synthetic' gives 0 and 1" in line
    assert "would be read as healthy and COVID-19" in line


def test_findings_have_two_classes(values: tables.Settings) -> None:
    values["studies"]["chestxray"]["classes"] = CLASSES
    assert "names 4 classes, but scans with findings have two" in complaint(values)


def test_arms_of_more_than_two_classes_are_compared_class_by_class(values: Settings) -> None:
    study = four_classes(values)["studies"]["contrastive"]
    study["comparisons"] = [{"arm": "joint", "against": ["single-a"]}]
    study["roc_panels"] = {"a": ["joint"]}
    shown = stages(tables.parse(values))["figure--contrastive"].members["figures"]
    assert {"comparisons", "roc_panels"} < {*shown}
