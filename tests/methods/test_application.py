from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from elsewhere.cohorts import cohort
from elsewhere.cohorts.cohort import SiteFiles
from elsewhere.methods import trained
from elsewhere.methods.application import predicted
from elsewhere.methods.prediction import predict
from elsewhere.methods.run import Run
from elsewhere.steps.predict import Settings


def test_both_parts_of_the_runs_fold_are_predicted(
    files: SiteFiles, applied: Settings, model: Run
) -> None:
    found = predicted(model, files, settings=applied)
    rows = found.rows
    assert sorted(rows["part"]) == ["test", "test", "validation"]
    assert set(rows["fold"]) == {1}
    assert set(rows["seed"]) == {7}
    assert len(found.seconds) == 3
    for part in ("validation", "test"):
        scans = cohort.load(files, fold=1, part=part)
        options = trained.inference_options(
            applied, site="a", sites=model.sites, device=model.device
        )
        network = trained.load(
            model.model, settings=applied, sites=model.sites, scans=scans, options=options
        )
        expected = predict(network, scans, options=options).rows["probability_1"]
        assert rows.loc[rows["part"] == part, "probability_1"].tolist() == expected.tolist()


def test_only_test_scans_have_monte_carlo_passes(
    files: SiteFiles, applied: Settings, model: Run
) -> None:
    rows = predicted(model, files, settings=applied).rows
    lengths = rows.groupby("part")["mc_probability"].agg(lambda passes: {len(p) for p in passes})
    assert lengths.to_dict() == {"test": {2}, "validation": {0}}


def test_test_scans_of_one_class_have_no_passes_because_nothing_uses_them(
    files: SiteFiles, applied: Settings, model: Run, tmp_path: Path
) -> None:
    split = pd.read_csv(files.split, dtype={"scan_id": str, "patient_id": str})
    split.loc[split["part"] == "test", "label"] = 1
    split.to_csv(tmp_path / "split.csv", index=False)
    alone = replace(files, split=tmp_path / "split.csv")
    rows = predicted(model, alone, settings=applied).rows
    assert set(rows.loc[rows["part"] == "test", "label"]) == {1}
    assert rows["mc_probability"].map(len).max() == 0
