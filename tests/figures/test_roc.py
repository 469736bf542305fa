from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

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
            mean, sd = pooled["auc_mc_mean"], pooled["auc_mc_sd"]
            assert f"MC, n = 3: {mean:.2f} ± {sd:.2f}" in shown
            assert f"0.01 grid {pooled['auc_grid']:.2f}" in shown


def test_the_curve_that_is_drawn_has_the_area_that_is_printed(nguyen: Results) -> None:
    """And the printed interval lies within the areas under both edges of the band."""
    for cell in nguyen.cells.values():
        pooled = cell["pooled"]
        if pooled["auc"] is not None:
            curve = pooled["roc"]
            area = np.trapezoid(curve["tpr"], curve["fpr"])
            assert area == pytest.approx(pooled["auc"], abs=2e-3)
            low, high = (
                np.trapezoid(curve[f"band_{edge}"], curve["band_fpr"]) for edge in ("low", "high")
            )
            assert low < pooled["auc_low"]
            assert pooled["auc_high"] < high


def test_the_grid_has_a_curve_of_its_own_with_the_area_that_is_printed(nguyen: Results) -> None:
    """A cell whose probabilities lie close together has a grid far from its curve."""
    for cell in nguyen.cells.values():
        pooled = cell["pooled"]
        if pooled["auc_grid"] is not None:
            curve = pooled["roc_grid"]
            area = np.trapezoid(curve["tpr"], curve["fpr"])
            assert area == pytest.approx(pooled["auc_grid"], abs=2e-3)


def test_each_panel_names_the_method_of_its_own_interval(
    nguyen: Results, tmp_path: Path, svg_texts: Texts
) -> None:
    """One cell has no variance: its panel must not say DeLong."""
    key = (nguyen.rows[0].name, nguyen.columns[0].row)
    cell = nguyen.cells[key]
    intervals = {"auc": "Wilson on 7 disjoint patient pairs: no variance"}
    cells = {**nguyen.cells, key: {**cell, "pooled": {**cell["pooled"], "intervals": intervals}}}
    roc.draw(dataclasses.replace(nguyen, cells=cells), tmp_path)
    shown = " ".join(svg_texts(tmp_path / "roc_single_site.svg"))
    assert "Wilson on 7 disjoint patient pairs" in shown
    assert shown.count("DeLong") == 3 * 3 - 1


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
