"""params: what is written is what is read, and what is wrong is named."""

import copy
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dvc.utils.serialize import dumps_yaml, parse_yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from elsewhere.design import params as tables

ROOT = Path(__file__).parents[2]


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str], dict[str, Any]]:
    def read(text: str) -> dict[str, Any]:
        path = tmp_path / "params.yaml"
        path.write_text(text, encoding="utf-8")
        return tables.read(path)

    return read


def test_the_projects_params_are_what_dvc_reads() -> None:
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    assert tables.read(ROOT / "params.yaml") == parse_yaml(text, "params.yaml")


# YAML 1.1 reads most of these otherwise: no and on are booleans there, 1e-5 and 12:30 are not text.
SCALARS = re.findall(
    r"\S+",
    "1e-5 1E5 1.0e-3 1e+5 .5 5. -.5 +1 0 00 010 -010 09 0.0 -0 1.e3 .inf -.INF .nan "
    "yes no on off Yes No y n NO true True TRUE tRue false null Null ~ "
    "12:30 1:30.5 1.2.3 1e .e3 - 1_x",
)


@pytest.mark.parametrize("scalar", [*SCALARS, "", '""', '"no"', "'1'", "[on, no]", "{no: on}"])
def test_a_scalar_is_what_dvc_reads(scalar: str, read: Callable[[str], dict[str, Any]]) -> None:
    text = f"a: {scalar}\n" if scalar != "-" else "a: '-'\n"
    assert repr(read(text)) == repr(parse_yaml(text, "params.yaml"))


@settings(max_examples=50, deadline=None)
@given(st.integers() | st.floats(allow_nan=False) | st.booleans() | st.none())
def test_values_that_dvc_writes_come_back(tmp_path_factory: Any, value: Any) -> None:
    path = tmp_path_factory.mktemp("values") / "params.yaml"
    path.write_text(dumps_yaml({"a": value}), encoding="utf-8")
    assert tables.read(path) == {"a": value}


@settings(max_examples=50, deadline=None)
@given(st.text("0123456789", min_size=30, max_size=30), st.sampled_from(["", "e", "."]))
def test_a_hash_of_digits_stays_text(tmp_path_factory: Any, digits: str, between: str) -> None:
    """dvc.lock is read by the same function; a hash such as 12e4... must not become a number."""
    md5 = f"{digits[:8]}{between}{digits[8:]}"
    path = tmp_path_factory.mktemp("lock") / "dvc.lock"
    path.write_text(dumps_yaml({"md5": md5}), encoding="utf-8")
    assert tables.read(path) == {"md5": md5}


def test_no_and_on_are_names(read: Callable[[str], dict[str, Any]]) -> None:
    assert read("sites: {no: {on: off}}") == {"sites": {"no": {"on": "off"}}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", "line 3: key 'a' stands twice"),
        ("a:\n  b: 1\n  b: 1\n", "line 3: key 'b' stands twice"),
        ("a: {b: 1, b: 2}\n", "key 'b' stands twice"),
        ("2020: 1\n", "line 1: key '2020' reads as 2020; write it in quotes"),
        ("true: 1\n", "key 'true' reads as True"),
        ("a: [1\n", "not valid YAML"),
        ("- 1\n", "expected tables, got list"),
        ("", "expected tables, got NoneType"),
    ],
)
def test_what_is_no_table_is_refused(
    text: str, said: str, read: Callable[[str], dict[str, Any]]
) -> None:
    with pytest.raises(tables.ParamsError, match=said.replace("(", r"\(")) as raised:
        read(text)
    assert "params.yaml" in str(raised.value)


def test_a_missing_file_says_where_to_run(tmp_path: Path) -> None:
    with pytest.raises(tables.ParamsError, match="run from the project's top folder"):
        tables.read(tmp_path / "params.yaml")


def _put(values: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(values)
    *path, last = key.split(".")
    at = changed
    for part in path:
        at = at[part]
    at[last] = value
    return changed


N = "studies.nguyen2021"
WRONG = [
    ("typo", 1, "typo"),
    ("scale", "huge", "scale: study 'nguyen2021' has no scale 'huge', it has demo, paper"),
    ("run", [], "run"),
    ("run", ["nguyen"], "run: no study 'nguyen'; there are contrastive, nguyen2021"),
    ("sites.utsw.privacy", "secret", "sites.utsw.privacy"),
    ("sites.utsw.titel", "UTSW", "sites.utsw.titel"),
    ("sites.Upper Case", {}, "sites.Upper Case"),
    ("inputs.nguyen-demo.kind", "picture", "inputs.nguyen-demo"),
    ("inputs.nguyen-demo.matrix", 0, "inputs.nguyen-demo.volume.matrix"),
    ("inputs.contrastive-demo.stored_matrix", 8, "a crop cannot be larger"),
    ("networks.nguyen-cnn.dropout_rate", 1.5, "networks.nguyen-cnn.nguyen_cnn.dropout_rate"),
    ("budgets.nguyen-demo.training.learning_rate", 0, "budgets.nguyen-demo.training.learning_rate"),
    ("budgets.nguyen-demo.training.precision", "bf16", "bf16, which needs device: cuda"),
    ("budgets.nguyen-demo.prediction.mc_passes", -1, "budgets.nguyen-demo.prediction.mc_passes"),
    (f"{N}.split.folds", 4, f"{N}.split: folds is 4, but a holdout split has exactly 1"),
    ("studies.contrastive.split.folds", 1, "cross-validation needs at least 2"),
    (f"{N}.split.validation", 0.8, "leave no training part"),
    (f"{N}.seeds", [], f"{N}.seeds"),
    (f"{N}.seeds", [-1], f"{N}.seeds.0"),
    (f"{N}.classes", ["one"], f"{N}.classes"),
    (f"{N}.scoring.confidence", 95, f"{N}.scoring.confidence"),
    (f"{N}.scales.demo.input", "x", f"{N}.scales.demo.input: 'x' is not in inputs"),
    (f"{N}.scales.demo.budget", "x", f"{N}.scales.demo.budget: 'x' is not in budgets"),
    (f"{N}.scales.demo.sites.utsw", "x", f"{N}.scales.demo.sites: 'x' is not in sites"),
    (f"{N}.scales.demo.networks", {"x": "nguyen-cnn"}, f"{N}.scales.demo.networks: 'x' is not in"),
    (f"{N}.arms.utsw.sites", ["x"], f"{N}.arms.utsw.sites: 'x' is not in {N}.scales.*.sites"),
    (f"{N}.arms.utsw.sites", [], f"{N}.arms.utsw.sites"),
    (f"{N}.arms.utsw.method", "x", f"{N}.arms.utsw.method: 'x' is not in methods; there are erm"),
    (f"{N}.arms.utsw.network", "x", f"{N}.arms.utsw.network: 'x' is not in networks"),
    (f"{N}.averages_without", ["x"], f"{N}.averages_without: 'x' is not in"),
    ("phantoms.utsw", {}, "phantoms.utsw: sites.utsw is missing or not `synthetic: true`"),
]


@pytest.mark.parametrize(("key", "value", "said"), WRONG, ids=[f"{w[0]}={w[1]}" for w in WRONG])
def test_an_error_names_the_key(key: str, value: Any, said: str, values: dict[str, Any]) -> None:
    with pytest.raises(tables.ParamsError) as raised:
        tables.parse(_put(values, key, value))
    assert said in str(raised.value)


def test_every_wrong_key_is_named_at_once(values: dict[str, Any]) -> None:
    wrong = _put(_put(values, "sites.utsw.privacy", 1), f"{N}.seeds", [])
    with pytest.raises(tables.ParamsError) as raised:
        tables.parse(wrong)
    assert "sites.utsw.privacy" in str(raised.value)
    assert f"{N}.seeds" in str(raised.value)


def test_rows_cannot_be_changed(params: tables.Params) -> None:
    with pytest.raises(ValueError, match="frozen"):
        params.sites["utsw"].title = "other"  # type: ignore[misc]


def test_a_key_is_found_in_plain_values_and_in_tables(values: dict[str, Any]) -> None:
    key = "budgets.nguyen-demo.training.learning_rate"
    assert tables.at_key(values, key) == tables.at_key(tables.parse(values), key) == 1e-3
    assert math.isclose(tables.parse(values).budgets["nguyen-demo"].training.learning_rate, 1e-3)


@pytest.mark.parametrize("key", ["sites.nowhere", "sites.utsw.title.x.y", "nothing"])
def test_a_key_that_is_not_there_is_named(key: str, values: dict[str, Any]) -> None:
    for table in (values, tables.parse(values)):
        with pytest.raises(tables.ParamsError, match=f"nothing at '{key}'"):
            tables.at_key(table, key)
