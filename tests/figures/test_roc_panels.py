from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from elsewhere.design.job import Job
from elsewhere.figures import roc_panels
from elsewhere.figures.results import Results
from elsewhere.steps.figure import Settings

Texts = Callable[[Path], list[str]]


def test_every_arm_of_a_panel_has_its_auc_on_every_site(
    compared: tuple[Job, Settings], svg_texts: Texts
) -> None:
    job, settings = compared
    shown = svg_texts(job.outputs["figures"] / "roc_panels.svg")
    assert settings.roc_panels is not None
    for name, arms in settings.roc_panels.items():
        assert name in shown
        for arm in arms:
            for row in settings.sites:
                path = job.paths("metrics")[f"{arm}/{row}"]
                found = json.loads(path.read_text())["pooled"]
                low, high = found["auc_low"], found["auc_high"]
                assert f"{found['auc']:.2f} ({low:.2f}–{high:.2f})" in shown
    assert shown.count("Single (Redesign), A") == len(settings.sites)
    assert any("SYNTHETIC DATA" in text for text in shown)


def test_arms_that_never_saw_the_site_are_dashed(contrastive: Results, tmp_path: Path) -> None:
    def dashes(arms: tuple[str, ...]) -> int:
        assert roc_panels.draw(contrastive, {"p": arms}, tmp_path) == ["roc_panels"]
        return (tmp_path / "roc_panels.svg").read_text().count("stroke-dasharray")

    assert dashes(("joint", "sepnorm")) == 0
    # the curve and its line in the legend, each on the site of the other
    assert dashes(("single-a", "single-b")) == 2 * 2


def test_optimistic_arms_are_called_so(
    contrastive: Results, tmp_path: Path, svg_texts: Texts
) -> None:
    roc_panels.draw(contrastive, {"p": ("joint-on-test",)}, tmp_path)
    shown = " ".join(svg_texts(tmp_path / "roc_panels.svg"))
    assert "optimistic" in shown


def test_a_site_of_one_class_is_left_out_and_the_note_says_so(
    nguyen: Results, tmp_path: Path, svg_texts: Texts
) -> None:
    roc_panels.draw(nguyen, {"all": ("utsw", "cc-ccii")}, tmp_path)
    shown = svg_texts(tmp_path / "roc_panels.svg")
    assert "UTSW" in shown
    assert "MosMedData" not in shown
    assert "MosMedData is left out: AUC undefined: all 171" in " ".join(shown)


def test_nothing_is_drawn_without_panels_or_curves(nguyen: Results, tmp_path: Path) -> None:
    assert roc_panels.draw(nguyen, {}, tmp_path) == []
    assert list(tmp_path.iterdir()) == []
