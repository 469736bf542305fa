"""prediction: predict all scans of a cohort with a trained network, and time each scan."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
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
    probabilities_of,
)
from elsewhere.methods.windows import Packed
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
        Wall time of each scan (A-49); scans in one pass share its time equally. The next scans are
        read meanwhile: time to read counts as far as the device waits for it.
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
        The scans; `batch_size` at a time, on a CPU volumes one at a time.
    options
        See `inference.InferenceOptions`.
    kept
        What a stopped run has predicted with this network and these options.
    """
    groups = _groups(len(cohort), options)
    size = len(groups[0]) if groups else 1
    unit = "scans" if size == 1 else f"batches of {size} scans"
    scores = np.zeros((len(cohort), options.outputs))
    starts = np.zeros(len(cohort), np.int64)
    seconds: list[float] = []

    def timed(group: range, scans: Iterator[Packed]) -> tuple[Doubles, Ints, float]:
        started = time.perf_counter()
        found = probabilities_of(network, islice(scans, len(group)), options=options)
        return *found, time.perf_counter() - started

    work = _Work(cohort, options, kept, unit)
    for group, result in work.results(groups, timed):
        at = slice(group.start, group.stop)
        scores[at], starts[at], second = result
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

    def sampled(one: range, scans: Iterator[Packed]) -> Doubles:
        return mc_probabilities(
            network,
            next(scans),
            prediction=sampling.prediction,
            seed=scan_seed(sampling.seed, cohort.scan_ids[one.start]),
            options=options,
        )

    apart = kept.within("sampled ") if kept is not None else None
    work = _Work(cohort, options, apart, "scans sampled")
    each = [range(i, i + 1) for i in range(len(cohort))]
    return [np.asarray(result, np.float64) for _, result in work.results(each, sampled)]


@dataclass(frozen=True)
class _Work:
    """Scans to which a network is applied, without those that a stopped run has done.

    Attributes
    ----------
    cohort, options, kept
        As in `predict`.
    unit
        What is counted while it goes on.
    """

    cohort: Cohort
    options: InferenceOptions
    kept: Unfinished | None
    unit: str

    def results(
        self, groups: Sequence[range], make: Callable[[range, Iterator[Packed]], Any]
    ) -> Iterator[tuple[range, Any]]:
        """Yield groups of scans and what is made of each; the next scans are read meanwhile.

        Parameters
        ----------
        groups
            Positions of scans in the cohort.
        make
            Takes the scans of a group from those that it is given, all of them.
        """
        cohort, kept = self.cohort, self.kept
        keys = [" ".join(cohort.scan_ids[group.start : group.stop]) for group in groups]
        if kept is not None:
            kept.count(keys, unit=self.unit)
        before = [kept.get(key) if kept is not None else None for key in keys]
        pairs = zip(groups, before, strict=True)
        missing = [i for group, known in pairs if known is None for i in group]
        reads = (partial(cohort.array, i) for i in missing)
        with closing(self.options.passes.ahead(reads)) as scans:  # no thread reads on after a stop
            shown = zip(keys, groups, before, strict=True)
            for key, group, known in reported(shown, log, total=len(keys), unit=self.unit):
                result = make(group, scans) if known is None else known
                if kept is not None and known is None:
                    kept.keep(key, result)
                yield group, result


def _groups(n_scans: int, options: InferenceOptions) -> list[range]:
    """Return the scans that share passes.

    On a CPU the last bits of a volume would depend on those that share its passes, for no gain.
    """
    alone = options.device.type == "cpu" and not options.input.one_view
    size = 1 if alone else options.batch_size
    return [range(first, min(first + size, n_scans)) for first in range(0, n_scans, size)]


def scan_seed(seed: int, scan_id: str) -> int:
    """Return the seed, below 2^63, of one scan's Monte-Carlo passes."""
    digest = hashlib.sha256(f"{seed}|{scan_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
