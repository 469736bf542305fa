"""A network is prepared for a scan as for its cell; what a policy sees is the scan alone."""

import contextlib
import importlib
import shutil
from dataclasses import replace

import pytest
import yaml
from small_project import STUDY

from elsewhere.answers import files, predict
from elsewhere.answers.answer import Wanted
from elsewhere.answers.question import Question
from elsewhere.design import params as tables
from elsewhere.design import paths
from elsewhere.design.graph import stages
from elsewhere.design.plan import hand
from elsewhere.imaging import store
from elsewhere.scores import predictions


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


LAYERS = {"method": "sepnorm", "unseen": "ensemble"}
ANONYMOUS = {"method": "sepnorm", "unseen": "mean", "anonymous": True, "models_of": "layers"}


@pytest.fixture(scope="module")
def layers(finished, tmp_path_factory):
    """The project with arms that have layers for each training site, trained by the real step.

    At a site that it does not know, ``layers`` takes the mean of what all say; ``anonymous`` treats
    every site so, with the mean of all layers.
    """
    top = tmp_path_factory.mktemp("layers") / "project"
    shutil.copytree(finished, top, symlinks=True)
    path = top / f"config/studies/{STUDY}.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    arms = content["studies"][STUDY]["arms"]
    arms["layers"] = {**arms["utsw_cc-ccii"], **LAYERS}
    arms["anonymous"] = {**arms["utsw_cc-ccii"], **ANONYMOUS}
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    with contextlib.chdir(top):
        values = tables.read()
        params = tables.parse(values)
        for stage in stages(params).values():
            mine = stage.wildcards.get("arm") in ("layers", "anonymous")
            if mine and stage.step in ("train", "predict", "score"):
                handed = hand(stage, params, values)
                step = importlib.import_module(f"elsewhere.steps.{stage.step}")
                step.run(handed.job, step.Settings(**handed.settings))
    return top


def probability(work, arm, site, numbers, number=1):
    return said(work, arm, site, numbers)[str(number)]["runs"][0]["probabilities"][""]


def in_its_cell(asked, top, arm, number=1):
    """Return the site of a scan, and what the step `predict` has said of it."""
    scan = next(scan for scan in asked.answer.scans if scan.number == number)
    row, scan_id = asked.scans[scan.sha256]
    rows, _ = predictions.read(top / paths.cell(STUDY, arm, row, "predictions.parquet"))
    tested = rows[(rows["scan_id"] == scan_id) & (rows["part"] == "test")]
    return row, float(tested["probability_1"].iloc[0])


@pytest.mark.parametrize("arm", ["layers", "anonymous"])
def test_a_named_site_is_treated_as_in_its_cell(work, layers, asked, monkeypatch, arm):
    """With its own layers, unless the arm treats every site as unknown."""
    monkeypatch.chdir(layers)
    row, cell = in_its_cell(asked, layers, arm)
    named = probability(work, arm, row, (1,))
    assert named == pytest.approx(cell, abs=1e-6)
    unknown = probability(work, arm, "", (1,))
    assert (unknown == pytest.approx(named, abs=1e-6)) == (arm == "anonymous")


def test_a_policy_that_looks_at_scans_sees_each_alone(work, layers, monkeypatch):
    """What is said of a scan from an unknown place depends on no other."""
    monkeypatch.chdir(layers)
    question = Question(tables.load(), Wanted(STUDY, "layers"))
    settings = replace(predict.arm_settings(question), unseen="test_time")
    scans = predict._prepared(work, (1, 2), settings, question)
    groups = [*predict._Asked(question, settings, scans).groups(None)]
    assert [group.scan_ids for group, _ in groups] == [("000001",), ("000002",)]
    assert [shown.scan_ids for _, shown in groups] == [("000001",), ("000002",)]
    for at, (group, _) in enumerate(groups):
        assert (group.array(0) == scans.array(at)).all()
