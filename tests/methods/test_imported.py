"""A model that was trained elsewhere is taken over as it is; the whole way is in test_bringing."""

import json

import pytest

from elsewhere.design.job import Job
from elsewhere.methods.imported import take_over


@pytest.fixture
def job(tmp_path):
    record = {"status": "ok", "fold": 0, "seed": 3, "arm": "theirs", "n_train": {"a": None}}
    (tmp_path / "run.json").write_text(json.dumps(record))
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    names = {"model": "model.safetensors", "history": "history.csv", "record": "run.json"}
    outputs = {name: tmp_path / "out" / file for name, file in {**names, "cost": "c.json"}.items()}
    inputs = {
        "federation_model": tmp_path / "model.safetensors",
        "federation_record": tmp_path / "run.json",
    }
    return Job("train", {"study": "s", "arm": "ours", "run": "0-3"}, inputs, outputs)


def test_outputs_are_those_of_a_training(job):
    take_over(job, name="three")
    assert job.outputs["model"].read_bytes() == b"weights"
    record = json.loads(job.outputs["record"].read_text())
    assert (record["arm"], record["federation"], record["seed"]) == ("ours", "three", 3)
    assert len(job.outputs["history"].read_text().splitlines()) == 1
    assert json.loads(job.outputs["cost"].read_text()) == {"status": "trained at the hospitals"}


def test_the_model_of_another_run_is_refused(job):
    with pytest.raises(ValueError, match="has the model of run 0-3, this is 0-4"):
        take_over(Job("train", {**job.wildcards, "run": "0-4"}, job.inputs, job.outputs), name="x")
