from __future__ import annotations

import dataclasses

from elsewhere.figures.compared import NO_ARM, NO_METRIC, compare
from elsewhere.figures.results import Results


def test_ours_stand_beside_the_published_and_are_not_mixed(nguyen: Results) -> None:
    rows = compare(nguyen, "nguyen2021")
    first = next(row for row in rows if row["quantity"].startswith("AUC, trained on UTSW, "))
    pooled = nguyen.cell(nguyen.rows[0], nguyen.columns[0])["pooled"]
    assert first["published"] == "0.826 ± 0.024"
    assert first["ours"].startswith(f"{pooled['auc']:.3f} (")
    assert first["ours"].endswith(f"; grid {pooled['auc_grid']:.3f}"), "A-56: as published"
    unseen = [
        cell["pooled"]["auc"]
        for cell in nguyen.cells.values()
        if len(cell["training_sites"]) == 1
        and cell["site"] not in cell["training_sites"]
        and cell["pooled"]["auc"] is not None
    ]
    (ours,) = [row["ours"] for row in rows if row["requirement"] == "A-67"]
    assert ours == f"{min(unseen):.3f}–{max(unseen):.3f} (6 cells)"


def test_folds_are_a_mean_with_its_spread(contrastive: Results) -> None:
    rows = compare(contrastive, "contrastive")
    (row,) = [
        row for row in rows if row["requirement"] == "D-29" and row["quantity"].startswith("AUC")
    ]
    cell = contrastive.cells["single-b", "covid-ct-synthetic"]
    aucs = [run["auc"] for run in cell["runs"]]
    mean = sum(aucs) / 4
    sd = (sum((auc - mean) ** 2 for auc in aucs) / 3) ** 0.5
    assert row["ours"] == f"{mean:.4f} ± {sd:.4f}"


def test_a_range_is_that_of_the_counted_arms(nguyen: Results) -> None:
    rows = tuple(
        dataclasses.replace(row, counted=row.name != "utsw") if row.single else row
        for row in nguyen.rows
    )
    found = compare(dataclasses.replace(nguyen, rows=rows), "nguyen2021")
    (ours,) = [row["ours"] for row in found if row["requirement"] == "A-67"]
    assert ours.endswith("(4 cells)"), "of three arms on two sites each, one arm is left out"


def test_a_number_of_a_metric_that_the_study_does_not_have_says_so(contrastive: Results) -> None:
    named = dataclasses.replace(contrastive.named, metrics=("auc",))
    rows = compare(dataclasses.replace(contrastive, named=named), "contrastive")
    comments = {row["comment"] for row in rows if row["quantity"].startswith("F1")}
    assert NO_METRIC in comments
    assert comments <= {NO_METRIC, NO_ARM}
