from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from elsewhere.design.job import Job
from elsewhere.steps.figure import Settings

Texts = Callable[[Path], list[str]]


def test_every_arm_has_a_panel(drawn: Job, svg_texts: Texts) -> None:
    shown = " ".join(svg_texts(drawn.outputs["figures"] / "training.svg"))
    assert "COVID-CTset" in shown
    assert "not run" not in shown


def test_a_run_that_was_not_run_says_so(drawn_absent: Job, svg_texts: Texts) -> None:
    shown = svg_texts(drawn_absent.outputs["figures"] / "training.svg")
    assert shown.count("not run") == 4 - 1, "one of the arms has no models of its own"


def test_the_accuracy_is_called_by_what_it_does(
    drawn: Job, compared: tuple[Job, Settings], svg_texts: Texts
) -> None:
    """In arms called optimistic it is not that of validation scans."""
    shown = svg_texts(drawn.outputs["figures"] / "training.svg")
    assert "Training: accuracy by which weights are chosen, of each run" in " ".join(shown)
    assert "validation accuracy" not in " ".join(shown)
    joined = " ".join(svg_texts(compared[0].outputs["figures"] / "training.svg"))
    assert "(optimistic: chosen on test)" in joined
