"""What a federation leaves becomes an arm of a project: its model is applied as any other."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml
from hospitals import SITES, tables, write_project, write_scans
from safetensors.torch import load_file

from elsewhere.carriers.bringing import bring
from elsewhere.design import params
from elsewhere.drivers import execute
from elsewhere.federation.wire import RefusedError
from elsewhere.figures import results, site_scores
from elsewhere.scores import matrix
from elsewhere.scores.at_site import MARK

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of someone with the scans of north alone."""
    top = tmp_path / "project"
    write_project(top, tables())
    write_scans(top, "north")
    (top / "src").symlink_to(ROOT / "src")
    for site in SITES[1:]:
        folder = top / f"data/inputs/tiny/{site}"
        (folder / "arrays").mkdir(parents=True)
        empty = pd.DataFrame({"scan_id": [], "patient_id": [], "label": []})
        empty = empty.astype({"scan_id": str, "patient_id": str, "label": int})
        empty.to_parquet(folder / "index.parquet")
        split = top / f"results/three/splits/{site}.csv"
        empty.assign(fold=[], part=[]).to_csv(split, index=False)
    monkeypatch.chdir(top)
    return top


def take_over(top, name):
    values = yaml.safe_load((top / "config/all.yaml").read_text())
    values["studies"]["three"]["arms"]["together"]["federation"] = name
    write_project(top, values)


def brought(finished, top, name="ours", **changes):
    wanted = {"study": "three", "arm": "together", **changes}
    return bring(finished.home("north") / "export", name, project=top, **wanted)


def test_the_arm_has_the_model_and_the_cells_of_here_and_of_the_sites(finished, project):
    assert brought(finished, project) == finished.agreement
    take_over(project, "ours")
    execute.run("train", ["three", "together", "0-7"])
    run = project / "results/three/models/together/0-7"
    one, other = (load_file(p) for p in (
        run / "model.safetensors", finished.home("north") / "export/model.safetensors",
    ))  # fmt: skip
    assert all((one[name] == other[name]).all() for name in other)
    record = json.loads((run / "run.json").read_text())
    assert (record["status"], record["federation"]) == ("ok", "ours")
    for site in SITES:
        execute.run("predict", ["three", "together", site])
    for site in SITES:
        execute.run("score", ["three", "together", site])
    top = project / "results/three/cells/together"
    paths = {f"together/{site}": top / site / "metrics.json" for site in SITES}
    cells = {s: json.loads(path.read_text()) for s, path in zip(SITES, paths.values(), strict=True)}
    assert cells["north"]["status"] == "ok"
    assert "at_site" not in cells["north"]
    assert cells["south"]["status"] == "not run"
    loaded = params.load(project)
    study = loaded.studies["three"]
    metrics = study.scoring.metrics
    rows = {
        row["test_site"]: row
        for row in matrix.rows(cells.values(), arms=study.arms, sites=SITES, metrics=metrics)
    }
    assert [rows[site]["status"] for site in SITES] == ["ok", MARK, MARK]
    own = json.loads((finished.home("south") / "finished/metrics.json").read_text())
    assert rows["south"]["auc"] == own["pooled"]["auc"]
    assert rows["south"]["threshold"] is None
    matrix.write(rows.values(), project / "matrix.csv", metrics=metrics)
    assert MARK in (project / "matrix.csv").read_text()
    named = results.Named(
        study="three", title="Three", classes=study.classes, confidence=0.95,
        threshold_from="training_sites", policy=(), metrics=metrics,
    )  # fmt: skip
    gathered = results.gather(
        paths, arms=study.arms, sites={site: loaded.sites[site] for site in SITES},
        site_rows=dict(zip(SITES, SITES, strict=True)), named=named,
    )  # fmt: skip
    shown = site_scores.rows([gathered])
    assert [(row["site"], row["status"]) for row in shown] == [("south", MARK), ("west", MARK)]


def test_another_run_than_the_federations_is_refused(finished, project):
    brought(finished, project)
    take_over(project, "ours")
    values = yaml.safe_load((project / "config/all.yaml").read_text())
    values["studies"]["three"]["scales"]["demo"]["seeds"] = [8]
    write_project(project, values)
    with pytest.raises(ValueError, match="has the model of run 0-7, this is 0-8"):
        execute.run("train", ["three", "together", "0-8"])


def test_an_arm_that_differs_is_refused(finished, project):
    values = tables(rounds=3)
    write_project(project, values)
    with pytest.raises(RefusedError, match=r"settings of this project are not .*: method of study"):
        brought(finished, project)
    values = tables()
    values["studies"]["three"]["arms"]["together"]["sites"] = ["south", "north", "west"]
    write_project(project, values)
    with pytest.raises(RefusedError, match="trains on south, north, west, the federation on north"):
        brought(finished, project)


def test_a_changed_folder_is_refused_and_nothing_is_copied(finished, project, tmp_path):
    folder = shutil.copytree(finished.home("south") / "export", tmp_path / "export")
    (folder / "scores/west.json").write_text('{"parts": {"": {"status": "ok", "auc": 1.0}}}')
    with pytest.raises(RefusedError, match=r"west.json is not what was written"):
        bring(folder, "ours", project=project, study="three", arm="together")
    assert not (project / "data/federations").exists()


@pytest.mark.parametrize("name", ["..", ".", "", "../../elsewhere", "/tmp/x", "a/b", "Ours"])
def test_a_name_that_is_no_name_replaces_nothing(finished, project, name):
    before = sorted(project.rglob("*"))
    with pytest.raises(RefusedError, match="is no name"):
        brought(finished, project, name)
    assert sorted(project.rglob("*")) == before


def test_the_folder_of_another_federation_is_not_replaced(finished, project, tmp_path):
    brought(finished, project)
    brought(finished, project)  # the same once more
    top = project / "data/federations/ours"
    (top / "digests.json").write_text("{}")
    with pytest.raises(RefusedError, match="of another federation: choose another --name"):
        brought(finished, project)
    brought(finished, project, "theirs")
