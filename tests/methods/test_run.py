from __future__ import annotations

import json

import torch

from elsewhere.methods.run import Run, failure, read


def records(folder, **named):
    paths = {}
    for name, record in named.items():
        paths[name.replace("_", "-")] = folder / f"{name}.json"
        paths[name.replace("_", "-")].write_text(json.dumps(record), encoding="utf-8")
    return paths


def test_runs_are_read_in_the_order_of_fold_and_seed(tmp_path):
    ok = {"status": "ok"}
    paths = records(tmp_path, **{"10_0": ok, "2_11": ok, "2_3": ok})
    assert [*read(paths)] == ["2-3", "2-11", "10-0"]


def test_a_model_that_was_not_made_says_why(tmp_path):
    lost = {"status": "not run", "reason": "site b has no data here"}
    found = read(records(tmp_path, **{"0_0": {"status": "ok"}, "1_0": lost}))
    assert failure(found) == "site b has no data here"
    assert failure({"0-0": {"status": "ok"}}) is None


def test_fold_seed_and_sites_are_those_of_the_name_and_the_record(tmp_path):
    run = Run("3-643", {"n_train": {"a": 5, "b": 7}}, tmp_path, torch.device("cpu"))
    assert (run.fold, run.seed, dict(run.sites)) == (3, 643, {"a": 5, "b": 7})
