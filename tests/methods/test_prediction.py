from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor

from elsewhere.cohorts.cohort import Cohort
from elsewhere.design.budgets import Prediction
from elsewhere.design.inputs.image import ImageInput
from elsewhere.design.job import Job
from elsewhere.imaging import store
from elsewhere.methods.inference import InferenceOptions
from elsewhere.methods.prediction import Sampling, predict, sample, scan_seed
from elsewhere.networks.network import Network
from elsewhere.unfinished import unfinished

IMAGE = ImageInput(kind="image", matrix=4, stored_matrix=4, channels=1, normalise="imagenet")


class Corner(Network):
    """The first pixel is the logit of class 1, with dropout."""

    classifier = torch.nn.Identity()

    def __init__(self) -> None:
        super().__init__()
        self.drop = torch.nn.Dropout(0.5)

    def embed(self, images: Tensor, site: str | None) -> Tensor:
        corner = self.drop(images)[:, 0, 0, 0]
        return torch.stack([torch.zeros_like(corner), corner], 1)


@pytest.fixture
def cohort(tmp_path) -> Cohort:
    ids = tuple(f"{i:016x}" for i in range(7))
    for i, scan in enumerate(ids):
        store.write(tmp_path / f"{scan}{store.SUFFIX}", np.full((1, 4, 4), 30 * i, np.uint8))
    return Cohort("here", ids, ids, np.arange(7) % 2, tmp_path)


def options():
    return InferenceOptions(input=IMAGE, site=None, batch_size=3, device=torch.device("cpu"))


def test_rows_stay_with_their_scans(cohort):
    found = predict(Corner(), cohort, options=options())
    logits = (30 * np.arange(7) / 255 - 0.449) / 0.226  # the mean of ImageNet's three channels
    expected = 1 / (1 + np.exp(-logits))
    np.testing.assert_allclose(found.rows["probability_1"], expected, atol=1e-5)
    assert tuple(found.rows["scan_id"]) == cohort.scan_ids
    assert list(found.rows["label"]) == [0, 1, 0, 1, 0, 1, 0]
    assert len(found.seconds) == 7
    assert min(found.seconds) > 0


def test_the_passes_of_a_scan_do_not_depend_on_its_cohort(cohort):
    row = Prediction(
        device="cpu", precision="fp32", mc_passes=5, mc_dropblock=False, batch_size=3, threads=1
    )
    every = sample(Corner(), cohort, sampling=Sampling(row, seed=2), options=options())
    last = Cohort("here", cohort.scan_ids[6:], ("p",), np.asarray([0]), cohort.arrays)
    (alone,) = sample(Corner(), last, sampling=Sampling(row, seed=2), options=options())
    np.testing.assert_array_equal(every[6], alone)
    assert all(len(passes) == 5 for passes in every)


def test_batches_that_were_predicted_before_are_not_predicted_again(cohort, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    job = Job("predict", {}, {}, {}, digest="settings and code")
    first = Cohort("here", cohort.scan_ids[:3], cohort.patient_ids[:3], np.arange(3), tmp_path)
    expected = predict(Corner(), cohort, options=options())
    with unfinished(job) as kept:
        seconds = predict(Corner(), first, options=options(), kept=kept).seconds
    for scan in cohort.scan_ids[:3]:  # what is not read need not be there
        (tmp_path / f"{scan}{store.SUFFIX}").unlink()
    unread = Cohort("here", cohort.scan_ids, cohort.patient_ids, cohort.labels, tmp_path)
    with unfinished(job) as kept:
        again = predict(Corner(), unread, options=options(), kept=kept)
        with pytest.raises(FileNotFoundError):
            predict(Corner(), unread, options=options(), kept=kept.within("another model"))
    pd.testing.assert_frame_equal(again.rows, expected.rows, check_exact=True)
    assert again.seconds[:3] == seconds


def test_scans_and_runs_have_seeds_of_their_own():
    seeds = {scan_seed(seed, f"{scan:016x}") for seed in range(20) for scan in range(50)}
    assert len(seeds) == 1000
    assert all(0 <= seed < 2**63 for seed in seeds)
