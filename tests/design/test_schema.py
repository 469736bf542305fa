import json
from pathlib import Path

import jsonschema
import pytest

from elsewhere.design import merge, params, reading, schema
from elsewhere.design.site import Site

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def validator():
    made = json.loads(schema.text())
    jsonschema.Draft202012Validator.check_schema(made)
    return jsonschema.Draft202012Validator(made)


@pytest.fixture
def values():
    return dict(params.read(ROOT / "tests/params"))


def test_file_is_current():
    path = ROOT / "params.schema.json"
    assert schema.is_current(path), "run `python -m elsewhere.design.schema`"


def test_every_file_is_valid_by_itself(validator):
    """Each has some of the tables, and rows that are `like` others have some of their values."""
    files = merge.files(ROOT / "tests/params")
    assert len(files) > 5
    for path in files:
        assert list(validator.iter_errors(reading.read(path))) == [], path


def test_all_settings_together_are_valid(validator, values):
    assert list(validator.iter_errors(values)) == []


def test_a_table_may_be_empty(validator):
    assert list(validator.iter_errors({"sites": None})) == []


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("sites", {"layuot": "mosmed"}),
        ("sites", {"privacy": "secret"}),
        ("networks", {"widht": 1}),
        ("budgets", {"training": {"batch_size": 0}}),
        ("budgets", {"training": {"augmentation": {"gate": 2}}}),
        ("studies", {"split": {"validation": 2}}),
    ],
)
def test_a_row_that_is_like_another_may_lack_values_but_not_have_wrong_ones(validator, table, row):
    assert list(validator.iter_errors({table: {"new": {"like": "old"}}})) == []
    assert list(validator.iter_errors({table: {"new": {"like": "old", **row}}}))


def test_a_row_of_its_own_lacks_nothing(validator, values):
    for table in ("sites", "networks", "inputs", "methods", "budgets", "studies"):
        row = next(iter(values[table].values()))
        assert list(validator.iter_errors({table: {"new": row}})) == []
        lacking = dict(list(row.items())[1:])
        assert list(validator.iter_errors({table: {"new": lacking}})), table


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
