"""reading: YAML is read as DVC reads it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dvc.utils.serialize import dumps_yaml, parse_yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from elsewhere.design import merge, reading

SETTINGS = Path(__file__).parents[1] / "params"


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str], dict[str, Any]]:
    def read(text: str) -> dict[str, Any]:
        path = tmp_path / "params.yaml"
        path.write_text(text, encoding="utf-8")
        return reading.read(path)

    return read


@pytest.mark.parametrize("path", merge.files(SETTINGS), ids=lambda path: path.name)
def test_settings_are_what_dvc_reads(path: Path) -> None:
    assert reading.read(path) == parse_yaml(path.read_text(encoding="utf-8"), path.name)


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


@settings(max_examples=50)
@given(st.integers() | st.floats(allow_nan=False) | st.booleans() | st.none())
def test_values_that_dvc_writes_come_back(tmp_path_factory: Any, value: Any) -> None:
    path = tmp_path_factory.mktemp("values") / "params.yaml"
    path.write_text(dumps_yaml({"a": value}), encoding="utf-8")
    assert reading.read(path) == {"a": value}


@settings(max_examples=50)
@given(st.text("0123456789", min_size=30, max_size=30), st.sampled_from(["", "e", "."]))
def test_a_hash_of_digits_stays_text(tmp_path_factory: Any, digits: str, between: str) -> None:
    """dvc.lock is read by the same function; a hash such as 12e4... must not become a number."""
    md5 = f"{digits[:8]}{between}{digits[8:]}"
    path = tmp_path_factory.mktemp("lock") / "dvc.lock"
    path.write_text(dumps_yaml({"md5": md5}), encoding="utf-8")
    assert reading.read(path) == {"md5": md5}


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
    with pytest.raises(reading.ParamsError, match=said.replace("(", r"\(")) as raised:
        read(text)
    assert "params.yaml" in str(raised.value)


def test_a_missing_file_says_where_to_run(tmp_path: Path) -> None:
    with pytest.raises(reading.ParamsError, match="run from the project's top folder"):
        reading.read(tmp_path / "params.yaml")
