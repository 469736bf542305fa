"""inference: apply a trained network to whole scans (A-16, C-09), optionally with MC dropout."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from elsewhere.cohorts.view import Voxels
from elsewhere.design.budgets import Precision, Prediction
from elsewhere.design.rows import InputRow
from elsewhere.methods import windows
from elsewhere.methods.device import autocast
from elsewhere.methods.windows import Packed, Passes, stacked
from elsewhere.networks.dropblock import DropBlock3d
from elsewhere.networks.network import Network

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class InferenceOptions:
    """Options with which a network is applied to scans.

    Attributes
    ----------
    input
        The row of `inputs` that the network was trained on.
    site
        Training site of the scans; None for a site not seen in training.
    batch_size
        Windows or images in one pass; on a CPU fewer if they are large.
    device
        Device of the network.
    precision
        "bf16", "fp16": autocast.
    threads
        Scans that are read at a time for a GPU, while it computes.
    findings
        Findings that the outputs stand for, each with its own probability; empty: the outputs are
        the classes of one label.
    classes
        Names of the classes where there are more than two; else empty.
    """

    input: InputRow
    site: str | None
    batch_size: int
    device: torch.device
    precision: Precision = "fp32"
    findings: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    threads: int = 1

    @property
    def passes(self) -> Passes:
        """How scans are cut and put together for the passes of the network."""
        return Passes(self.input, self.device, self.batch_size, self.threads)

    @property
    def outputs(self) -> int:
        """Number of logits."""
        return len(self.findings or self.classes) or 2


def probabilities(
    network: Network, array: Voxels, *, options: InferenceOptions
) -> tuple[Doubles, int]:
    """Return the probabilities of a scan: of its best window (A-16), or of all views (C-09).

    The best window is that with the highest P(class 1). Where all views count, their probabilities
    are averaged, or their logits before the probabilities are computed: see `InputRow.mean_of`.

    Parameters
    ----------
    network
        It is in evaluation mode during the call; its modes are restored afterwards.
    array
        Prepared scan [z, y, x].
    options
        See `InferenceOptions`.

    Returns
    -------
    tuple
        Probabilities [classes], or [findings], and the first slice of the window, or of the first
        view.
    """
    scores, firsts = probabilities_of(network, [options.passes.packed(array)], options=options)
    return scores[0], int(firsts[0])


def probabilities_of(
    network: Network, scans: Iterable[Packed], *, options: InferenceOptions
) -> tuple[Doubles, npt.NDArray[np.int64]]:
    """Return the probabilities of scans and the first slices of their windows.

    Parameters
    ----------
    network
        It is in evaluation mode during the call; its modes are restored afterwards.
    scans
        Taken one at a time: a generator keeps memory low.
    options
        See `InferenceOptions`.

    Returns
    -------
    tuple
        Probabilities [scans, classes], or [scans, findings], and first slices [scans]; of windows
        with equal probabilities the lowest.

    Raises
    ------
    ValueError
        If scans with findings, or of more than two classes, are seen in windows: the best window
        of one finding or class need not be that of another.
    """
    if (options.findings or options.classes) and not options.input.one_view:
        raise ValueError(
            "findings and more than two classes need an input whose views of a scan all count, "
            "such as kind image or slices: the best window of one need not be that of another"
        )
    owners: list[int] = []
    firsts: list[int] = []
    scores = [np.zeros((0, options.outputs))]
    with _evaluation_mode(network, stochastic=()):
        for batch in options.passes.batches(scans):
            owners += [scan for scan, _, _ in batch]
            firsts += [first for _, first, _ in batch]
            scores.append(_scores(network, stacked(batch), options))
    seen = np.concatenate(scores), np.asarray(owners, int), np.asarray(firsts, int)
    return _averages(*seen, options) if options.input.one_view else _best_windows(*seen)


def mc_probabilities(
    network: Network,
    scan: Packed,
    *,
    prediction: Prediction,
    seed: int,
    options: InferenceOptions,
) -> Doubles:
    """Return P(class 1) of a scan under Monte-Carlo dropout (A-57).

    Dropout is active, and DropBlock if the row says so; all other modules are in evaluation mode.
    Each pass takes the window with the highest P(class 1), or the mean of all views, as the
    prediction does.

    Parameters
    ----------
    network
        The call sets the modes of its modules and restores them afterwards.
    scan
        It is moved to the device once.
    prediction
        Number of stochastic passes, at least 1, and whether DropBlock is active in them.
    seed
        Seed for this scan: the same seed and batch size give the same numbers. Torch's global
        generators are restored afterwards.
    options
        See `InferenceOptions`.

    Returns
    -------
    numpy.ndarray
        float64 [passes].
    """
    passes = prediction.mc_passes
    if passes < 1:
        raise ValueError(f"got {passes} Monte-Carlo passes, expected at least 1")
    scores = []
    stochastic = (nn.Dropout, DropBlock3d) if prediction.mc_dropblock else (nn.Dropout,)
    with _evaluation_mode(network, stochastic=stochastic), _seeded(seed, options.device):
        for batch in options.passes.batches([scan], repeated=passes):
            scores.append(_scores(network, stacked(batch), options))
    of_pass = np.concatenate(scores).reshape(len(scan.firsts), passes, -1)
    if options.input.one_view:
        return _mean(of_pass, options)[:, 1]
    best: Doubles = of_pass[:, :, 1].max(axis=0)
    return best


@torch.inference_mode()
def _scores(network: Network, batch: Tensor, options: InferenceOptions) -> Doubles:
    """Return what is chosen from or averaged, of a batch of windows, [batch, outputs].

    These are logits where the input averages them, else probabilities.

    Raises
    ------
    FloatingPointError
        If a logit is not finite.
    """
    device, precision = options.device, options.precision
    # on a CPU torch's convolution of one small window takes several times as long as that of two
    doubled = device.type == "cpu" and len(batch) == 1 and batch.numel() <= windows.CPU_VOXELS
    images = torch.cat([batch, batch]) if doubled else batch
    with autocast(device, precision):
        logits: Tensor = network(images, options.site)
    window_logits = logits[: len(batch)].double()
    if options.input.mean_of == "probabilities":
        window_logits = _probabilities(window_logits, options)
    scores: Doubles = window_logits.cpu().numpy()
    if not np.isfinite(scores).all():
        raise FloatingPointError(
            "the network's logits are not finite: its training diverged; lower learning_rate "
            "or set clip_gradient, and train again"
        )
    return scores


def _probabilities(logits: Tensor, options: InferenceOptions) -> Tensor:
    return logits.sigmoid() if options.findings else logits.softmax(dim=-1)


def _mean(scores: Doubles, options: InferenceOptions) -> Doubles:
    """Return the probabilities [..., outputs] of the mean over the views, the first axis (C-09)."""
    mean: Doubles = scores.mean(axis=0)
    if options.input.mean_of == "logits":
        mean = _probabilities(torch.from_numpy(mean), options).numpy()
    return mean


def _averages(
    scores: Doubles,
    owners: npt.NDArray[np.int64],
    firsts: npt.NDArray[np.int64],
    options: InferenceOptions,
) -> tuple[Doubles, npt.NDArray[np.int64]]:
    """Return for each scan the mean of its views, and the first slice of the first of them."""
    _, begins = np.unique(owners, return_index=True)
    views = np.split(scores, begins[1:]) if len(begins) else []
    means = [_mean(of_scan, options) for of_scan in views]
    return np.stack(means) if means else scores, firsts[begins]


def _best_windows(
    scores: Doubles, owners: npt.NDArray[np.int64], firsts: npt.NDArray[np.int64]
) -> tuple[Doubles, npt.NDArray[np.int64]]:
    """Keep for each scan the window with the highest P(class 1); of equal windows the lowest."""
    order = np.lexsort((firsts, -scores[:, 1], owners))
    _, first_of_scan = np.unique(owners[order], return_index=True)
    return scores[order[first_of_scan]], firsts[order[first_of_scan]]


@contextmanager
def _evaluation_mode(
    network: nn.Module, *, stochastic: tuple[type[nn.Module], ...]
) -> Iterator[None]:
    """Put all modules but the `stochastic` ones into evaluation mode; restore the modes after."""
    before = {module: module.training for module in network.modules()}
    for module in before:
        module.training = isinstance(module, stochastic)
    try:
        yield
    finally:
        for module, training in before.items():
            module.training = training


@contextmanager
def _seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch's generators, and restore them afterwards."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield
