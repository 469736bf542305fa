"""ARCHITECTURE.md: its tables of steps, rooms, kinds and private parts are those of the code."""

import importlib
import re
import tomllib
from pathlib import Path

import pytest

from elsewhere.design import kinds
from elsewhere.design.steps import STEPS

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src/elsewhere"
TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def rows(heading):
    """Return the cells of the table below a heading, without the line that names the columns."""
    below = TEXT.partition(f"# {heading}\n")[2]
    table = re.search(r"^\|.*?\n\n", below, re.M | re.S)[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table[2:] if line]


def test_the_steps_are_those_of_the_flow_in_their_order():
    assert [row[0] for row in rows("The flow")] == [f"`{name}`" for name in STEPS]


def test_the_rooms_stand_in_the_order_in_which_they_may_import():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    layers = next(item["layers"] for item in contracts if item["type"] == "layers")
    rooms = [layer for layer in reversed(layers) if (PACKAGE / layer).is_dir()]
    assert [row[0].strip("` ") for row in rows("The rooms")] == rooms


SHELVES = rows("Kinds, and the law of growth")


def test_every_shelf_has_a_row():
    assert sorted(row[0].strip("` ") for row in SHELVES) == sorted(kinds.ROOMS)


@pytest.mark.parametrize("row", SHELVES, ids=lambda row: row[0].strip("` "))
def test_a_shelf_is_where_its_row_says_and_its_kinds_fulfil_the_contract(row):
    shelf, rows_at, rooms, contracts = (re.findall(r"`([^`]+)`", cell) for cell in row)
    assert (PACKAGE / "design" / rows_at[0]).is_dir()
    packages = [f"elsewhere.{room.strip('/').replace('/', '.')}" for room in rooms]
    assert packages == [*kinds.ROOMS[shelf[0]]]
    for path in (path for path in contracts if path.split(".")[-1][0].isupper()):
        module, _, name = path.rpartition(".")
        contract = getattr(importlib.import_module(f"elsewhere.{module}"), name)
        for kind in kinds.names(shelf[0])[:1]:  # of all of them tests/contracts make sure
            assert issubclass(kinds.implementation(shelf[0], kind, contract), contract)


@pytest.mark.parametrize("row", rows("Private parts that we use, and why"), ids=lambda row: row[2])
def test_private_parts_are_used_where_the_table_says(row):
    files = re.findall(r"`([\w/]+\.py)`", row[2])
    code = "".join((PACKAGE / file).read_text(encoding="utf-8") for file in files)
    assert files
    for part in re.findall(r"`([\w.]+)`", row[1]):
        assert part.rpartition(".")[2] in code, part
