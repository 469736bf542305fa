"""wording: what pydantic says reaches the user as a plain sentence with the key that they wrote."""

import copy
import re
from typing import Any

import pytest

from elsewhere.design import params as tables
from elsewhere.design.params import Settings

N = "studies.nguyen2021"
NETWORKS = "covidnet, covidnet_redesign, densenet3d, nguyen_cnn, timm"
SENTENCES = [
    ("networks.nguyen-cnn.kind", "resnet", f"'resnet' is not one of {NETWORKS}"),
    ("networks.nguyen-cnn.kind", None, f"is missing; choose from {NETWORKS}"),
    ("networks.nguyen-cnn.groups", "many", "must be a whole number, is 'many'"),
    ("networks.nguyen-cnn.groups", 0, "must be greater than 0, is 0"),
    ("networks.nguyen-cnn.groups", 1.5, "must be a whole number, is 1.5"),
    ("networks.nguyen-cnn.dropout_rate", "x", "must be a number, is 'x'"),
    ("networks.nguyen-cnn.pooling", "min", "'min' is not one of max, average"),
    ("inputs.contrastive-demo.channels", 2, "2 is not one of 1, 3"),
    ("budgets.nguyen-demo.training.augmentation.gate", 2, "must be less than or equal to 1, is 2"),
    ("budgets.nguyen-demo.prediction.mc_dropblock", "x", "must be true or false, is 'x'"),
    (f"{N}.title", 1, "must be text, is 1"),
    (f"{N}.audit", [1], "must be a table of settings, is a list"),
    (f"{N}.arms.utsw.sites", "utsw", "must be a list, is 'utsw'"),
    (f"{N}.arms.utsw.sites", [], "must not be empty"),
    (f"{N}.classes", ["one"], "must have 2 entries or more"),
    ("studies.contrastive.roc_panels.a", ["joint"] * 9, "must have 8 entries at most"),
    ("networks.densenet121.model", "DenseNet", "does not have the right form: name in timm"),
]


def put(values: Any, key: str, value: Any) -> Any:
    changed = copy.deepcopy(values)
    *path, last = key.split(".")
    at = changed
    for part in path:
        at = at[part]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return changed


def complaint(values: Any) -> str:
    with pytest.raises(tables.ParamsError) as raised:
        tables.parse(values)
    return str(raised.value)


@pytest.mark.parametrize(("key", "value", "sentence"), SENTENCES)
def test_a_wrong_value_is_one_line(key: str, value: Any, sentence: str, values: Settings) -> None:
    line = complaint(put(values, key, value))
    assert "\n" not in line
    assert f"{key}: " in line
    assert sentence in line
    assert re.match(r"config/(studies/)?[\w-]+\.yaml: ", line), "the file is named"


def test_an_unknown_setting_is_named_with_those_there_are(values: Settings) -> None:
    line = complaint(put(values, "sites.mosmed.layuot", "mosmed"))
    assert "sites.mosmed.layuot: there is no such setting, perhaps layout is meant" in line
    assert "there are available, intake, layout, options, privacy, synthetic, title" in line
    line = complaint(put(values, "networks.nguyen-cnn.width", 1))
    assert "networks.nguyen-cnn.width: there is no such setting; there are dense_features" in line
    assert "there are gate, kind" not in line
    line = complaint(put(values, "budgets.nguyen-demo.training.augmentation.gates", 1))
    assert "augmentation.gates: there is no such setting, perhaps gate is meant" in line
    assert "scal: there is no such setting, perhaps scale" in complaint(put(values, "scal", "demo"))


@pytest.mark.parametrize("name", ["Upper", "a/b", "a b", "-a", ""])
def test_a_name_is_refused_in_words(name: str, values: Settings) -> None:
    study = values["studies"]["nguyen2021"]
    line = complaint({**values, "studies": {**values["studies"], name: study}})
    assert f"'{name}' cannot be a name; names have lower-case letters, digits, - and _" in line


def test_nothing_is_in_the_words_of_the_library(values: Settings) -> None:
    jargon = re.compile(r"Input should|union|discriminator|pydantic|\^\[|validat\w+ error|ctx")
    for key, value, _ in SENTENCES:
        assert not jargon.search(complaint(put(values, key, value))), key
