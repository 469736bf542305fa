"""Every sentence of README and the manual about Snakemake and DVC is executed by a test.

drivers.yaml says by which. A sentence that is reworded, or a test that is renamed, stops here; so
does a new sentence, until somebody says which test executes it.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TABLE = yaml.safe_load((Path(__file__).parent / "drivers.yaml").read_text(encoding="utf-8"))
ABOUT = re.compile(r"snakemake|dvc|\bdrivers?\b|both tools|neither tool|killed run|is killed", re.I)
# what papers ask for and what runs cost: each row has its own evidence
OTHERS = {"docs/requirements.md", "docs/costs.md"}
PAGES = ["README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a page in prose, each on one line."""
    text = re.sub(r"(?ms)^( *)```.*?^\1```$", "\n\n", text)
    for block in re.split(r"\n\s*\n|\n(?=- |\d+\. )", text):
        if not block.lstrip().startswith(("#", "|", "*`", "![")):  # headings, tables, figures
            line = re.sub(r"^(- |\d+\. )", "", " ".join(block.split()))
            yield from re.split(r"(?<=[.?!])\s+(?=[A-Z`\[*])", line)


@cache
def on(page: str) -> frozenset[str]:
    return frozenset(sentences((ROOT / page).read_text(encoding="utf-8")))


@cache
def defined_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8"))
    found = (node.name for node in tree.body if isinstance(node, ast.FunctionDef))
    return frozenset(name for name in found if name.startswith("test_"))


def test_sentences_are_told_apart() -> None:
    prose = "One `a.b` here. `dvc`\nis two."
    text = f"# DVC\n\n{prose}\n\n```sh\ndvc. No.\n```\n\n- Three? Four: 4.\n- 5."
    assert [*sentences(text)] == ["One `a.b` here.", "`dvc` is two.", "Three?", "Four: 4.", "5."]


@pytest.mark.parametrize("page", PAGES)
def test_every_sentence_about_a_driver_is_in_the_table(page: str) -> None:
    if page not in OTHERS:
        said = {sentence for sentence in on(page) if ABOUT.search(sentence)}
        assert said - {row["says"] for row in TABLE.get(page, [])} == set()


@pytest.mark.parametrize("page", TABLE)
def test_every_sentence_of_the_table_still_stands(page: str) -> None:
    assert {row["says"] for row in TABLE[page]} - on(page) == set()


@pytest.mark.parametrize("page", TABLE)
def test_every_test_of_the_table_exists(page: str) -> None:
    for row in TABLE[page]:
        assert row["tests"], row["says"]
        for test in row["tests"]:
            path, _, name = test.partition("::")
            assert name in defined_in(path), test
