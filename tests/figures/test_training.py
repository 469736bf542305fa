from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from elsewhere.design.job import Job

Texts = Callable[[Path], list[str]]


def test_every_arm_has_a_panel(drawn: Job, svg_texts: Texts) -> None:
    shown = " ".join(svg_texts(drawn.outputs["figures"] / "training.svg"))
    assert "COVID-CTset" in shown
    assert "not run" not in shown


def test_a_run_that_was_not_run_says_so(drawn_absent: Job, svg_texts: Texts) -> None:
    shown = svg_texts(drawn_absent.outputs["figures"] / "training.svg")
    assert shown.count("not run") == 15 - 4, "four of the arms have no models of their own"
