"""seen: the scans of a study at which an arm was evaluated, to hold other scans to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from elsewhere.design import paths
from elsewhere.files import texts
from elsewhere.imaging import profile, signature
from elsewhere.scores import nearest
from elsewhere.scores.nearest import Floats, Seen
from elsewhere.sites import manifest

MOST = 4000  # scans of one site, evenly chosen: 4,000 signatures take 18 MB
_MANIFEST = (
    *("scan_id", "patient_id", "value_scale", "n_slices", "volume_sha256"),
    *("spacing_z_mm", "spacing_y_mm", "spacing_x_mm"),
)
_PROFILE = ("scan_id", "histogram", "signature", "lung_first")


@dataclass(frozen=True)
class Scans:
    """Scans of some sites of a study.

    Attributes
    ----------
    rows
        Of manifest and profile together, with the column `site`.
    whose
        Whose scans they are, in words.
    """

    rows: pd.DataFrame
    whose: str

    def of(self, sites: Collection[str], whose: str) -> Scans:
        """Return the scans of some sites."""
        return Scans(self.rows[self.rows["site"].isin([*sites])], whose)

    @cached_property
    def by_scale(self) -> dict[str, Scans]:
        """The scans with values of each scale."""
        return {
            str(name): Scans(rows, self.whose) for name, rows in self.rows.groupby("value_scale")
        }

    @cached_property
    def values(self) -> Seen:
        """Histograms of their values, as unit vectors; all are of one scale."""
        return self._seen(nearest.of_histograms(np.stack([*self.rows["histogram"]])))

    @cached_property
    def anatomy(self) -> Seen:
        """What their pictures show, coarsely, as unit vectors."""
        return self._seen(signature.unpacked([*self.rows["signature"]]))

    @cached_property
    def values_limit(self) -> float | None:
        """From which distance on values are unlike all of these."""
        return nearest.limit(self.values)

    @cached_property
    def anatomy_limit(self) -> float | None:
        """From which distance on a picture is unlike all of these."""
        return nearest.limit(self.anatomy)

    def _seen(self, vectors: Floats) -> Seen:
        return Seen(vectors, [*self.rows["site"]], [*self.rows["patient_id"]])


def scans(study: str, sites: Collection[str], *, also: Collection[str] = ()) -> Scans:
    """Read the scans of some sites that a study uses: those in a part of its split.

    Parameters
    ----------
    study
        The study.
    sites
        Rows of `sites`; of a large one at most `MOST` scans.
    also
        SHA-256 of voxels of scans that are not left out.
    """
    known = [_of_site(study, site, also) for site in sites if _is_here(site)]
    empty = pd.DataFrame(columns=[*dict.fromkeys((*_MANIFEST, *_PROFILE)), "site"])
    rows = pd.concat(known, ignore_index=True) if known else empty
    return Scans(rows, "the evaluated sites")


def _is_here(site: str) -> bool:
    """Whether the scans of a site are here: those of a federation stay where they are."""
    return Path(paths.scans(site)["manifest"]).is_file()


def learnt(study: str, site: str, scan_id: str) -> frozenset[int]:
    """Return the folds in which a scan is in a part from which models are made."""
    rows = _split(study, site)
    used = rows[(rows["scan_id"] == scan_id) & (rows["part"] != "test")]
    return frozenset(int(fold) for fold in used["fold"])


def _of_site(study: str, site: str, also: Collection[str]) -> pd.DataFrame:
    known = manifest.read(Path(paths.scans(site)["manifest"]))[[*_MANIFEST]]
    used = known[known["scan_id"].isin(set(_split(study, site)["scan_id"]))]
    at = np.unique(np.linspace(0, max(len(used) - 1, 0), min(MOST, len(used))).astype(np.intp))
    chosen = used["volume_sha256"].isin([*also])
    chosen.iloc[at] = True
    measured = profile.read(Path(paths.scan_file(site, "profile.parquet")))[[*_PROFILE]]
    return used[chosen].merge(measured, on="scan_id").assign(site=site)


def _split(study: str, site: str) -> pd.DataFrame:
    columns = ["scan_id", "fold", "part"]
    path = Path(paths.split(study, site))
    return pd.read_csv(path, usecols=columns, converters=texts("scan_id"))
