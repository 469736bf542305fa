from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from elsewhere.figures import calibration, cell_grid
from elsewhere.figures.cell_grid import Panels
from elsewhere.figures.results import Results

Texts = Callable[[Path], list[str]]


def panels(draw: Callable[[Any, Any], str | None]) -> Panels:
    return Panels("Title", ("A note.",), "x", "y", ((0, 1), (0, 2)), ({0: "0"}, {1: "1"}), draw)


def test_every_cell_has_a_panel_and_what_is_undefined_says_why(
    nguyen: Results, tmp_path: Path, svg_texts: Texts
) -> None:
    seen = []

    def draw(axes: Any, pooled: Any) -> str | None:
        seen.append(pooled["n_scans"])
        return "too few" if pooled["n_scans"] == 68 else None

    assert cell_grid.draw(nguyen, panels(draw), tmp_path, "grid") == "grid"
    assert len(seen) == len(nguyen.rows) * len(nguyen.columns)
    shown = svg_texts(tmp_path / "grid.svg")
    assert shown.count("undefined: too few") == len(nguyen.rows)
    assert {row.label.split()[0] for row in nguyen.rows} <= {
        text.split()[0] for text in shown if text
    }


def test_a_cell_that_was_not_run_is_not_drawn(
    nguyen: Results, tmp_path: Path, svg_texts: Texts
) -> None:
    key = (nguyen.rows[0].name, nguyen.columns[0].row)
    cells = {**nguyen.cells, key: {**nguyen.cells[key], "status": "not run", "reason": "gone"}}
    absent = dataclasses.replace(nguyen, cells=cells)
    cell_grid.draw(absent, panels(lambda *_: None), tmp_path, "grid")
    assert svg_texts(tmp_path / "grid.svg").count("not run") == 1
    found = [pooled for about, pooled in cell_grid.rows(absent) if pooled is None]
    assert len(found) == 1


def test_a_number_is_written_with_its_interval_or_as_undefined() -> None:
    known = {"a": 0.5, "a_low": -0.25, "a_high": 1.0}
    assert cell_grid.short(known, "a") == "0.50 (-0.25 to 1.00)"
    nearly = {"a": -0.001, "a_low": -0.2, "a_high": 0.2}
    assert cell_grid.short(nearly, "a") == "0.00 (-0.20 to 0.20)"
    assert cell_grid.short({"a": None}, "a") == "undefined"


@pytest.mark.parametrize("finding", ["", "Pleural Effusion"])
def test_a_finding_is_in_the_name_of_the_picture(
    nguyen: Results, tmp_path: Path, finding: str
) -> None:
    named = dataclasses.replace(nguyen.named, finding=finding)
    few = dataclasses.replace(nguyen, named=named, rows=nguyen.rows[:1])
    name = calibration.draw(few, tmp_path)
    assert name == ("calibration_pleural_effusion" if finding else "calibration")
    assert (tmp_path / f"{name}.png").exists()
