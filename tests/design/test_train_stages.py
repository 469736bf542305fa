"""train_stages: runs of an arm, and what they read; the whole graph is in test_graph."""

import copy

from elsewhere.design import params as tables
from elsewhere.design.params import Settings
from elsewhere.design.train_stages import runs, runs_of, train, training_sites


def test_hospitals_train_the_first_run_alone(values: Settings) -> None:
    new = copy.deepcopy(values)
    study = new["studies"]["ucadi"]
    study["scales"]["demo"]["seeds"] = [3, 4]
    study["arms"]["federated-2"]["starts_from"] = None
    study["arms"]["federated-2"]["federation"] = "ours"
    params = tables.parse(new)
    assert runs(params, "ucadi") == ["0-3", "0-4"]
    assert runs_of(params, "ucadi", "pooled") == ["0-3", "0-4"]
    assert runs_of(params, "ucadi", "federated-2") == ["0-3"]


def test_a_run_reads_its_sites_and_the_run_before(values: Settings) -> None:
    params = tables.parse(values)
    stage = train(params, "ucadi", "federated-2", "0-0")
    sites = training_sites(params, "ucadi", "federated-2")
    assert [*stage.inputs["arrays"]] == sites
    assert stage.inputs["start_model"] == ("results/ucadi/models/federated-1/0-0/model.safetensors")
    assert "federation" not in stage.settings
