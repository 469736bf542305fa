"""The scores of sites and of all together."""

import dataclasses
import threading

import numpy as np
import pytest
import torch
from federated_fit import Tiny, cohorts, settings

from elsewhere.design.inputs.volume import VolumeInput
from elsewhere.methods.validation import Answers, _batch_size, answers, score, scores

ANSWERS = {
    "a": Answers(np.array([0, 1, 1]), np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])),
    "b": Answers(np.array([1]), np.array([[0.3, 0.7]])),
    "none": Answers(np.array([], np.int64), np.zeros((0, 2))),
}


def by(tmp_path, select_by):
    budget = settings(tmp_path)
    row = budget.training.model_copy(update={"select_by": select_by})
    return dataclasses.replace(budget, training=row)


def test_a_site_without_what_a_score_needs_has_none(tmp_path):
    assert scores(ANSWERS, by(tmp_path, "accuracy")) == {"a": 2 / 3, "b": 1.0, "none": None}
    assert scores(ANSWERS, by(tmp_path, "auc")) == {"a": 1.0, "b": None, "none": None}


def test_the_score_of_all_counts_scans_not_sites(tmp_path):
    assert score(ANSWERS, by(tmp_path, "accuracy")) == 3 / 4
    assert score(ANSWERS, by(tmp_path, "auc")) == pytest.approx(1.0)


def test_every_scan_is_answered_and_may_stop_the_run(tmp_path):
    seen = []
    valid = cohorts(11)
    found = answers(
        Tiny(), valid, settings(tmp_path), device=torch.device("cpu"),
        check=lambda: seen.append(1),
    )  # fmt: skip
    assert len(seen) == sum(map(len, valid.values()))
    assert {site: said.probabilities.shape for site, said in found.items()} == {
        site: (len(scans), 2) for site, scans in valid.items()
    }


@pytest.mark.parametrize(
    ("side", "depth", "batch_size", "windows"),
    [(128, 64, 16, 64), (512, 128, 1, 4), (512, 128, 2, 4), (512, 128, 6, 6)],
)
def test_a_pass_on_a_gpu_has_more_windows_than_a_batch_unless_they_are_large(
    tmp_path, side, depth, batch_size, windows
):
    """A batch of 6 windows of 128 x 512 x 512 may fill the card: 24 of them would not fit."""
    budget = settings(tmp_path)
    row = budget.training.model_copy(update={"batch_size": batch_size})
    volume = VolumeInput(
        kind="volume", matrix=side, depth=depth, stride=depth, clip_min_hu=-1000,
        clip_max_hu=None, ct_number="keep", normalise="volume",
    )  # fmt: skip
    budget = dataclasses.replace(budget, training=row, input=volume)
    assert _batch_size(budget, torch.device("cuda")) == windows
    assert _batch_size(budget, torch.device("cpu")) == batch_size


def test_a_validation_that_is_stopped_leaves_no_thread_that_reads(tmp_path):
    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as kept:  # with the frames that it went through
        answers(Tiny(), cohorts(11), settings(tmp_path), device=torch.device("cpu"), check=stop)
    readers = [one for one in threading.enumerate() if one.name.startswith("read")]
    for one in readers:
        one.join(5)
    assert kept.tb
    assert not any(one.is_alive() for one in readers)
