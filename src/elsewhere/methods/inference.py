"""inference: a trained network on whole scans (A-16), once or with Monte-Carlo dropout (A-57)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from elsewhere.cohorts.view import Floats, Voxels, view
from elsewhere.design.budgets import Prediction
from elsewhere.design.rows import InputRow
from elsewhere.networks.dropblock import DropBlock3d
from elsewhere.networks.network import Network

# Voxels in one pass on a CPU: 16 windows of 32 x 64 x 64. One paper-scale window is more, and
# goes alone: its activations fill gigabytes.
CPU_VOXELS = 1 << 21

Doubles = npt.NDArray[np.float64]
Window = tuple[int, int, Floats]  # scan, first slice, [channels, (z,) y, x]


@dataclass(frozen=True)
class How:
    """How a network is applied to scans.

    Attributes
    ----------
    input
        The row of `inputs` that it was trained on.
    site
        Training site of the scans; None for a site not seen in training.
    batch_size
        Windows or images in one pass; on a CPU fewer when they are large.
    device
        Where the network is.
    precision
        "bf16": autocast.
    findings
        What the network's outputs are, each a probability of its own; empty: the two classes of
        one label.
    """

    input: InputRow
    site: str | None
    batch_size: int
    device: torch.device
    precision: Literal["fp32", "bf16"] = "fp32"
    findings: tuple[str, ...] = ()


def probabilities(network: Network, array: Voxels, *, how: How) -> tuple[Doubles, int]:
    """Return the probabilities of the window with the highest P(class 1) (A-16).

    Parameters
    ----------
    network
        Put into evaluation mode here, and back after.
    array
        Prepared scan [z, y, x].
    how
        See `How`.

    Returns
    -------
    tuple
        Probabilities [2], or [findings], and the window's first slice.
    """
    found, firsts = probabilities_many(network, [array], how=how)
    return found[0], int(firsts[0])


def probabilities_many(
    network: Network, arrays: Iterable[Voxels], *, how: How
) -> tuple[Doubles, npt.NDArray[np.int64]]:
    """Return the same as `probabilities` for many scans; small scans share a pass.

    Parameters
    ----------
    network
        Put into evaluation mode here, and back after.
    arrays
        Prepared scans [z, y, x], asked for one at a time: a generator keeps memory low.
    how
        See `How`.

    Returns
    -------
    tuple
        Probabilities [scans, 2], or [scans, findings], and first slices [scans]; of equal windows
        the lowest.

    Raises
    ------
    ValueError
        If scans with findings are volumes: no window would be the one of all findings.
    """
    findings = how.findings
    if findings and not how.input.one_view:
        raise ValueError(
            "findings need an input whose scans are seen whole, such as kind image: no window "
            "would be the one of all findings"
        )
    owners: list[int] = []
    firsts: list[int] = []
    scores = [np.zeros((0, len(findings) or 2))]
    with _evaluating(network, random=()):
        for batch in _batches(_windows(arrays, how.input), how):
            owners += [scan for scan, _, _ in batch]
            firsts += [first for _, first, _ in batch]
            scores.append(_said(network, np.stack([window for _, _, window in batch]), how))
    if findings:  # images: one window each
        return np.concatenate(scores), np.asarray(firsts, int)
    return _best_windows(np.concatenate(scores), np.asarray(owners, int), np.asarray(firsts, int))


def mc_probabilities(
    network: Network,
    array: Voxels,
    *,
    prediction: Prediction,
    seed: int,
    how: How,
) -> Doubles:
    """Return P(class 1) of a scan under Monte-Carlo dropout (A-57).

    Dropout is active, DropBlock if asked; all else is in evaluation mode. A pass takes the
    window with the highest P(class 1), as the prediction does (A-16).

    Parameters
    ----------
    network
        Put into the right modes here, and back after.
    array
        Prepared scan [z, y, x].
    prediction
        Number of stochastic passes, at least 1, and whether DropBlock is active too.
    seed
        Of this scan: the same seed and batch size give the same numbers; torch's global
        generators are left as they were.
    how
        See `How`.

    Returns
    -------
    numpy.ndarray
        float64 [passes].
    """
    passes = prediction.mc_passes
    if passes < 1:
        raise ValueError(f"got {passes} Monte-Carlo passes, expected at least 1")
    windows = list(_windows([array], how.input))
    repeated = (window for window in windows for _ in range(passes))
    scores = []
    random = (nn.Dropout, DropBlock3d) if prediction.mc_dropblock else (nn.Dropout,)
    with _evaluating(network, random=random), _seeded(seed, how.device):
        for batch in _batches(repeated, how):
            scores.append(_said(network, np.stack([w for _, _, w in batch]), how)[:, 1])
    best: Doubles = np.concatenate(scores).reshape(len(windows), passes).max(axis=0)
    return best


def images(arrays: Iterable[Voxels], *, how: How) -> Iterator[Tensor]:
    """Yield scans as a network sees them, ``[batch, channels, (z,) y, x]`` on the device."""
    for batch in _batches(_windows(arrays, how.input), how):
        yield torch.from_numpy(np.stack([window for _, _, window in batch])).to(how.device)


def _windows(arrays: Iterable[Voxels], row: InputRow) -> Iterator[Window]:
    shown = view(row)
    for scan, array in enumerate(arrays):
        for first, window in shown.windows(array):
            yield scan, first, window


def _batches(windows: Iterable[Window], how: How) -> Iterator[list[Window]]:
    """Cut into batches; on a CPU by voxels too, so that a scan of any size fits in memory."""
    batch: list[Window] = []
    for window in windows:
        batch.append(window)
        room = CPU_VOXELS // window[2].size if how.device.type == "cpu" else how.batch_size
        if len(batch) >= min(how.batch_size, max(1, room)):
            yield batch
            batch = []
    if batch:
        yield batch


@torch.inference_mode()
def _said(network: Network, batch: Floats, how: How) -> Doubles:
    """Return the probabilities [batch, outputs]; FloatingPointError where logits are not finite."""
    device, precision = how.device, how.precision
    # Torch's CPU convolution of one small scan takes several times as long as that of two.
    doubled = device.type == "cpu" and len(batch) == 1 and batch.size <= CPU_VOXELS
    images = torch.from_numpy(np.repeat(batch, 2, axis=0) if doubled else batch).to(device)
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16"):
        logits: Tensor = network(images, how.site)
    own = logits[: len(batch)].double()
    found: Doubles = (own.sigmoid() if how.findings else own.softmax(dim=1)).cpu().numpy()
    if not np.isfinite(found).all():
        raise FloatingPointError(
            "the network's logits are not finite: its training diverged; lower learning_rate "
            "or set clip_gradient, and train again"
        )
    return found


def _best_windows(
    scores: Doubles, owners: npt.NDArray[np.int64], firsts: npt.NDArray[np.int64]
) -> tuple[Doubles, npt.NDArray[np.int64]]:
    """Keep of each scan the row with the highest P(class 1), of equal ones the lowest window."""
    order = np.lexsort((firsts, -scores[:, 1], owners))
    _, head = np.unique(owners[order], return_index=True)
    return scores[order[head]], firsts[order[head]]


@contextmanager
def _evaluating(network: nn.Module, *, random: tuple[type[nn.Module], ...]) -> Iterator[None]:
    """Put every module but the `random` ones into evaluation mode; give all modes back after."""
    before = {module: module.training for module in network.modules()}
    for module in before:
        module.training = isinstance(module, random)
    try:
        yield
    finally:
        for module, training in before.items():
            module.training = training


@contextmanager
def _seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch's generators and restore them after."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield
