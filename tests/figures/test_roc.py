from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from elsewhere.design.job import Job
from elsewhere.figures import roc
from elsewhere.figures.results import Results

Texts = Callable[[Path], list[str]]


def test_each_panel_shows_auc_interval_and_dropout_spread(
    nguyen: Results, tmp_path: Path, svg_texts: Texts
) -> None:
    roc.draw(nguyen, tmp_path)
    shown = svg_texts(tmp_path / "roc_multi_site.svg")
    for row in nguyen.rows[3:]:
        for column in nguyen.columns[:3]:
            pooled = nguyen.cell(row, column)["pooled"]
            low, high = pooled["auc_low"], pooled["auc_high"]
            assert f"{pooled['auc']:.2f} ({low:.2f}–{high:.2f})" in shown
            assert f"MC {pooled['auc_mc_mean']:.3f} ± {pooled['auc_mc_sd']:.3f}" in shown


def test_a_site_of_one_class_is_left_out_and_the_note_says_so(drawn: Job, svg_texts: Texts) -> None:
    for name in ("roc_single_site", "roc_multi_site"):
        shown = svg_texts(drawn.outputs["figures"] / f"{name}.svg")
        assert "MosMedData" not in shown
        left_out = "MosMedData is left out: AUC undefined: all 171 test scans are positive."
        assert left_out in " ".join(shown)


def test_a_site_that_is_not_here_keeps_its_panels(drawn_absent: Job, svg_texts: Texts) -> None:
    shown = svg_texts(drawn_absent.outputs["figures"] / "roc_single_site.svg")
    assert "COVID-CT" in shown
    assert shown.count("not run") == 1 + 2, "one arm of site A, one of site B"
