"""Studies of more than two classes: what they may say, and which stages are told of the classes."""

from typing import Any

import pytest
from four_classes import CLASSES, four_classes

from elsewhere.design import params as tables
from elsewhere.design.graph import stages

KEY = "studies.contrastive.classes"


def complaint(values: Any) -> str:
    with pytest.raises(tables.ParamsError) as raised:
        tables.parse(values)
    return str(raised.value)


def test_the_steps_that_read_labels_are_handed_the_classes(values: tables.Settings) -> None:
    graph = stages(tables.parse(four_classes(values)))
    told = {stage.step for stage in graph.values() if stage.settings.get("classes") == KEY}
    assert told == {"audit", "split", "train", "predict", "figure"}
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
