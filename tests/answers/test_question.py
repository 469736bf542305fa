"""A question names what is there, and what to do where it is not."""

import shutil
from pathlib import Path

import pytest
from small_project import ASKED_ARM, STUDY

from elsewhere.answers.answer import Refused, Wanted
from elsewhere.answers.question import Question
from elsewhere.design import paths
from elsewhere.design.params import load


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Wanted("nobody", ASKED_ARM), f"no study 'nobody'; there are .*{STUDY}"),
        (Wanted(STUDY, "mosmed"), f"no arm 'mosmed'; there are utsw, {ASKED_ARM}"),
        (Wanted(STUDY, ASKED_ARM, "mars"), "no site 'mars'; there are cc-ccii-synthetic"),
        (Wanted("ucadi", "pooled"), "not trained and scored here .* is missing"),
    ],
)
def test_a_name_that_is_not_there_is_refused(question, wanted, message):
    with pytest.raises(Refused, match=message):
        Question(question.params, wanted)


def test_a_model_that_is_missing_is_named(question, finished, tmp_path, monkeypatch):
    copy = tmp_path / "copy"
    shutil.copytree(finished, copy, ignore=shutil.ignore_patterns("data"), symlinks=True)
    monkeypatch.chdir(copy)
    lost = Path(paths.model(STUDY, ASKED_ARM, "0-0", "model.safetensors"))
    lost.unlink()
    with pytest.raises(Refused, match=f"{lost} is missing.*dvc pull"):
        Question(load(), question.wanted)


def test_it_knows_its_arm(question):
    assert question.trained_on == ("utsw-synthetic", "cc-ccii-synthetic")
    assert question.evaluated == (*question.trained_on, "mosmed-synthetic")
    assert (question.modality, question.outputs, question.classes) == ("volume", (), ())
    assert (question.synthetic, question.on_cpu, question.first_slice) == (True, True, "head")


def test_a_site_that_was_not_run_is_not_evaluated(question):
    cell = question.cells["mosmed-synthetic"]
    cell["pooled"]["status"] = "not run"
    assert question.evaluated == question.trained_on


def test_the_models_are_those_that_the_step_predict_applies(question):
    assert [str(path) for path in question.files("model").values()] == [
        paths.model(STUDY, ASKED_ARM, "0-0", "model.safetensors")
    ]
