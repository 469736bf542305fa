"""What the terminal shows: no number without a note, no note without a number."""

import io
import re

import pytest
from rich.console import Console

from elsewhere.commands.estimate import Wanted, estimate
from elsewhere.commands.estimates.shown import Notes, tables
from elsewhere.commands.estimates.work import Machine
from elsewhere.design.amount import exactly, unknown


def test_a_source_keeps_its_number():
    notes = Notes()
    assert notes.of(exactly(1, "paper")) == "1"
    assert notes.of(unknown("why; paper")) == "2 1"
    assert notes.texts == ["paper", "why"]


@pytest.mark.usefixtures("empty")
def test_tables_show_the_published_numbers_beside_and_every_source(at):
    made = estimate(at("demo"), Wanted("nguyen2021", "paper", Machine(2, 1)))
    shown = [*tables(made)]
    console = Console(width=160, record=True, file=io.StringIO())
    for table in shown:
        console.print(table)
    text = console.export_text()
    assert re.search(r"gpu days \(A-49\) +│ 45;", text)
    assert "2,250,000 iterations" in text
    numbers = [*shown[-1].columns[0].cells]
    used = {
        number
        for table in shown[:-1]
        for column in table.columns
        if column.header == "from"
        for cell in column.cells
        for number in str(cell).split()
    }
    assert used == set(numbers)
