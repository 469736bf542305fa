"""explanation: what a trained network makes of scans: their embeddings, and where it looks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from elsewhere.cohorts.cohort import Cohort
from elsewhere.cohorts.view import Floats, view
from elsewhere.methods import gradcam
from elsewhere.methods.inference import How
from elsewhere.networks.network import Network

Grey = npt.NDArray[np.uint8]
GREYS = (0.5, 99.5)  # percentiles that become black and white


@dataclass(frozen=True)
class Example:
    """One scan and where the network looked.

    Attributes
    ----------
    image
        uint8 [y, x] as the network sees it, of a volume the slice with most of the map.
    heat
        uint8 [y, x], the Grad-CAM map of this slice, 255 at the maximum of the whole map.
    against
        The map shows what speaks against the prediction: nothing speaks for it.
    slice
        Which slice of the prepared scan this is.
    """

    image: Grey
    heat: Grey
    against: bool
    slice: int


def embedded(network: Network, scans: Cohort, *, firsts: Sequence[int], how: How) -> Floats:
    """Return the embedding of every scan.

    Parameters
    ----------
    network
        Trained, on the device of `how`; put into evaluation mode.
    scans
        Of one site.
    firsts
        First slice of the window that each scan is judged by (A-16); 0 of an image.
    how
        See `inference.How`.

    Returns
    -------
    numpy.ndarray
        float32 [scans, features].
    """
    network.eval()
    found = [np.zeros((0, network.features), np.float32)]
    with torch.inference_mode(), _precision(how):
        for images in _batches(scans, range(len(scans)), firsts, how):
            found.append(network.embed(images, how.site).float().cpu().numpy())
    return np.concatenate(found)


def examples(
    network: Network, scans: Cohort, *, chosen: Sequence[int], firsts: Sequence[int], how: How
) -> tuple[str | None, list[Example]]:
    """Return the layer that is explained, and an example of each chosen scan (D-43).

    Parameters
    ----------
    network, scans, firsts, how
        As in `embedded`.
    chosen
        Positions of the scans; with none there is no layer either.
    """
    network.eval()
    layer: str | None = None
    maps: list[npt.NDArray[np.float32]] = []
    against: list[bool] = []
    seen: list[Floats] = []
    with _precision(how):
        for images in _batches(scans, chosen, firsts, how):
            layer = layer or gradcam.layer(network, images, how.site)
            found = gradcam.maps(network, images, site=how.site, layer=layer)
            none = ~found.flatten(1).any(dim=1)
            if none.any():
                found[none] = gradcam.maps(
                    network, images[none], site=how.site, layer=layer, against=True
                )
            maps += [*found.cpu().numpy()]
            against += none.tolist()
            seen += [*images[:, 0].cpu().numpy()]
    sizes = [scans.array(number).shape[0] for number in chosen]
    starts = [firsts[number] for number in chosen]
    return layer, [
        _example(image, heat, against=other, n_slices=size, first=first)
        for image, heat, other, size, first in zip(seen, maps, against, sizes, starts, strict=True)
    ]


def _example(image: Floats, heat: Floats, *, against: bool, n_slices: int, first: int) -> Example:
    if image.ndim == 2:
        return Example(_grey(image), _eight_bit(heat), against, 0)
    before = max(0, len(image) - n_slices) // 2  # padding, of a scan shorter than a window
    real = slice(before, before + min(n_slices, len(image)))
    image, heat = image[real], heat[real]
    sums = heat.sum(axis=(1, 2))
    at = int(sums.argmax()) if sums.any() else len(sums) // 2
    return Example(_grey(image[at]), _eight_bit(heat[at]), against, first + at)


def _grey(image: Floats) -> Grey:
    low, high = np.percentile(image, GREYS)
    return _eight_bit((image - low) / ((high - low) or 1.0))


def _eight_bit(values: npt.NDArray[np.floating]) -> Grey:
    levels: Grey = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    return levels


def _batches(
    scans: Cohort, chosen: Sequence[int], firsts: Sequence[int], how: How
) -> Iterator[Tensor]:
    """Yield the windows of scans on the device: images together, volumes one at a time."""
    together = how.batch_size if how.input.one_view else 1
    shown = view(how.input)
    for at in range(0, len(chosen), together):
        group = chosen[at : at + together]
        windows = [shown.window(scans.array(i), first=firsts[i]) for i in group]
        yield torch.from_numpy(np.stack(windows)).to(how.device)


def _precision(how: How) -> torch.autocast:
    wanted = how.precision == "bf16"
    return torch.autocast(how.device.type, dtype=torch.bfloat16, enabled=wanted)
