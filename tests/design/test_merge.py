"""merge: rows of several files become one set of tables; nothing is overridden in silence."""

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elsewhere.design.merge import Origin, Settings, files, merge, read
from elsewhere.design.reading import ParamsError

BASE = {"a": 1, "list": [1, 2], "deep": {"b": 1, "c": {"d": 1, "e": None}}}


def test_tables_of_all_files_are_joined() -> None:
    found = merge(
        {
            "params.yaml": {"scale": "demo", "run": ["x"], "sites": {"own": {"a": 1}}},
            "config/a.yaml": {"sites": {"ours": {"a": 2}}},
            "config/b.yaml": {"methods": {"erm": {}}},
        }
    )
    sites = {"own": {"a": 1}, "ours": {"a": 2}}
    assert found == {"scale": "demo", "run": ["x"], "sites": sites, "methods": {"erm": {}}}


def test_the_input_stays_as_it_is() -> None:
    contents = {"config/a.yaml": {"t": {"base": copy.deepcopy(BASE), "row": {"like": "base"}}}}
    before = copy.deepcopy(contents)
    found = merge(contents)
    found["t"]["row"]["deep"]["c"]["d"] = 2
    assert contents == before
    assert found["t"]["base"] == BASE


def test_an_empty_table_is_none() -> None:
    assert merge({"params.yaml": {"sites": None}}) == {"sites": {}}
    with_rows = {"params.yaml": {"sites": None}, "config/a.yaml": {"sites": {"a": {"x": 1}}}}
    assert merge(with_rows) == {"sites": {"a": {"x": 1}}}


def test_a_row_is_laid_over_the_one_it_is_like() -> None:
    own = {"like": "base", "list": [3], "deep": {"c": {"d": 2}}, "new": {"x": 1}}
    row = merge({"config/a.yaml": {"t": {"base": BASE, "row": own}}})["t"]["row"]
    assert row == {
        "a": 1,
        "list": [3],
        "deep": {"b": 1, "c": {"d": 2, "e": None}},
        "new": {"x": 1},
    }


NESTED = st.recursive(
    st.integers() | st.none() | st.lists(st.integers(), max_size=2),
    lambda below: st.dictionaries(st.sampled_from("abc"), below, max_size=3),
)
ROWS = st.dictionaries(st.sampled_from("abc"), NESTED, max_size=3)


def leaves(value: Any, at: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    if isinstance(value, dict) and value:
        return {k: v for key, below in value.items() for k, v in leaves(below, (*at, key)).items()}
    return {at: value}


@given(base=ROWS, own=ROWS)
def test_like_keeps_each_value_of_both_that_none_replaces(
    base: dict[str, Any], own: dict[str, Any]
) -> None:
    found = merge({"config/a.yaml": {"t": {"base": base, "row": {**own, "like": "base"}}}})
    row = leaves(found["t"]["row"])
    for key, value in leaves(own).items():
        if key and value != {}:
            assert row[key] == value
            assert found.origins["t", "row", *key] == Origin("config/a.yaml")
    for key, value in row.items():
        if key and key not in leaves(own) and value != {}:
            assert leaves(base)[key] == value
            assert found.origins["t", "row", *key] == Origin("config/a.yaml", "t.base")


def test_each_value_knows_its_file_and_row() -> None:
    found = merge(
        {
            "params.yaml": {"scale": "demo", "t": {"mine": {"like": "row", "a": 3}}},
            "config/a.yaml": {"t": {"base": BASE}},
            "config/b.yaml": {"t": {"row": {"like": "base", "deep": {"b": 2}}}},
        }
    )
    assert found.origin(("scale",)) == Origin("params.yaml")
    assert found.origin(("t", "mine", "a")) == Origin("params.yaml")
    assert found.origin(("t", "mine", "deep", "b")) == Origin("config/b.yaml", "t.row")
    assert found.origin(("t", "mine", "deep", "c", "d")) == Origin("config/a.yaml", "t.base")
    assert found.origin(("t", "row", "unwritten")) == Origin("config/b.yaml")
    assert found.origin(("t", "mine", "list", "0")) == Origin("config/a.yaml", "t.base")
    assert str(Origin("config/a.yaml", "t.base")) == "like t.base (config/a.yaml)"


def test_the_origins_survive_a_copy() -> None:
    found = merge({"config/a.yaml": {"t": {"base": BASE}}})
    assert copy.deepcopy(found).origins == found.origins
    assert isinstance(copy.deepcopy(found), Settings)


def test_a_user_changes_a_row_by_its_own_name_and_no_other() -> None:
    rows = {"base": BASE, "row": {"like": "base", "a": 2}, "other": {"like": "base"}}
    users = {"t": {"base": {"like": "base", "a": 9}, "mine": {"like": "base"}}}
    found = merge({"params.yaml": users, "config/a.yaml": {"t": rows}})
    assert found["t"]["base"] == {**BASE, "a": 9}
    assert found.origin(("t", "base", "a")) == Origin("params.yaml")
    assert found.origin(("t", "base", "list")) == Origin("config/a.yaml")
    assert found["t"]["row"] == {**BASE, "a": 2}
    assert found["t"]["other"] == found["t"]["mine"] == BASE


def test_a_user_changes_a_row_that_is_like_another() -> None:
    rows = {"base": BASE, "row": {"like": "base", "a": 2}}
    users = {"t": {"row": {"like": "row", "deep": {"b": 9}}}}
    found = merge({"params.yaml": users, "config/a.yaml": {"t": rows}})
    assert found["t"]["row"]["deep"]["b"] == 9
    assert found["t"]["row"]["a"] == 2


A, B, P = "config/a.yaml", "config/b.yaml", "params.yaml"


@pytest.mark.parametrize(
    ("contents", "words"),
    [
        ({A: {"t": {"x": {}}}, B: {"t": {"x": {}}}}, ("t.x stands in", A, B)),
        ({P: {"t": {"x": {}}}, A: {"t": {"x": {}}}}, (P, A, "write `like: x`")),
        ({P: {}, A: {"run": ["x"]}}, (A, "`run` is the user's", P)),
        ({A: {"scale": "demo"}}, (A, "`scale` is the user's")),
        ({A: {"t": {"x": {"like": "y"}, "z": {}}}}, (A, "t.x.like: 'y' is not in t; there are z")),
        ({P: {"t": {"x": {"like": "x"}}}, A: {"t": {"z": {}}}}, (P, "t.x.like: 'x' is not in t")),
        ({A: {"t": {"x": {"like": ["z"]}, "z": {}}}}, (A, "t.x.like", "there are z")),
        ({A: {"t": {"x": {"like": None}, "z": {}}}}, (A, "t.x.like: None is not in t")),
        (
            {A: {"t": {"x": {"like": "y"}, "y": {"like": "z"}, "z": {}}}},
            (A, "t.x is like 'y', which is like 'z'", "written out"),
        ),
        ({A: {"t": {"x": {"like": "x"}}}}, (A, "t.x.like leads back to 'x'")),
        ({A: {"t": {"x": {"like": "y"}}}, B: {"t": {"y": {"like": "x"}}}}, ("leads back",)),
    ],
)
def test_what_does_not_fit_together_is_named_with_its_files(
    contents: dict[str, Any], words: tuple[str, ...]
) -> None:
    with pytest.raises(ParamsError) as raised:
        merge(contents)
    for word in words:
        assert word in str(raised.value)


def test_a_like_of_a_like_is_one_level_in_each_file() -> None:
    """What a user writes may be like any row that comes with the project."""
    found = merge(
        {
            P: {"t": {"mine": {"like": "row"}}},
            A: {"t": {"base": BASE, "row": {"like": "base", "a": 2}}},
        }
    )
    assert found["t"]["mine"] == {**BASE, "a": 2}


def test_all_files_below_config_are_read(tmp_path: Path) -> None:
    (tmp_path / "config/studies").mkdir(parents=True)
    (tmp_path / "params.yaml").write_text("scale: demo\n")
    (tmp_path / "config/studies/own.yaml").write_text("studies: {own: {a: 1}}\n")
    (tmp_path / "config/methods.yaml").write_text("methods: {erm: {kind: erm}}\n")
    (tmp_path / "config/notes.txt").write_text("no settings")
    names = [path.relative_to(tmp_path).as_posix() for path in files(tmp_path)]
    assert names == ["params.yaml", "config/methods.yaml", "config/studies/own.yaml"]
    found = read(tmp_path)
    assert found == {
        "scale": "demo",
        "studies": {"own": {"a": 1}},
        "methods": {"erm": {"kind": "erm"}},
    }
    assert found.origin(("studies", "own", "a")) == Origin("config/studies/own.yaml")
