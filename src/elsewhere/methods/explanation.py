"""explanation: embeddings of scans and Grad-CAM examples of what a trained network looks at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from elsewhere.cohorts.cohort import Cohort
from elsewhere.cohorts.view import Floats, Positions, Voxels, view
from elsewhere.imaging import resample
from elsewhere.methods import gradcam
from elsewhere.methods.device import autocast
from elsewhere.methods.inference import InferenceOptions
from elsewhere.networks.network import Network

Grey = npt.NDArray[np.uint8]
GREYS = (0.5, 99.5)  # percentiles that become black and white


@dataclass(frozen=True)
class Example:
    """One scan with its Grad-CAM map.

    Attributes
    ----------
    image
        uint8 [y, x] as the network sees it; of a volume the slice with the largest sum of the map.
    heat
        uint8 [y, x], the Grad-CAM map of this slice; 255 is the maximum of the whole map.
    against
        Whether the map shows the evidence against the prediction, because there is none for it.
    slice
        Index of the slice in the prepared scan.
    """

    image: Grey
    heat: Grey
    against: bool
    slice: int


@dataclass(frozen=True)
class Map:
    """The Grad-CAM map of one whole scan.

    Attributes
    ----------
    heat
        uint8 [z, y, x] on the lattice of the prepared scan, 255 at the maximum of the map; 0 where
        the network did not look.
    against
        As in `Example`.
    layer
        Name of the layer whose activations the map shows.
    """

    heat: Grey
    against: bool
    layer: str


def embedded(
    network: Network, scans: Cohort, *, firsts: Sequence[int], options: InferenceOptions
) -> Floats:
    """Return the embedding of every scan.

    Parameters
    ----------
    network
        Trained, on the device of `options`; it is put into evaluation mode.
    scans
        Scans of one site.
    firsts
        First slice of the window that gives each scan its prediction (A-16); 0 for an image.
    options
        See `inference.InferenceOptions`.

    Returns
    -------
    numpy.ndarray
        float32 [scans, features].
    """
    network.eval()
    embeddings = [np.zeros((0, network.features), np.float32)]
    with torch.inference_mode(), autocast(options.device, options.precision):
        for images in batches(scans, range(len(scans)), firsts, options):
            embeddings.append(network.embed(images, options.site).float().cpu().numpy())
    return np.concatenate(embeddings)


def examples(
    network: Network,
    scans: Cohort,
    *,
    chosen: Sequence[int],
    firsts: Sequence[int],
    options: InferenceOptions,
) -> tuple[str | None, list[Example]]:
    """Return the name of the explained layer and an example of each chosen scan (D-43).

    Parameters
    ----------
    network, scans, firsts, options
        As in `embedded`.
    chosen
        Positions of the scans in the cohort; if it is empty, the layer is None.
    """
    network.eval()
    layer: str | None = None
    maps: list[npt.NDArray[np.float32]] = []
    against: list[bool] = []
    seen: list[Floats] = []
    with autocast(options.device, options.precision):
        for images in batches(scans, chosen, firsts, options):
            layer = layer or gradcam.layer(network, images, options.site)
            heats, nothing_for = _heats(network, images, site=options.site, layer=layer)
            maps += [*heats.cpu().numpy()]
            against += nothing_for.tolist()
            seen += [*images[:, 0].cpu().numpy()]
    shown = view(options.input)
    positions = [
        shown.positions(len(scans.array(number)), first=firsts[number]) for number in chosen
    ]
    return layer, [
        _example(image, heat, against=is_against, positions=slices)
        for image, heat, is_against, slices in zip(seen, maps, against, positions, strict=True)
    ]


def whole_map(
    network: Network,
    array: Voxels,
    *,
    first: int,
    options: InferenceOptions,
    finding: str | None = None,
) -> Map:
    """Return the Grad-CAM map of one whole scan, on the lattice of its prepared array (D-43).

    Parameters
    ----------
    network
        Trained, on the device of `options`; it is put into evaluation mode.
    array
        Prepared scan [z, y, x].
    first
        First slice of the window that gives the scan its prediction (A-16); 0 for an image.
    options
        See `inference.InferenceOptions`.
    finding
        The finding that is explained, or the class where there are more than two. Of classes None
        is the predicted one.

    Raises
    ------
    ValueError
        If the network knows no such finding or class, or which finding is not said.
    """
    network.eval()
    lead, shown = _lead(finding, options), view(options.input)
    images = shown.window(array, first=first, device=options.device)[None]
    with autocast(options.device, options.precision):
        layer = gradcam.layer(network, images, options.site)
        heats, against = _heats(network, images, site=options.site, layer=layer, lead=lead)
    seen = heats[0].float().cpu().numpy().reshape(-1, *heats.shape[-2:])
    whole = np.zeros(array.shape, np.uint8)
    inside, slices = _in_scan(shown.positions(len(array), first=first))
    _, rows, columns = array.shape
    whole[slices] = eight_bit(resample.in_plane(seen[inside], rows=rows, columns=columns))
    return Map(whole, bool(against[0]), layer)


def _lead(finding: str | None, options: InferenceOptions) -> gradcam.Lead:
    """Return what is explained of a network's outputs."""
    names = options.findings or options.classes
    if finding is None and not options.findings:
        return gradcam.predicted
    if finding not in names:
        raise ValueError(
            f"finding is {finding!r}, expected one of {', '.join(names) or 'none: two classes'}"
        )
    make = gradcam.of_finding if options.findings else gradcam.of_class
    return make(names.index(finding))


def _heats(
    network: Network,
    images: Tensor,
    *,
    site: str | None,
    layer: str,
    lead: gradcam.Lead = gradcam.predicted,
) -> tuple[Tensor, Tensor]:
    """Return the maps of a batch, and of each whether it shows what speaks against `lead`.

    It does where nothing speaks for it.
    """
    heats = gradcam.maps(network, images, site=site, layer=layer, lead=lead)
    nothing_for = ~heats.flatten(1).any(dim=1)
    if nothing_for.any():
        heats[nothing_for] = gradcam.maps(
            network, images[nothing_for], site=site, layer=layer, lead=gradcam.against(lead)
        )
    return heats, nothing_for


def _in_scan(positions: Positions) -> tuple[list[int], list[int]]:
    """Return which slices of a window are no padding, and which slices of the scan they are."""
    inside = [number for number, position in enumerate(positions) if position is not None]
    return inside, [position for position in positions if position is not None]


def _example(image: Floats, heat: Floats, *, against: bool, positions: Positions) -> Example:
    if image.ndim == 2:
        return Example(grey(image), eight_bit(heat), against, 0)
    in_scan, slices = _in_scan(positions)
    image, heat = image[in_scan], heat[in_scan]  # without padding
    sums = heat.sum(axis=(1, 2))
    index = int(sums.argmax()) if sums.any() else len(sums) // 2
    return Example(grey(image[index]), eight_bit(heat[index]), against, slices[index])


def grey(image: Floats) -> Grey:
    """Return an image in grey levels, black and white at the percentiles `GREYS`."""
    low, high = np.percentile(image, GREYS)
    return eight_bit((image - low) / ((high - low) or 1.0))


def eight_bit(values: npt.NDArray[np.floating]) -> Grey:
    """Return values from 0 to 1 as 0 to 255."""
    levels: Grey = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    return levels


def batches(
    scans: Cohort,
    chosen: Sequence[int],
    firsts: Sequence[int] | Mapping[int, int],
    options: InferenceOptions,
) -> Iterator[Tensor]:
    """Yield the windows of scans on the device: images in batches, volumes one at a time.

    Parameters
    ----------
    scans, options
        As in `embedded`.
    chosen
        Positions of the scans in the cohort.
    firsts
        First slice of the window of each, by position.
    """
    batch_size = options.batch_size if options.input.one_view else 1
    shown = view(options.input)
    for start in range(0, len(chosen), batch_size):
        group = chosen[start : start + batch_size]
        arrays = [(scans.array(i), firsts[i]) for i in group]
        device = options.device
        yield torch.stack([shown.window(a, first=first, device=device) for a, first in arrays])
