"""validation: the scores of a network on the validation scans of its sites (A-42)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from elsewhere.cohorts.cohort import Cohort
from elsewhere.methods import selection
from elsewhere.methods.fit import Budget
from elsewhere.methods.inference import InferenceOptions, probabilities_of
from elsewhere.methods.selection import Doubles, Labels
from elsewhere.methods.windows import Packed
from elsewhere.networks.network import Network

GPU_BATCHES = 4  # batches of a training that one pass of a validation takes at most, and
GPU_VOXELS = 1 << 27  # voxels, if they are more than those of a batch: 4 windows of 128 x 512 x 512


@dataclass(frozen=True)
class Answers:
    """What a network says about the validation scans of one site.

    Attributes
    ----------
    labels
        As in `Cohort`.
    probabilities
        ``[scans, outputs]``.
    """

    labels: Labels
    probabilities: Doubles


def require_scans(valid: Mapping[str, Cohort], *, chosen: str) -> None:
    """Raise ValueError if no site has a validation scan.

    Parameters
    ----------
    valid
        Validation scans by site.
    chosen
        What validation scans choose: the weights, or the round.
    """
    if not sum(len(cohort) for cohort in valid.values()):
        raise ValueError(
            f"no validation scan at {', '.join(valid)}: the best {chosen} cannot be chosen "
            "(A-42); raise `validation` in the study's split"
        )


def answers(
    network: Network,
    valid: Mapping[str, Cohort],
    budget: Budget,
    *,
    device: torch.device,
    check: Callable[[], None],
) -> dict[str, Answers]:
    """Apply a network to the whole validation scans of all sites (A-16).

    Parameters
    ----------
    network, valid, budget
        As `Method.fit` takes them.
    device
        Device of the network.
    check
        It is called before each scan and may raise, to stop.
    """
    found = {}
    for site, cohort in valid.items():
        options = InferenceOptions(
            input=budget.input,
            site=site,
            batch_size=_batch_size(budget, device),
            device=device,
            precision=budget.training.precision,
            findings=cohort.findings,
            classes=cohort.classes,
            threads=budget.training.threads,
        )
        reads = (partial(cohort.array, i) for i in range(len(cohort)))
        with closing(options.passes.ahead(reads)) as scans:  # no thread reads on after a stop
            probabilities, _ = probabilities_of(network, _checked(scans, check), options=options)
        found[site] = Answers(cohort.labels, probabilities)
    return found


def score(by_site: Mapping[str, Answers], budget: Budget) -> float:
    """Return the score that chooses the weights, over the scans of all sites."""
    labels = np.concatenate([site.labels for site in by_site.values()])
    probabilities = np.concatenate([site.probabilities for site in by_site.values()])
    return selection.score(labels, probabilities, by=budget.training.select_by)


def scores(by_site: Mapping[str, Answers], budget: Budget) -> dict[str, float | None]:
    """Return the score of each site on its own; None where it cannot be computed."""
    found: dict[str, float | None] = {}
    for site, said in by_site.items():
        columns = said.labels.T if said.labels.ndim == 2 else said.labels[None]
        needed = 2 if budget.training.select_by == "auc" else 1
        computable = any(len(np.unique(column[column >= 0])) >= needed for column in columns)
        found[site] = score({site: said}, budget) if computable else None
    return found


def _batch_size(budget: Budget, device: torch.device) -> int:
    """Return how many windows or images one pass takes.

    A GPU that trains with a batch has room for more if windows are small: nothing is kept for a
    backward pass. At the papers' size a level of the network is in memory several times, for each
    window of the pass, and a batch may have filled the GPU.
    """
    size = budget.training.batch_size
    if device.type == "cpu":
        return size
    return max(size, min(GPU_BATCHES * size, GPU_VOXELS // math.prod(budget.input.shape)))


def _checked(scans: Iterator[Packed], check: Callable[[], None]) -> Iterator[Packed]:
    for scan in scans:
        check()
        yield scan
