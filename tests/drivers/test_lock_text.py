"""lock_text: the text is what DVC would write, or DVC writes it."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc.repo import Repo
from dvc.utils.serialize import dumps_yaml
from hypothesis import given
from hypothesis import strategies as st

from elsewhere.drivers import cache
from elsewhere.drivers.lock_text import updated

WORDS = st.sampled_from(
    ["no", "1e-5", "", "a: b", "two\nlines\n", "\n  stages:\n", "- x", "é ☃", "'", "word " * 40]
)
SETTINGS = st.recursive(
    WORDS | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)
ENTRIES = st.dictionaries(
    st.sampled_from(["graph", "ingest--a", "train--a--b_c--0-0", "x.y", "z" * 90]),
    st.fixed_dictionaries({"cmd": WORDS, "params": SETTINGS, "outs": st.builds(list)}),
    max_size=4,
)


def whole(entries: dict[str, Any]) -> str:
    """What DVC makes of all stages together."""
    return str(dumps_yaml({"schema": "2.0", "stages": entries}))


@given(old=ENTRIES.filter(bool), new=ENTRIES)
def test_it_is_the_text_that_dvc_makes_of_all_stages(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    text = whole(old)
    assert updated(text, {}) == text
    assert updated(text, new) == whole({**old, **new})
    assert updated("", old) == text


@pytest.mark.parametrize(
    "text",
    [
        "# by hand\nschema: '2.0'\nstages:\n  a:\n    cmd: x\n",
        "schema: '2.0'\ndatasets: []\nstages:\n  a:\n    cmd: x\n",
        "schema: '2.0'\nstages: {}\n",
        "schema: '2.0'\nstages:\n  a: {cmd: x}\n",
        "schema: '2.0'\nstages:\n  'a':\n    cmd: x\n",
        "schema: '2.0'\nstages:\n  a:\n    cmd: x\nmore: 1\n",
        "schema: '2.0'\nstages:\n  a:\n    cmd: x\n  a:\n    cmd: y\n",
        "schema: '2.0'\nstages:\n    cmd: x\n",
        "schema: '2.0'\nstages:\n  a:\n    outs: &id001 []\n  c:\n    outs: *id001\n",
        "schema: '2.0'\nstages:\n  a:\n    cmd: x",
    ],
)
def test_another_layout_is_left_to_dvc(text: str) -> None:
    assert updated(text, {"b": {"cmd": "y"}}) is None


@pytest.mark.parametrize("head", ["", "# by hand\n"])
def test_of_two_stages_one_is_committed_and_dvc_has_nothing_to_do(
    head: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Repo.init(no_scm=True)
    Path("results").mkdir()
    Path("results/settings.json").write_text(json.dumps({"a": {"rate": 1.0e-5, "on": "no"}}))
    stages = {
        name: {
            "cmd": f"echo {name} > {name}.txt",
            "params": [{"results/settings.json": ["a"]}],
            "outs": [f"{name}.txt"],
        }
        for name in ("one", "two")
    }
    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": stages}))
    with Repo() as repo:
        repo.reproduce()
    made = Path("dvc.lock").read_text()
    Path("dvc.lock").write_text(head + made)
    Path("one.txt").write_text("one, by another tool\n")
    with cache.opened() as opened:
        opened.commit("one")
    found = Path("dvc.lock").read_text()
    assert found.startswith(head)
    assert found != head + made
    with Repo() as repo:
        assert repo.reproduce() == []
    assert Path("one.txt").read_text() == "one, by another tool\n"
