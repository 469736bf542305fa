"""prepare: a site's scans on the lattice and in the values of one input; what is deterministic."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from elsewhere.design.job import Job
from elsewhere.design.parts import ImageInput, VolumeInput
from elsewhere.files import whole
from elsewhere.imaging import clahe, intensity, resample, spline, store
from elsewhere.progress import reported
from elsewhere.sites import manifest

log = logging.getLogger(__name__)

_TYPES = {
    "scan_id": "str",
    "patient_id": "str",
    "label": "Int64",
    "n_slices": "int64",
    "value_max": "int64",
    "array_sha256": "str",
}


@dataclass(frozen=True)
class Settings:
    """What prepare depends on.

    Attributes
    ----------
    input
        Row of `inputs`.
    """

    input: VolumeInput | ImageInput


def run(job: Job, settings: Settings) -> None:
    """Make the arrays of every scan and their index (A-10, A-13, B-19, B-21, D-03).

    Raises
    ------
    ValueError
        If an image input meets a scan that is no 8-bit image.
    """
    scans = manifest.read(job.path("manifest"))
    rows = []
    with whole(job.outputs["arrays"]) as arrays:
        arrays.mkdir(parents=True)
        records = scans.to_dict("records")
        for scan in reported(records, log, total=len(records), unit="scans"):
            name = f"{scan['scan_id']}{store.SUFFIX}"
            voxels = store.read(job.path("volumes") / name)
            array = prepared(voxels, scan["value_scale"], settings.input)
            store.write(arrays / name, array)
            rows.append(_row(scan, array))
    _write_index(rows, job.outputs["index"])


def prepared(
    voxels: npt.NDArray[np.generic], value_scale: Any, wanted: VolumeInput | ImageInput
) -> npt.NDArray[np.generic]:
    """Bring one scan [z, y, x] onto the lattice and values of an input.

    Returns
    -------
    numpy.ndarray
        int16 [z, matrix, matrix] at least 0 for a volume input, uint8 [1, stored_matrix,
        stored_matrix] for an image input.
    """
    if isinstance(wanted, ImageInput):
        if value_scale != "0-255" or len(voxels) != 1:
            raise ValueError(
                f"an image input takes 8-bit images [1, y, x], got a scan in {value_scale} of "
                f"{len(voxels)} slices; give the study a volume input"
            )
        return _image(voxels[0], wanted)[None]
    values = intensity.clipped(
        voxels,
        value_scale,
        clip_min_hu=wanted.clip_min_hu,
        clip_max_hu=wanted.clip_max_hu,
        shift_ct_number=wanted.ct_number == "shift_to_hu",
    )
    resized = resample.in_plane(values, rows=wanted.matrix, columns=wanted.matrix)
    return np.rint(np.minimum(resized, np.iinfo(np.int16).max)).astype(np.int16)


def _image(image: npt.NDArray[np.generic], wanted: ImageInput) -> npt.NDArray[np.uint8]:
    """Spread the greys of an image [y, x], then resize it.

    [AMB] B-19, B-21: in this order, as in the paper's text; tiles are shares of the image, so that
    the order matters little, and noise that equalisation raises is smoothed on the way down.
    """
    if wanted.clahe is not None:
        image = clahe.equalised(image, clip_limit=wanted.clahe.clip_limit, tiles=wanted.clahe.tiles)
    resize = spline.in_plane if wanted.resampling == "spline" else resample.in_plane
    (resized,) = resize(image[None], rows=wanted.stored_matrix, columns=wanted.stored_matrix)
    rounded: npt.NDArray[np.uint8] = np.rint(resized).astype(np.uint8)
    return rounded


def _row(scan: dict[Any, Any], array: npt.NDArray[np.generic]) -> dict[str, Any]:
    return {
        "scan_id": scan["scan_id"],
        "patient_id": scan["patient_id"],
        "label": scan["label"],
        "n_slices": len(array),
        "value_max": int(array.max()),
        "array_sha256": store.sha256(array),
    }


def _write_index(rows: list[dict[str, Any]], path: Path) -> None:
    index = pd.DataFrame(rows, columns=[*_TYPES]).astype(_TYPES)
    with whole(path) as part:
        index.sort_values("scan_id", ignore_index=True).to_parquet(part, index=False)
