"""The figure step on a study whose metrics are invented (tests/figures/conftest.py makes it)."""

from __future__ import annotations

import csv
import dataclasses
import runpy
from pathlib import Path

import pytest

from elsewhere.design.job import Job
from elsewhere.design.params import load
from elsewhere.design.scoring import STANDARD
from elsewhere.scores.matrix import columns
from elsewhere.steps import figure

MAKER = runpy.run_path(str(Path(__file__).parents[1] / "figures" / "conftest.py"))


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> tuple[Job, dict[str, bytes]]:
    folder = tmp_path_factory.mktemp("twice")
    job, settings = MAKER["study_job"](folder, "contrastive", arms=("single-a", "joint"))
    figure.run(job, settings)
    before = _contents(job)
    figure.run(job, settings)
    return job, before


def _contents(job: Job) -> dict[str, bytes]:
    home = job.outputs["report"].parent
    files = [job.outputs["matrix"], job.outputs["report"], *job.outputs["figures"].iterdir()]
    return {str(path.relative_to(home)): path.read_bytes() for path in files}


def test_the_same_inputs_give_the_same_bytes(twice: tuple[Job, dict[str, bytes]]) -> None:
    job, before = twice
    assert _contents(job) == before


def test_every_output_is_there(twice: tuple[Job, dict[str, bytes]]) -> None:
    _, files = twice
    for name in ("matrix", "roc_single_site", "roc_multi_site", "confusion_single_site",
                 "confusion_multi_site", "published", "arms_table", "confounding", "cohort_table",
                 "site_profile", "example_slices",
                 "training", "architecture_covidnet-redesign"):  # fmt: skip
        for suffix in (".png", ".svg"):
            assert len(files[f"figures/{name}{suffix}"]) > 1000
    assert files["figures/cohort.csv"]
    assert files["figures/published.csv"]
    assert files["figures/arms_table.csv"]
    assert files["figures/confounding.csv"]
    assert not [name for name in files if ".part-" in name]


def test_matrix_csv_has_every_run_and_a_pooled_row(
    twice: tuple[Job, dict[str, bytes]],
) -> None:
    job, _ = twice
    with job.outputs["matrix"].open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    metrics = load(Path(__file__).parents[1] / "params").studies["contrastive"].scoring.metrics
    assert set(STANDARD) < set(metrics)
    assert tuple(rows[0]) == columns(metrics)
    # arms x (sites and combined) x (folds + pooled), and an average of each arm
    assert len(rows) == 2 * 3 * (4 + 1) + 2


def test_matrix_csv_has_the_averages_of_the_confusion_figures(tmp_path: Path) -> None:
    """A-54: equal weight for each site, with and without MosMedData, and all samples combined."""
    job, settings = MAKER["study_job"](tmp_path, arms=("utsw", "utsw_covid-ctset"))
    figure.run(dataclasses.replace(job, members={"figures": ("matrix",)}), settings)
    with job.outputs["matrix"].open(encoding="utf-8", newline="") as file:
        rows = {(row["arm"], row["test_site"]): row for row in csv.DictReader(file)}
    sites = [*settings.sites]
    without, left = "average without mosmed-synthetic", sites[:-1]
    for arm in ("utsw", "utsw_covid-ctset"):
        for name, of in (("average", sites), (without, left)):
            row, cells = rows[arm, name], [rows[arm, site] for site in of]
            mean = sum(float(cell["accuracy"]) for cell in cells) / len(of)
            assert float(row["accuracy"]) == pytest.approx(mean)
            assert row["test_sites"] == "+".join(of)
            assert int(row["n_scans"]) == sum(int(cell["n_scans"]) for cell in cells)
        assert (rows[arm, "average"]["auc"], rows[arm, "average"]["status"]) == ("", "undefined")
        mean = sum(float(rows[arm, site]["auc"]) for site in left) / 3
        assert float(rows[arm, without]["auc"]) == pytest.approx(mean)
        assert float(rows[arm, without]["auc_low"]) < mean < float(rows[arm, without]["auc_high"])
        # one threshold for all sites: the share of right calls over all scans
        right = sum(int(rows[arm, s]["n_scans"]) * float(rows[arm, s]["accuracy"]) for s in sites)
        combined = rows[arm, "combined"]
        assert float(combined["accuracy"]) == pytest.approx(right / int(combined["n_scans"]))
        assert combined["test_sites"] == "+".join(sites)
        assert float(combined["auc_low"]) < float(combined["auc"]) < float(combined["auc_high"])


def test_every_figure_says_synthetic(twice: tuple[Job, dict[str, bytes]]) -> None:
    _, files = twice
    svgs = [content for name, content in files.items() if name.endswith(".svg")]
    assert len(svgs) == sum(name.endswith(".png") for name in files) >= 13
    assert all(b"SYNTHETIC DATA" in content for content in svgs)
