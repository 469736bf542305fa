"""What a run notes of each round; the laws of the whole are in test_fedavg."""

import json
import shutil

import torch
from federated_fit import FEDAVG, Tiny, cohorts, settings

from elsewhere.methods import record
from elsewhere.methods.federated_run import FederatedRun
from elsewhere.methods.interrupt import Interrupt


def run(folder, **changes):
    torch.manual_seed(0)
    row = FEDAVG.model_copy(update={"rounds": 2, **changes})
    return FederatedRun(Tiny(), cohorts(1), settings(folder), row=row, interrupt=Interrupt())


def test_bytes_are_known_also_after_a_kill_before_the_validation(tmp_path):
    valid = cohorts(11)
    whole = run(tmp_path / "whole")
    while not whole.finished:
        whole.round(valid)
    one = run(tmp_path / "killed")
    one.round(valid)
    state = shutil.copy(tmp_path / "killed/state.pt", tmp_path / "state.pt")
    one.round(valid)
    shutil.copy(state, tmp_path / "killed/state.pt")
    again = run(tmp_path / "killed")
    again.round(valid)
    assert again.finished
    expected, got = whole.fitted(), again.fitted()
    for one_row, other in zip(expected.rounds, got.rounds, strict=True):
        assert (one_row["bytes_up"], one_row["bytes_down"]) == (
            other["bytes_up"], other["bytes_down"],
        )  # fmt: skip
    assert expected.history == got.history


def test_history_and_cost_name_sites_and_rounds(tmp_path):
    federated = run(tmp_path / "run")
    while not federated.finished:
        federated.round(cohorts(11))
    fitted = federated.fitted()
    record.write_history(fitted.history, tmp_path / "history.csv")
    header, first, _ = (tmp_path / "history.csv").read_text().splitlines()
    assert header == "iteration,learning_rate,loss,selection_score,score_a,score_b,score_c"
    assert first.startswith("1,0.01,")
    cost = record.cost(fitted, federated.budget.training)
    record.write_json(cost, tmp_path / "cost.json")
    rows = json.loads((tmp_path / "cost.json").read_text())["rounds"]
    assert [row["round"] for row in rows] == [1, 2]
    assert set(rows[0]) == {
        "round", "bytes_up", "bytes_down", "encrypt_seconds", "add_seconds", "decrypt_seconds",
    }  # fmt: skip
