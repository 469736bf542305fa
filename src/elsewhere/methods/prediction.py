"""prediction: predict all scans of a cohort with a trained network, and time each scan."""

from __future__ import annotations

import hashlib
import logging
import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from elsewhere.cohorts.cohort import UNKNOWN, Cohort
from elsewhere.design.budgets import Prediction
from elsewhere.methods.inference import (
    Doubles,
    InferenceOptions,
    mc_probabilities,
    probabilities_many,
)
from elsewhere.networks.network import Network
from elsewhere.progress import reported

log = logging.getLogger(__name__)

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Predicted:
    """Predictions of one cohort.

    Attributes
    ----------
    rows
        One row per scan; with findings one per scan and known label; of more than two classes one
        per scan and class, whose label is 1 if it is the scan's. Columns scan_id, patient_id,
        finding, label, probability_0, probability_1, window_start, mc_probability (empty arrays).
    seconds
        Wall time of each scan, including reading (A-49); scans in one pass share its time equally.
    """

    rows: pd.DataFrame
    seconds: tuple[float, ...]


def predict(network: Network, cohort: Cohort, *, options: InferenceOptions) -> Predicted:
    """Predict every scan of a cohort (A-16).

    Parameters
    ----------
    network
        Trained, on the device of `options`.
    cohort
        The scans; images are predicted `batch_size` at a time, volumes one at a time.
    options
        See `inference.InferenceOptions`.
    """
    batch_size = options.batch_size if options.input.one_view else 1
    scores = np.zeros((len(cohort), options.outputs))
    starts = np.zeros(len(cohort), np.int64)
    seconds: list[float] = []
    firsts = range(0, len(cohort), batch_size)
    unit = "scans" if batch_size == 1 else f"batches of {batch_size} scans"
    for first in reported(firsts, log, total=len(firsts), unit=unit):
        started = time.perf_counter()
        group = range(first, min(first + batch_size, len(cohort)))
        results = probabilities_many(network, (cohort.array(i) for i in group), options=options)
        scores[group.start : group.stop], starts[group.start : group.stop] = results
        seconds += [(time.perf_counter() - started) / len(group)] * len(group)
    names = cohort.findings or cohort.classes
    if not names:
        return Predicted(_rows(cohort, "", cohort.labels, (scores, starts)), tuple(seconds))
    frames = [
        _rows(cohort, name, labels, (np.stack([1 - positive, positive], axis=1), starts))
        for name, labels, positive in zip(names, _labels(cohort), scores.T, strict=True)
    ]
    rows = pd.concat(frames, ignore_index=True)
    return Predicted(rows[rows["label"] != UNKNOWN].reset_index(drop=True), tuple(seconds))


def _labels(cohort: Cohort) -> Ints:
    """Return the labels of each finding, or whether a scan is of each class, [names, scans]."""
    if cohort.findings:
        return cohort.labels.T
    of_class = np.arange(len(cohort.classes))[:, None]
    labels: Ints = (cohort.labels == of_class).astype(np.int64)
    return labels


def _rows(
    cohort: Cohort, finding: str, labels: Ints, scores_and_starts: tuple[Doubles, Ints]
) -> pd.DataFrame:
    scores, starts = scores_and_starts
    return pd.DataFrame(
        {
            "scan_id": cohort.scan_ids,
            "patient_id": cohort.patient_ids,
            "finding": finding,
            "label": labels,
            "probability_0": scores[:, 0],
            "probability_1": scores[:, 1],
            "window_start": starts,
            "mc_probability": [np.zeros(0) for _ in scores],
        }
    )


def sample(
    network: Network,
    cohort: Cohort,
    *,
    prediction: Prediction,
    seed: int,
    options: InferenceOptions,
) -> list[Doubles]:
    """Return the Monte-Carlo dropout probabilities of every scan (A-57).

    Each scan has its own random generator, seeded with `seed` and the scan's id, so that its result
    does not depend on the rest of the cohort.

    Parameters
    ----------
    network, cohort, options
        As in `predict`; scans with one label.
    prediction
        Number of passes, at least 1, and whether DropBlock is active in them.
    seed
        Seed of the run.
    """
    return [
        mc_probabilities(
            network,
            cohort.array(i),
            prediction=prediction,
            seed=scan_seed(seed, cohort.scan_ids[i]),
            options=options,
        )
        for i in reported(range(len(cohort)), log, total=len(cohort), unit="scans sampled")
    ]


def scan_seed(seed: int, scan_id: str) -> int:
    """Return the seed, below 2^63, of one scan's Monte-Carlo passes."""
    digest = hashlib.sha256(f"{seed}|{scan_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
