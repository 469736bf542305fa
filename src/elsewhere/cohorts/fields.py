"""fields: what may tell label and site without the disease: fields of headers, measures of voxels.

Groups of headers are known without an image. Groups of voxels are measured at intake
(`elsewhere.imaging.profile`); the disease changes some of them too.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.decomposition import PCA

from elsewhere.imaging import profile, signature

QUANTILES = {"grey_05": 0.05, "grey_25": 0.25, "grey_50": 0.5, "grey_75": 0.75, "grey_95": 0.95}
THUMBNAIL = "thumbnail"
COMPONENTS = 16  # of thumbnails
LEVELS = 8  # most ranges into which the values of a numeric field are binned

Columns = npt.NDArray[np.float64]


class Fields(NamedTuple):
    """Fields of one group: names that are categories, and names of numbers."""

    categories: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


HEADERS = {
    "acquisition": Fields(
        ("manufacturer", "kernel", "contrast"),
        ("spacing_z_mm", "spacing_y_mm", "spacing_x_mm", "n_slices", "rows", "columns"),
    ),
    "format": Fields(
        ("source_format", "bits_stored", "colour_mode", "value_scale"), ("rows", "columns")
    ),
}
VOXELS = {
    "intensity": Fields((), ("air_peak", "tissue_peak", *QUANTILES)),
    "texture": Fields((), ("noise_air", "noise_lung", "edge_px")),
    "geometry": Fields(
        (),
        (
            *("lowest_share", "highest_share", "margin_share"),
            *("body_share", "lung_share", "lung_litres"),
        ),
    ),
    THUMBNAIL: Fields(),
}
GROUPS = HEADERS | VOXELS


def measured(profiles: pd.DataFrame) -> pd.DataFrame:
    """Return what is measured in the voxels of each scan: the numbers of `VOXELS`, the signature.

    Parameters
    ----------
    profiles
        Columns of `elsewhere.imaging.profile.SCHEMA`.
    """
    numbers = [name for group in VOXELS.values() for name in group.numbers]
    greys = pd.DataFrame(np.nan, profiles.index, [*QUANTILES])
    for scale, of_scale in profiles.groupby("value_scale"):
        counts = np.stack([*of_scale["histogram"]])
        greys.loc[of_scale.index] = profile.quantiles(
            counts, str(scale), shares=[*QUANTILES.values()]
        )
    return profiles.join(greys)[["scan_id", "signature", *numbers]]


def encoded(scans: pd.DataFrame, group: str, *, seed: int) -> tuple[list[str], Columns]:
    """Return the fields that vary and their columns, made without regard to label or site.

    A category or a range of numbers is a column of zeros and ones; a thumbnail is its principal
    components, in units of the standard deviation of the first.

    Parameters
    ----------
    scans
        Columns of the group's fields; for thumbnails ``signature``.
    group
        One of `GROUPS`.
    seed
        Of the principal components.
    """
    if group == THUMBNAIL:
        return _thumbnails(scans, seed)
    names, numbers = GROUPS[group]
    fields = {name: scans[name].astype(str).fillna("unknown") for name in names}
    fields |= {name: _ranges(scans[name].astype(float)) for name in numbers}
    fields = {name: column for name, column in fields.items() if column.nunique() > 1}
    if not fields:
        return [], np.zeros((len(scans), 0))
    return [*fields], pd.get_dummies(pd.DataFrame(fields)).to_numpy(float)


def _thumbnails(scans: pd.DataFrame, seed: int) -> tuple[list[str], Columns]:
    rows = signature.unpacked([*scans["signature"]])
    if not (rows != rows[:1]).any():
        return [], np.zeros((len(scans), 0))
    model = PCA(min(COMPONENTS, *rows.shape), random_state=seed)
    components = model.fit_transform(rows.astype(np.float64))
    return [THUMBNAIL], components / components[:, 0].std()


def _ranges(numbers: pd.Series[Any]) -> pd.Series[Any]:
    """Return numbers as categories: each value if there are few, else quantile ranges.

    An unknown value is a category of its own.
    """
    if numbers.nunique() > LEVELS:
        numbers = pd.qcut(numbers, LEVELS, labels=False, duplicates="drop")
    return numbers.astype(str).fillna("unknown")
