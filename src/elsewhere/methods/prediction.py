"""prediction: predict all scans of a cohort with a trained network, and time each scan."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

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
from elsewhere.unfinished import Unfinished

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


@dataclass(frozen=True)
class Sampling:
    """How the passes of Monte-Carlo dropout are drawn.

    Attributes
    ----------
    prediction
        Number of passes, at least 1, and whether DropBlock is active in them.
    seed
        Seed of the run.
    """

    prediction: Prediction
    seed: int


def predict(
    network: Network,
    cohort: Cohort,
    *,
    options: InferenceOptions,
    kept: Unfinished | None = None,
) -> Predicted:
    """Predict every scan of a cohort (A-16).

    Parameters
    ----------
    network
        Trained, on the device of `options`.
    cohort
        The scans; images are predicted `batch_size` at a time, volumes one at a time.
    options
        See `inference.InferenceOptions`.
    kept
        What a stopped run has predicted with this network and these options.
    """
    batch_size = options.batch_size if options.input.one_view else 1
    scores = np.zeros((len(cohort), options.outputs))
    starts = np.zeros(len(cohort), np.int64)
    seconds: list[float] = []
    groups = [
        range(first, min(first + batch_size, len(cohort)))
        for first in range(0, len(cohort), batch_size)
    ]
    unit = "scans" if batch_size == 1 else f"batches of {batch_size} scans"
    keys = [" ".join(cohort.scan_ids[group.start : group.stop]) for group in groups]
    if kept is not None:
        kept.count(keys, unit=unit)
    for key, group in reported(zip(keys, groups, strict=True), log, total=len(groups), unit=unit):

        def timed(group: range = group) -> tuple[Doubles, Ints, float]:
            started = time.perf_counter()
            results = probabilities_many(network, (cohort.array(i) for i in group), options=options)
            return *results, time.perf_counter() - started

        at = slice(group.start, group.stop)
        scores[at], starts[at], second = _kept_or_made(kept, key, timed)
        seconds += [second / len(group)] * len(group)
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
    sampling: Sampling,
    options: InferenceOptions,
    kept: Unfinished | None = None,
) -> list[Doubles]:
    """Return the Monte-Carlo dropout probabilities of every scan (A-57).

    Each scan has its own random generator, seeded with the run's seed and the scan's id, so that
    its result does not depend on the rest of the cohort.

    Parameters
    ----------
    network, cohort, options, kept
        As in `predict`; scans with one label.
    sampling
        How many passes, and with which seed.
    """
    keys = [f"sampled {scan_id}" for scan_id in cohort.scan_ids]
    if kept is not None:
        kept.count(keys, unit="scans sampled")
    passes: list[Doubles] = []
    for i in reported(range(len(cohort)), log, total=len(cohort), unit="scans sampled"):

        def sampled(i: int = i) -> Doubles:
            return mc_probabilities(
                network,
                cohort.array(i),
                prediction=sampling.prediction,
                seed=scan_seed(sampling.seed, cohort.scan_ids[i]),
                options=options,
            )

        passes.append(np.asarray(_kept_or_made(kept, keys[i], sampled), np.float64))
    return passes


def _kept_or_made(kept: Unfinished | None, key: str, make: Callable[[], Any]) -> Any:
    before = kept.get(key) if kept is not None else None
    if before is not None:
        return before
    made = make()
    if kept is not None:
        kept.keep(key, made)
    return made


def scan_seed(seed: int, scan_id: str) -> int:
    """Return the seed, below 2^63, of one scan's Monte-Carlo passes."""
    digest = hashlib.sha256(f"{seed}|{scan_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
