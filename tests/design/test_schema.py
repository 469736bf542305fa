import copy
import json
from pathlib import Path

import jsonschema
import pytest

from elsewhere.design import params, schema
from elsewhere.design.site import Site

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def validator():
    made = json.loads(schema.text())
    jsonschema.Draft202012Validator.check_schema(made)
    return jsonschema.Draft202012Validator(made)


@pytest.fixture
def values():
    return copy.deepcopy(params.read(ROOT / "params.yaml"))


def test_file_is_current():
    path = ROOT / "params.schema.json"
    assert schema.is_current(path), "run `python -m elsewhere.design.schema`"


def test_first_line_of_params_names_the_schema():
    first = (ROOT / "params.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=params.schema.json"


def test_params_yaml_is_valid(validator, values):
    assert list(validator.iter_errors(values)) == []


@pytest.mark.parametrize(
    ("table", "name", "key", "value"),
    [
        ("sites", "mosmed", "privacy", "secret"),
        ("sites", "mosmed", "layuot", "mosmed"),
        ("inputs", "nguyen-demo", "matrix", 0),
        ("inputs", "nguyen-demo", "kind", "movie"),
        ("networks", "nguyen-cnn", "dropout_rate", 1.5),
        ("studies", "contrastive", "seeds", []),
        ("studies", "nguyen2021", "classes", ["one"]),
    ],
)
def test_refuses_what_params_refuse(validator, values, table, name, key, value):
    values[table][name][key] = value
    assert list(validator.iter_errors(values))
    with pytest.raises(params.ParamsError):
        params.parse(values)


@pytest.mark.parametrize("table", ["sites", "inputs", "networks", "methods", "budgets", "studies"])
def test_refuses_names_that_paths_cannot_hold(validator, values, table):
    row = next(iter(values[table].values()))
    values[table]["Not/a name"] = row
    assert list(validator.iter_errors(values))
    with pytest.raises(params.ParamsError):
        params.parse(values)


def test_every_described_key_is_described_for_editors(validator):
    site = validator.schema["$defs"]["Site"]["properties"]
    assert all(site[key]["description"] for key in Site.model_fields)


def test_write_makes_the_file_once(tmp_path):
    path = tmp_path / "params.schema.json"
    assert not schema.is_current(path)
    assert schema.write(path)
    assert schema.is_current(path)
    assert not schema.write(path)
    path.write_text("{}")
    assert schema.write(path)
