"""The law of growth for metrics, figures and kinds of claims, over the real graph of a copy."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from elsewhere.design import kinds
from elsewhere.design.graph import stages
from elsewhere.design.params import parse
from elsewhere.design.stage import Stage

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
# What each scratch kind is a copy of.
SCRATCH = {"metrics": "precision", "figures": "confounding", "claims": "poor"}
CHANGED = [(shelf, kind) for shelf in SCRATCH for kind in kinds.names(shelf)]
STUDY = "contrastive"
NAMED = {
    "metrics": {"scoring": {"metrics": ["standard", "scratch"]}},
    "figures": {"figures": ["standard", "scratch"]},
}
# Digests of all stages of all studies: as the copy is, and with each change alone.
PROGRAM = """
import copy, json, sys
from digests import digests, with_a_line_more
from elsewhere.design import params as tables

given = json.loads(sys.stdin.read())
plain = tables.read()
plain["run"] = [*plain["studies"]]
found, lists = digests(plain)
answer = {"plain": found, **with_a_line_more(plain, lists, given["changed"])}
for shelf, settings in given["named"].items():
    values = copy.deepcopy(plain)
    row = values["studies"][given["study"]]
    for key, value in settings.items():
        row[key] = {**row[key], **value} if isinstance(value, dict) else value
    answer[shelf] = digests(values)[0]
print(json.dumps(answer))
"""


def modules(shelf: str, kind: str) -> list[Path]:
    """Return the row and the implementation of a kind, below the top folder."""
    return [Path("src", *name.split(".")).with_suffix(".py") for name in kinds.code(shelf, kind)]


def ask(folder: Path, named: dict[str, Any], changed: list[str]) -> dict[str, dict[str, str]]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=folder,
        input=json.dumps({"named": named, "changed": changed, "study": STUDY}),
        env=os.environ | {"PYTHONPATH": f"{folder / 'src'}:{HERE}", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, dict[str, str]] = json.loads(done.stdout)
    return answer


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("law")
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tests/params", folder, dirs_exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def before(copy: Path) -> dict[str, dict[str, str]]:
    files = sorted({str(path) for shelf, kind in CHANGED for path in modules(shelf, kind)})
    return ask(copy, {}, files)


@pytest.fixture(scope="module")
def after(copy: Path, before: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """Digests once there is a scratch kind of each shelf, and with it named in one study."""
    del before  # the copy is still as it was
    for shelf, kind in SCRATCH.items():
        for path in modules(shelf, kind):
            # its fields and pictures are other than those of what it is a copy of
            text = (copy / path).read_text().replace(f'"{kind}', '"scratch')
            (copy / path.with_stem("scratch")).write_text(text)
    return ask(copy, NAMED, [])


@pytest.fixture(scope="module")
def graph() -> dict[str, Stage]:
    from elsewhere.design.params import read

    values = read(ROOT / "tests/params")
    return stages(parse(values | {"run": [*values["studies"]]}))


def differing(first: dict[str, str], second: dict[str, str]) -> set[str]:
    assert first.keys() == second.keys()
    return {name for name in first if first[name] != second[name]}


def test_a_kind_that_no_study_names_makes_nothing_stale(
    before: dict[str, dict[str, str]], after: dict[str, dict[str, str]]
) -> None:
    assert len(before["plain"]) > 300
    assert differing(before["plain"], after["plain"]) == set()


@pytest.mark.parametrize(("shelf", "steps"), [("metrics", {"score", "figure"}),
                                              ("figures", {"figure"})])  # fmt: skip
def test_a_kind_that_a_study_names_makes_stale_what_shows_it(
    shelf: str, steps: set[str], after: dict[str, dict[str, str]], graph: dict[str, Stage]
) -> None:
    expected = {
        name
        for name, stage in graph.items()
        if stage.step in steps and stage.wildcards["study"] == STUDY
    }
    assert differing(after["plain"], after[shelf]) == expected
    assert {graph[name].step for name in expected} == steps


@pytest.mark.parametrize(("shelf", "kind"), CHANGED)
def test_a_changed_kind_makes_stale_what_lists_it(
    shelf: str, kind: str, before: dict[str, dict[str, str]], graph: dict[str, Stage]
) -> None:
    expected = {name for name, stage in graph.items() if kind in stage.members.get(shelf, ())}
    assert {graph[name].step for name in expected} <= {"score", "figure"}
    for path in modules(shelf, kind):
        assert differing(before["plain"], before[str(path)]) == expected


def test_every_kind_but_those_to_be_named_is_in_use(graph: dict[str, Stage]) -> None:
    unused = {
        kind
        for shelf, kind in CHANGED
        if not any(kind in stage.members.get(shelf, ()) for stage in graph.values())
    }
    assert unused - {"confusion_classes"} == {"youden"}  # it is of studies of several classes
