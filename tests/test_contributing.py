"""CONTRIBUTING.md: every worked example is written into a copy and does what it says.

A fenced block with ``title="path"`` is a new file; with ``after="line"`` or ``before="line"`` as
well, its lines are inserted behind or before that line of a file that is there. The block with
``title="check"`` is run.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.users_settings

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
COPIED = (
    *("src", "config", "tests", "workflow", "profiles", "envs"),
    *("Snakefile", "params.yaml", "pyproject.toml", "params.schema.json", "dvc.yaml"),
)
BLOCK = re.compile(
    r'^```\w+ title="([^"]+)"(?: (after|before)="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL
)
DIGESTS = """
import json
from elsewhere.design import params as tables
from elsewhere.design.fingerprint import Hashes
from elsewhere.design.graph import stages
from elsewhere.design.plan import stage_digest

values = tables.read()
values["run"] = [*values["studies"]]
graph, hashes = stages(tables.parse(values)), Hashes()
print(json.dumps({name: stage_digest(stage, values, hashes) for name, stage in graph.items()}))
"""


@dataclass(frozen=True)
class Block:
    """A fenced block: a file, or lines behind or before a line of a file that is there."""

    path: str
    where: str
    line: str
    content: str


def examples():
    """Return the blocks of each example by its name."""
    found = {}
    for section in TEXT.split("\n## ")[1:]:
        heading = section.partition("\n")[0]
        if heading.startswith("Example: "):
            blocks = [Block(*match) for match in BLOCK.findall(section)]
            found[heading.removeprefix("Example: ")] = blocks
    return found


EXAMPLES = examples()


class Copy:
    """A copy of the project in an empty folder, to which an example is added."""

    def __init__(self, top):
        self.top = top
        skip = shutil.ignore_patterns("*.egg-info")  # bytecode goes with its source
        for name in COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, top / name, ignore=skip)
            else:
                shutil.copy(ROOT / name, top / name)
        self.stale = []

    def add(self, block):
        path = self.top / block.path
        if not block.where:
            assert not path.exists(), f"{block.path} is there already"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.content, encoding="utf-8")
            return
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        assert f"{block.line}\n" in lines, f"{block.path} has no line '{block.line}'"
        at = lines.index(f"{block.line}\n") + (block.where == "after")
        lines.insert(at, block.content)
        path.write_text("".join(lines), encoding="utf-8")

    def run(self, *command):
        """Run a command in the copy, with the package of the copy; return what it prints."""
        environment = os.environ | {
            "PYTHONPATH": str(self.top / "src"),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }
        done = subprocess.run(
            command, cwd=self.top, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def digests(self):
        return json.loads(self.run(sys.executable, "-c", DIGESTS))


def of_code(blocks):
    return [block for block in blocks if block.path != "check" and "tests/" not in block.path]


def test_the_table_lists_every_example_with_its_size():
    rows = re.findall(r"^\| \[an? ([\w ]+)\]\(#example-[\w-]+\) \| (\d+) \| (\d+) \| ", TEXT, re.M)
    counted = [
        (
            name,
            str(len({block.path for block in of_code(blocks)})),
            str(sum(len(block.content.splitlines()) for block in of_code(blocks))),
        )
        for name, blocks in EXAMPLES.items()
    ]
    assert rows == counted


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the project with all examples, and the stages that they make stale."""
    made = Copy(tmp_path_factory.mktemp("project"))
    before = made.digests()
    for blocks in EXAMPLES.values():
        for block in blocks:
            if block.path != "check":
                made.add(block)
    after = made.digests()
    made.stale = [stage for stage in before if before[stage] != after[stage]]
    return made


@pytest.mark.slow
def test_the_examples_make_stale_what_the_table_says(copy):
    counts = re.findall(r"^\| \[an? [\w ]+\]\(#example-.* \| (\d+) \|$", TEXT, re.M)
    assert len(counts) == len(EXAMPLES)
    assert len(copy.stale) == sum(map(int, counts)), copy.stale


def commands(name):
    """Return the commands of the block that checks an example."""
    checks = [block.content for block in EXAMPLES[name] if block.path == "check"]
    assert len(checks) == 1, "an example has one block that checks it"
    return checks[0].splitlines()


def chosen(command):
    """Return the files of `pytest -q FILES -k WHICH`, and WHICH: without it, all of the files."""
    words = shlex.split(command.removeprefix("pytest -q "))
    at = words.index("-k") if "-k" in words else len(words)
    return words[:at], " ".join(words[at + 1 :]) or " or ".join(map(stem, words[:at]))


def stem(path):
    return Path(path).stem


@pytest.fixture(scope="module")
def passed(copy):
    """How many tests of each file passed that a check names; one process, which starts in 3 s."""
    asked = [line for name in EXAMPLES for line in commands(name) if line.startswith("pytest")]
    files = [file for command in asked for file in chosen(command)[0]]
    which = " or ".join(f"({chosen(command)[1]})" for command in asked)
    printed = copy.run("pytest", "-q", "-rA", *files, "-k", which)
    return Counter(re.findall(r"^PASSED ([\w/.]+)::", printed, re.M))


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_passes_its_check(name, copy, passed):
    for command in commands(name):
        if command.startswith("pytest"):
            assert all(passed[file] for file in chosen(command)[0]), command
        else:
            copy.run("bash", "-c", command)


@pytest.mark.slow
def test_the_code_of_the_examples_is_clean(copy):
    blocks = [block for example in EXAMPLES.values() for block in example]
    modules = sorted({block.path for block in blocks if block.path.endswith(".py")})
    copy.run("ruff", "check", *modules)
    copy.run("ruff", "format", "--check", *modules)
