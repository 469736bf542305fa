"""A network is prepared for a scan as for its cell; what a policy sees is the scan alone."""

import shutil

import pytest
import yaml
from small_project import STUDY

from elsewhere.answers import files, predict
from elsewhere.imaging import store


def said(work, arm, site, numbers):
    predict.main(work, STUDY, arm, site, ",".join(map(str, numbers)))
    return files.read_json(work / files.SAID)


@pytest.fixture
def work(asked, tmp_path):
    """Volumes of two scans of a question, as the process `intake` left them."""
    for number in (1, 2):
        shutil.copy(files.volume_file(asked.work, number), tmp_path)
    shutil.copy(asked.work / files.READ, tmp_path)
    return tmp_path


def test_a_scan_is_said_the_same_alone_and_among_others(work, finished, asked, monkeypatch):
    monkeypatch.chdir(finished)
    both = said(work, "utsw_cc-ccii", "", (1, 2))
    alone = said(work, "utsw_cc-ccii", "", (2,))
    assert both["2"] == alone["2"]
    told = {str(scan.number): scan.outputs[0].probability for scan in asked.answer.scans}
    for number, one in both.items():
        assert one["runs"][0]["probabilities"][""] == pytest.approx(told[number], abs=1e-9)


def test_the_map_lies_over_the_scan(work, finished, monkeypatch):
    monkeypatch.chdir(finished)
    told = said(work, "utsw_cc-ccii", "", (1,))["1"]
    heat = store.read(files.map_file(work, 1))
    assert heat.shape == store.read(work / files.ARRAYS / f"000001{store.SUFFIX}").shape
    assert heat.max() == 255
    assert told["map"]["layer"]
    assert told["map_reason"] == ""


@pytest.fixture(scope="module")
def layers(finished, tmp_path_factory):
    """The project with an arm that has layers for each training site, trained by the real step.

    At other sites it takes the layers of the nearest one, which it finds by the scans themselves.
    """
    import contextlib
    import importlib

    from elsewhere.design import params as tables
    from elsewhere.design.graph import stages
    from elsewhere.design.plan import hand

    top = tmp_path_factory.mktemp("layers") / "project"
    shutil.copytree(finished, top, symlinks=True)
    path = top / f"config/studies/{STUDY}.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    arms = content["studies"][STUDY]["arms"]
    arms["layers"] = {**arms["utsw_cc-ccii"], "method": "sepnorm", "unseen": "ensemble"}
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    with contextlib.chdir(top):
        values = tables.read()
        params = tables.parse(values)
        for stage in stages(params).values():
            if stage.wildcards.get("arm") == "layers" and stage.step in (
                "train",
                "predict",
                "score",
            ):
                handed = hand(stage, params, values)
                step = importlib.import_module(f"elsewhere.steps.{stage.step}")
                step.run(handed.job, step.Settings(**handed.settings))
    return top


def test_a_named_training_site_has_its_own_layers(work, layers, asked, monkeypatch):
    """As in its cell; without the name the scan is from nowhere, and the policy answers."""
    from elsewhere.scores import predictions

    monkeypatch.chdir(layers)
    first = next(scan for scan in asked.answer.scans if scan.number == 1)
    row, scan_id = asked.scans[first.sha256]
    rows, _ = predictions.read(layers / f"results/{STUDY}/cells/layers/{row}/predictions.parquet")
    cell = rows[(rows["scan_id"] == scan_id) & (rows["part"] == "test")]["probability_1"].iloc[0]
    named = said(work, "layers", row, (1,))["1"]["runs"][0]["probabilities"][""]
    unknown = said(work, "layers", "", (1,))["1"]["runs"][0]["probabilities"][""]
    assert named == pytest.approx(cell, abs=1e-6)
    assert unknown != pytest.approx(named, abs=1e-6)
