"""What is said of training is what settings and run.json hold."""

import json
from importlib.metadata import version

import pytest

from elsewhere.evidence import training_facts


def test_settings_are_those_of_the_scale(study, known):
    training = study.params.budgets["nguyen-demo"].training
    assert f"iterations {training.iterations}," in known["training"].text
    assert f"learning_rate {training.learning_rate:g}" in known["training"].text
    assert "clip_min_hu -1000" in known["preparation"].text
    assert "dense_features 256" in known["network"].text
    assert "Empirical risk minimisation" in known["method"].text


def test_the_iterations_that_were_kept_are_those_of_the_records(study, known):
    paths = study.job.paths("record").values()
    best = [json.loads(path.read_text())["best_iteration"] for path in paths]
    assert f"iteration {min(best)} to {max(best)}." in known["selection"].text


def test_weights_that_are_not_on_disk_are_no_fact(study, known):
    assert known["weights"] is None
    [first, *_] = study.job.paths("record").values()
    beside = first.with_name("model.safetensors")
    beside.write_bytes(b"")
    try:
        assert training_facts.weights(study).files == (beside,)
    finally:
        beside.unlink()


@pytest.mark.parametrize(
    ("record", "text"),
    [
        ({"status": "ok"}, "new random weights"),
        ({"status": "ok", "starts_from": "federated"}, "the weights of arm federated"),
        ({"status": "ok", "pretrained_sha256": "0123456789"}, "SHA-256 01234567"),
    ],
)
def test_where_runs_begin(record, text):
    assert text in training_facts._begun(record)


def test_versions_are_those_that_are_installed(known):
    assert f"numpy {version('numpy')}" in known["software"].text


@pytest.mark.parametrize(
    ("numbers", "text"), [([600], "600"), ([100, 600], "100 to 600"), ([1200, 1200], "1,200")]
)
def test_ranges(numbers, text):
    assert training_facts._between(numbers) == text


def test_costs_are_the_sum_of_the_runs(study, known):
    seconds = [json.loads(path.read_text())["wall_seconds"]
               for path in study.job.paths("train_cost").values()]  # fmt: skip
    assert f"{sum(seconds) / 60:.1f} min" in training_facts.cost(study).text
