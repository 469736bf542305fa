"""The law of growth: what a new or a changed kind makes stale, over the real graph of a copy."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from elsewhere.design import kinds
from elsewhere.design.stage import Stage

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
# A kind of each shelf that is copied, under the name `scratch`, and the row that names it then:
# its table, and what it is a copy of.
SCRATCH = {
    "archives": ("dimse", "archives", "hospital-dimse"),
    "augmentations": ("volume", "budgets", "nguyen-demo"),
    "inputs": ("volume", "inputs", "nguyen-demo"),
    "layouts": ("mosmed", "sites", "mosmed-synthetic"),
    "methods": ("sepnorm", "methods", "sepnorm"),
    "networks": ("nguyen_cnn", "networks", "nguyen-cnn-demo"),
    "phantoms": ("mosmed", "phantoms", "mosmed-synthetic"),
}
CHANGED = [(shelf, kind) for shelf in SCRATCH for kind in kinds.names(shelf)]
PROGRAM = """
import copy, json, sys
from digests import digests, with_a_line_more
from elsewhere.design import params as tables

given = json.loads(sys.stdin.read())
values = tables.read()
values["run"] = [*values["studies"]]

def named(shelf, table, row):
    changed = copy.deepcopy(values)
    at = changed[table][row]
    if shelf == "augmentations":
        at = at["training"]["augmentation"]
    at["layout" if shelf == "layouts" else "kind"] = "scratch"
    return changed

plain, lists = digests(values)
found = {"plain": plain, "named": {}}
for shelf, (_, table, row) in given["scratch"].items():
    found["named"][shelf] = digests(named(shelf, table, row))[0]
found["changed"] = with_a_line_more(values, lists, given["changed"])
print(json.dumps(found))
"""


def modules(shelf: str, kind: str) -> list[Path]:
    """Return the files of a kind below the top folder."""
    names = [kinds.row_module(shelf, kind), *(f"{room}.{kind}" for room in kinds.ROOMS[shelf])]
    return [Path("src", *name.split(".")).with_suffix(".py") for name in names]


def ask(folder: Path, scratch: dict[str, Any], changed: list[str]) -> dict[str, Any]:
    """Return the digests of all stages: as they are, with kinds named, with files changed."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=folder,
        input=json.dumps({"scratch": scratch, "changed": changed}),
        env=os.environ | {"PYTHONPATH": f"{folder / 'src'}:{HERE}", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("law")
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tests/params", folder, dirs_exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def before(copy: Path) -> dict[str, Any]:
    """Digests as they are, and with a line more in each file of each kind."""
    files = sorted({str(path) for shelf, kind in CHANGED for path in modules(shelf, kind)})
    return ask(copy, {}, files)


@pytest.fixture(scope="module")
def after(copy: Path, before: dict[str, Any]) -> dict[str, Any]:
    """Digests once a scratch kind of every shelf is there, and with each of them named."""
    del before  # the copy is still as it was
    for shelf, (kind, _, _) in SCRATCH.items():
        for path in modules(shelf, kind):
            text = (copy / path).read_text()
            text = text.replace(f'Literal["{kind}"]', 'Literal["scratch"]')
            text = text.replace(f"{shelf}.{kind} import", f"{shelf}.scratch import")
            (copy / path.with_stem("scratch")).write_text(text)
    # without this file the outlines of lesions would leave the graph
    outlines = copy / "src/elsewhere/imaging/outlines"
    shutil.copy(outlines / f"{SCRATCH['inputs'][0]}.py", outlines / "scratch.py")
    return ask(copy, SCRATCH, [])


def differing(one: dict[str, str], other: dict[str, str]) -> set[str]:
    assert one.keys() == other.keys()
    return {name for name in one if one[name] != other[name]}


def using(graph: dict[str, Stage], shelf: str, kind: str, *steps: str) -> set[str]:
    """Return the stages of these steps that name a kind."""
    return {
        name
        for name, stage in graph.items()
        if stage.step in steps and kind in stage.members.get(shelf, ())
    }


@pytest.fixture
def graph(values: dict[str, Any]) -> dict[str, Stage]:
    from elsewhere.design.graph import stages
    from elsewhere.design.params import parse

    return stages(parse(values | {"run": [*values["studies"]]}))


def test_a_kind_of_each_sort_that_nothing_names_makes_nothing_stale(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    assert len(before["plain"]) > 300
    assert differing(before["plain"], after["plain"]) == set()


# Which steps can use a kind. A site's files are read by ingest alone, an input by what prepares
# arrays, or outlines of lesions on their lattice, and by what shows them to a network.
STEPS = {
    "archives": (),
    "augmentations": ("train",),
    "inputs": ("prepare", "outline", "train", "predict", "explain", "localise"),
    "layouts": ("ingest",),
    "methods": ("train", "predict", "explain", "localise"),
    "networks": ("train", "predict", "explain", "localise"),
    "phantoms": (),
}


@pytest.mark.parametrize("shelf", SCRATCH)
def test_a_kind_that_is_named_makes_stale_what_names_it(
    shelf: str, after: dict[str, Any], graph: dict[str, Stage]
) -> None:
    _, table, row = SCRATCH[shelf]
    key = re.escape(f"{table}.{row}") + r"(\.training)?$"
    naming = {name for name, stage in graph.items() if any(re.match(key, at) for at in stage.keys)}
    stale = differing(after["plain"], after["named"][shelf])
    assert stale == naming
    assert bool(stale) == bool(STEPS[shelf])
    # the figure step shows a site's layout, nothing else is read beyond the steps that can use it
    assert {graph[name].step for name in stale} <= {*STEPS[shelf], "figure"}


@pytest.mark.parametrize(("shelf", "kind"), CHANGED)
def test_a_changed_kind_makes_stale_what_uses_it(
    shelf: str, kind: str, before: dict[str, Any], graph: dict[str, Stage]
) -> None:
    expected = using(graph, shelf, kind, *STEPS[shelf])
    row, *implementations = map(str, modules(shelf, kind))
    stale = {
        path: differing(before["plain"], before["changed"][path])
        for path in (row, *implementations)
    }
    if shelf == "inputs":
        prepare = using(graph, shelf, kind, "prepare", "outline")
        left, right = implementations
        assert stale[left] == prepare
        # a volume's augmentation is written on how a volume is shown
        assert stale[right] == expected - prepare
    else:
        assert all(stale[path] == expected for path in implementations)
    assert stale[row] == expected
