"""trained: the network of a finished run, as it is applied to the scans of a site (D-44)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from elsewhere.cohorts.cohort import Cohort
from elsewhere.design.arm import Unseen
from elsewhere.design.budgets import Prediction
from elsewhere.design.rows import InputRow, MethodRow, NetworkRow
from elsewhere.methods import method as methods
from elsewhere.methods import unseen
from elsewhere.methods.inference import How, images
from elsewhere.networks import weights
from elsewhere.networks.network import Network, build
from elsewhere.networks.sites import SitedNetwork


class Applied(Protocol):
    """How an arm's models are applied: fields of a step's settings."""

    @property
    def method(self) -> MethodRow:
        """Row of `methods` of the arm."""

    @property
    def network(self) -> NetworkRow:
        """Row of `networks`."""

    @property
    def input(self) -> InputRow:
        """Row of `inputs`."""

    @property
    def prediction(self) -> Prediction:
        """The prediction half of the budget."""

    @property
    def unseen(self) -> Unseen | None:
        """Treatment of a site that has no layers of its own where sites have some (D-44)."""

    @property
    def anonymous(self) -> bool:
        """Treat every site so."""


def how(applied: Applied, *, site: str, sites: Collection[str], device: torch.device) -> How:
    """Return how the models are applied to a site.

    Parameters
    ----------
    applied
        Of the arm.
    site
        Whose scans they are.
    sites
        Training sites.
    device
        Where the network is.
    """
    known = site in sites and not applied.anonymous
    return How(
        input=applied.input,
        site=site if known else None,
        batch_size=applied.prediction.batch_size,
        device=device,
        precision=applied.prediction.precision,
    )


def outputs(findings: tuple[str, ...]) -> int:
    """Return how many logits a network ends in: one a finding, or those of the two classes."""
    return len(findings) or 2


def load(
    path: Path, *, applied: Applied, sites: Collection[str], scans: Cohort, how: How
) -> Network:
    """Return the trained network, treated for the site if that has no layers in it.

    Parameters
    ----------
    path
        Weights of the run.
    applied
        Of the arm.
    sites
        Training sites.
    scans
        Of the site, without which `unseen` cannot say what the site is like.
    how
        From `how`.
    """
    fresh = build(applied.network, applied.input, outputs=outputs(scans.findings))
    network = methods.build(applied.method).adapt(fresh, [*sites])
    weights.load(network, path)
    network.to(how.device)
    if applied.unseen is None or how.site is not None or not isinstance(network, SitedNetwork):
        return network

    def shown() -> Iterator[Tensor]:
        return images((scans.array(i) for i in range(len(scans))), how=how)

    return unseen.treated(network, applied.unseen, shown)
