"""trained: load the network of a finished run and prepare it for the scans of one site (D-44)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from elsewhere.cohorts.cohort import Cohort
from elsewhere.design.arm import Unseen
from elsewhere.design.budgets import Prediction
from elsewhere.design.rows import InputRow, MethodRow, NetworkRow
from elsewhere.methods import method as methods
from elsewhere.methods import unseen
from elsewhere.methods.inference import InferenceOptions
from elsewhere.methods.run import Run
from elsewhere.networks import weights
from elsewhere.networks.network import Network, build
from elsewhere.networks.sites import SitedNetwork


@dataclass(frozen=True)
class ArmSettings:
    """How an arm's models are applied.

    Attributes
    ----------
    method, network
        Rows of `methods` and `networks` of the arm.
    input
        Row of `inputs`.
    prediction
        The prediction half of the budget.
    unseen
        Policy for a site not seen in training, where sites have their own layers (D-44).
    anonymous
        Whether the training sites are treated as not seen in training, too.
    classes
        Names of the labels where there are more than two; else empty.
    """

    method: MethodRow
    network: NetworkRow
    input: InputRow
    prediction: Prediction
    unseen: Unseen | None = None
    anonymous: bool = False
    classes: tuple[str, ...] = ()


def inference_options(
    settings: ArmSettings, *, site: str, sites: Collection[str], device: torch.device
) -> InferenceOptions:
    """Return the options with which the models are applied to a site.

    Parameters
    ----------
    settings
        Settings of the arm.
    site
        Site of the scans.
    sites
        Training sites.
    device
        Device of the network.
    """
    has_own_layers = site in sites and not settings.anonymous
    return InferenceOptions(
        input=settings.input,
        site=site if has_own_layers else None,
        batch_size=settings.prediction.batch_size,
        device=device,
        precision=settings.prediction.precision,
        threads=settings.prediction.threads,
        classes=settings.classes,
    )


def applied(run: Run, scans: Cohort, *, settings: ArmSettings) -> tuple[Network, InferenceOptions]:
    """Return the network of a run for the scans of a site, and how it is applied to them.

    Parameters
    ----------
    run
        The run, with its model.
    scans
        Scans of the site; some `unseen` policies use their images.
    settings
        Settings of the arm.
    """
    options = inference_options(settings, site=scans.site, sites=run.sites, device=run.device)
    options = replace(options, findings=scans.findings)
    network = load(run.model, settings=settings, sites=run.sites, scans=scans, options=options)
    return network, options


def outputs(names: tuple[str, ...]) -> int:
    """Return the number of logits of a network: one per finding or class, without names two."""
    return len(names) or 2


def load(
    path: Path,
    *,
    settings: ArmSettings,
    sites: Collection[str],
    scans: Cohort,
    options: InferenceOptions,
) -> Network:
    """Return the trained network; the `unseen` policy is applied if the site has no own layers.

    Parameters
    ----------
    path
        Weights of the run.
    settings
        Settings of the arm.
    sites
        Training sites.
    scans
        Scans of the site; some `unseen` policies use their images.
    options
        From `inference_options`.
    """
    new_network = build(
        settings.network, settings.input, outputs=outputs(scans.findings or settings.classes)
    )
    network = methods.build(settings.method).adapt(new_network, [*sites])
    weights.load(network, path)
    network.to(options.device)
    if settings.unseen is None or options.site is not None or not isinstance(network, SitedNetwork):
        return network

    def image_batches() -> Iterator[Tensor]:
        return options.passes.images(partial(scans.array, i) for i in range(len(scans)))

    findings = bool(scans.findings)
    return unseen.apply_policy(network, settings.unseen, image_batches, findings=findings)
