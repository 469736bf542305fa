"""located: Grad-CAM maps of one site's test scans beside the outlines of their lesions (C-35)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from elsewhere.cohorts import cohort
from elsewhere.cohorts.cohort import Cohort, SiteFiles
from elsewhere.cohorts.view import Floats, view
from elsewhere.imaging import outline_values, store
from elsewhere.methods import gradcam, trained
from elsewhere.methods.device import autocast
from elsewhere.methods.explanation import batches, eight_bit, grey
from elsewhere.methods.inference import InferenceOptions
from elsewhere.methods.run import Run
from elsewhere.methods.trained import ArmSettings
from elsewhere.networks.network import Network

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Located:
    """The map of one scan beside its outline, both of the slices that the network saw.

    Attributes
    ----------
    scan_id
        The scan.
    image
        What the network saw ``[z, y, x]``, the first channel.
    found
        Grad-CAM map of the predicted class ``[z, y, x]``, 0 to 1; zero everywhere if nothing
        speaks for the prediction.
    lesion, lungs
        The outline; lesions count as lung.
    layer
        Name of the layer whose activations the map shows.
    """

    scan_id: str
    image: Floats
    found: Floats
    lesion: Mask
    lungs: Mask
    layer: str

    def picture(self) -> dict[str, Any]:
        """Return the slice with most of the lesion: rows, columns, and image, heat and lesion.

        These are uint8 in bytes: grey, 255 at the maximum of the whole map, and 1 in the lesion.
        """
        at = int(self.lesion.sum(axis=(1, 2)).argmax())
        rows, columns = self.image[at].shape
        return {
            "rows": rows,
            "columns": columns,
            "image": grey(self.image[at]).tobytes(),
            "heat": eight_bit(self.found[at]).tobytes(),
            "lesion": self.lesion[at].astype(np.uint8).tobytes(),
        }


def locate(
    run: Run,
    files: SiteFiles,
    rows: pd.DataFrame,
    *,
    settings: ArmSettings,
    outlines: Mapping[str, Path],
) -> Iterator[Located]:
    """Yield the map of each test scan that has an outline, with it.

    Parameters
    ----------
    run
        The run, with its model.
    files
        Arrays and split of the site.
    rows
        The run's predictions of the site's test scans, one row a scan.
    settings
        How the arm's models are applied.
    outlines
        Scan id to its outline, as `masks.prepared` makes it.
    """
    outlined = rows[rows["scan_id"].isin([*outlines])].sort_values("scan_id")
    if outlined.empty:
        return
    scans = cohort.load(files, fold=run.fold, part="test", classes=settings.classes)
    network, options = trained.applied(run, scans, settings=settings)
    firsts = dict(zip(outlined["scan_id"], outlined["window_start"].tolist(), strict=True))
    shown = view(options.input)
    for scan, image, heat, layer in _maps(network, scans, firsts=firsts, options=options):
        outline = store.read(outlines[scan]).astype(np.uint8)
        positions = shown.positions(len(outline), first=firsts[scan])
        in_scan = [number for number, at in enumerate(positions) if at is not None]
        seen = outline[[at for at in positions if at is not None]]
        yield Located(
            scan_id=scan,
            image=image[in_scan],
            found=heat[in_scan],
            lesion=seen == outline_values.LESION,
            lungs=seen >= outline_values.LUNG,
            layer=layer,
        )


def _maps(
    network: Network, scans: Cohort, *, firsts: Mapping[str, int], options: InferenceOptions
) -> Iterator[tuple[str, Floats, Floats, str]]:
    """Yield of each scan what was seen, its map ``[z, y, x]``, and the explained layer."""
    network.eval()
    layer = ""
    position = {scan: at for at, scan in enumerate(scans.scan_ids)}
    first_of = {position[scan]: first for scan, first in firsts.items()}
    names = iter(firsts)
    for images in batches(scans, [*first_of], first_of, options):
        with autocast(options.device, options.precision):
            layer = layer or gradcam.layer(network, images, options.site)
            heats = gradcam.maps(network, images, site=options.site, layer=layer)
        seen = images[:, 0].cpu().numpy()
        for image, heat in zip(seen, heats.float().cpu().numpy(), strict=True):
            yield next(names), image, heat, layer
