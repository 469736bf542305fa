"""located: Grad-CAM maps of one site's test scans beside the outlines of their lesions (C-35)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from elsewhere.cohorts import cohort
from elsewhere.cohorts.cohort import Cohort, SiteFiles
from elsewhere.cohorts.view import Floats, view
from elsewhere.imaging import outline_values, store
from elsewhere.methods import gradcam, trained
from elsewhere.methods.explanation import GREYS
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
        low, high = np.percentile(self.image[at], GREYS)
        grey = np.clip((self.image[at] - low) / ((high - low) or 1.0), 0, 1)
        levels = {"image": np.rint(255 * grey), "heat": np.rint(255 * self.found[at])}
        levels["lesion"] = self.lesion[at]
        rows, columns = grey.shape
        pictures = {name: level.astype(np.uint8).tobytes() for name, level in levels.items()}
        return {"rows": rows, "columns": columns, **pictures}


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
    options = trained.inference_options(
        settings, site=files.site, sites=run.sites, device=run.device
    )
    network = trained.load(
        run.model, settings=settings, sites=run.sites, scans=scans, options=options
    )
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
    for group, windows in _batches(scans, firsts, options):
        images = torch.from_numpy(windows).to(options.device)
        with torch.autocast(
            options.device.type, dtype=torch.bfloat16, enabled=options.precision == "bf16"
        ):
            layer = layer or gradcam.layer(network, images, options.site)
            heats = gradcam.maps(network, images, site=options.site, layer=layer)
        for scan, seen, heat in zip(group, windows, heats.float().cpu().numpy(), strict=True):
            yield scan, seen[0], heat, layer


def _batches(
    scans: Cohort, firsts: Mapping[str, int], options: InferenceOptions
) -> Iterator[tuple[Sequence[str], Floats]]:
    """Yield the windows that gave the predictions; volumes at full size one at a time."""
    size = options.batch_size if options.input.one_view else 1
    shown, chosen = view(options.input), [*firsts]
    for start in range(0, len(chosen), size):
        group = chosen[start : start + size]
        arrays = [scans.array(scans.scan_ids.index(scan)) for scan in group]
        windows = [
            shown.window(array, first=firsts[scan])
            for scan, array in zip(group, arrays, strict=True)
        ]
        yield group, np.stack(windows)
