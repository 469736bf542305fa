"""The model of a federation between hospitals is a source of the graph that both drivers know."""

import csv
import sys
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import pytest
from project import Project, copy_checkout

sys.path.insert(0, str(Path(__file__).parents[1] / "carriers"))

from hospitals import Federation, InProcess, tables, write_project

from elsewhere.carriers.bringing import bring
from elsewhere.scores.at_site import MARK

pytestmark = pytest.mark.slow


def thorax(seed):
    """Lungs of air in a body of water in air [z, y, x], with noise; nobody's is another's."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1:1:24j, -1:1:24j]
    wide, high, apart = rng.uniform((0.15, 0.3, 0.3), (0.35, 0.7, 0.5))
    body = np.hypot(x / rng.uniform(0.7, 1), y / rng.uniform(0.6, 1)) < 1
    lungs = (np.hypot((abs(x) - apart) / wide, (y - rng.uniform(-0.2, 0.2)) / high) < 1) & body
    hu = np.where(lungs, -800, np.where(body, 30, -1000))
    return (hu + rng.normal(0, 20, (12, 24, 24))).clip(-1024, 1000).astype(np.int16)


def settings():
    """Those of hospital north: the scans of the others are not here."""
    values = tables()
    values["studies"]["three"]["split"] |= {"test": 0.34, "validation": 0.33}
    values["studies"]["three"]["figures"] = ["matrix", "training"]
    for site in ("south", "west"):
        values["sites"][site]["available"] = False
    return values


@pytest.fixture(scope="module")
def project(tmp_path_factory, module_patch):
    """A project in which Snakemake has made the matrix of an imported federation."""
    top = tmp_path_factory.mktemp("federation")
    module_patch.setattr("hospitals.tables", lambda **changes: settings())
    federation = Federation(top / "federation", {})
    federation.serve(InProcess(federation.members()))
    project = Project.at(top)
    copy_checkout(project.path)
    raw = project.path / "data/raw/north"
    raw.mkdir(parents=True)
    for number in range(24):
        image = nibabel.Nifti1Image(thorax(number).transpose(2, 1, 0), np.diag([-1, -1, 5, 1]))
        nibabel.save(image, raw / f"{number}.nii.gz")
    rows = [{"path": f"{n}.nii.gz", "patient": f"p{n}", "label": n % 2} for n in range(24)]
    pd.DataFrame(rows).to_csv(raw / "label.csv", index=False)
    values = settings()
    write_project(project.path, values)
    export = federation.home("north") / "export"
    bring(export, "ours", project=project.path, study="three", arm="together")
    values["studies"]["three"]["arms"]["together"]["federation"] = "ours"
    write_project(project.path, values)
    project.sh("git init -q && git config user.email a@b.invalid && git config user.name x")
    project.sh("dvc init -q && dvc config core.analytics false")
    project.sh("python -m elsewhere graph && dvc add -q data/raw/north data/federations/ours")
    project.sh("git add -A && git commit -qm start")
    project.sh("snakemake -j2 --show-failed-logs")
    return project


@pytest.fixture(scope="module")
def module_patch():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def test_cells_are_of_here_or_marked_as_computed_at_the_site(project):
    with (project.path / "results/three/matrix.csv").open(newline="") as file:
        rows = {row["test_site"]: row for row in csv.DictReader(file)}
    assert {site: row["status"] for site, row in rows.items()} == {
        "north": "ok", "south": MARK, "west": MARK, "average": "ok", "combined": "ok",
    }  # fmt: skip
    # numbers of a site can be averaged, but its scans are not here
    assert rows["average"]["test_sites"] == "north+south+west"
    assert rows["combined"]["test_sites"] == "north"
    assert rows["north"]["n_patients"] == "8"
    assert float(rows["south"]["auc"]) >= 0
    assert {row["selection"] for row in rows.values()} == {"last round"}
    assert "Computed at the site" in (project.path / "results/three/report.html").read_text()


def test_both_drivers_have_nothing_left_to_do(project):
    assert "Data and pipelines are up to date" in project.sh("dvc repro && dvc status")
    assert "Nothing to be done" in project.sh("snakemake -n")


def test_another_model_makes_what_follows_stale(project):
    path = project.path / "data/federations/ours/run.json"
    text = path.read_text()
    path.write_text(text.replace('"rounds": 2', '"rounds": 3'))
    planned = project.sh("snakemake -n")
    path.write_text(text)
    assert "rule train:" in planned
    assert "rule prepare:" not in planned
