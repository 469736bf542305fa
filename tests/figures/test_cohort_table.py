from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from elsewhere.design.job import Job

Texts = Callable[[Path], list[str]]


def test_counts_are_those_of_the_manifest(drawn: Job) -> None:
    cohort = pd.read_csv(drawn.outputs["figures"] / "cohort.csv")
    assert len(cohort) == 4 * 2  # site x label
    for (site, label), row in cohort.set_index(["site", "label"]).iterrows():
        scans = pd.read_parquet(drawn.paths("manifest")[site])
        scans = scans[scans["label"] == label]
        assert row["scans"] == len(scans)
        assert row["patients"] == len(set(scans["patient_id"]))
        assert row["rejected_at_site"] == 3, "what is set aside was no scan"
        sexes = row["sex_F"] + row["sex_M"] + row["sex_unknown"]
        assert sexes == row["patients"]


def test_median_age_counts_each_patient_once(drawn: Job) -> None:
    cohort = pd.read_csv(drawn.outputs["figures"] / "cohort.csv").set_index(["site", "label"])
    # ages 30 + number of the scan; scans 0, 1 | 4, 5 | 8, 9 are the negatives, two a patient
    assert cohort.loc[("utsw-synthetic", 0), "age_median"] == 34
    assert pd.isna(cohort.loc[("cc-ccii-synthetic", 0), "age_median"])


def test_a_site_that_is_not_here_is_a_row_without_numbers(
    drawn_absent: Job, svg_texts: Texts
) -> None:
    shown = svg_texts(drawn_absent.outputs["figures"] / "cohort_table.svg")
    assert "COVID-CT" in shown
    assert shown.count("no data here") == 2
    assert "nan" not in " ".join(shown)
