"""intake: one scan of a layout to a stored volume and its manifest row, or to a rejected row."""

from __future__ import annotations

import errno
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from elsewhere.imaging import formats, store
from elsewhere.imaging.volume import Unusable, Volume
from elsewhere.progress import reported
from elsewhere.sites.keys import Keys
from elsewhere.sites.layout import Layout, Rejected, Scan

log = logging.getLogger(__name__)

_THREADS = 2
# one file's fault; any other error of the system (disk, network) must stop the step instead
_FILE_ERRORS = (errno.ENOENT, errno.EACCES, errno.EISDIR)


@dataclass(frozen=True)
class Intake:
    """Takes the scans of one site in.

    Attributes
    ----------
    keys
        Of the site.
    synthetic
        Written into every row.
    volumes
        Folder to fill with one file a scan, named by scan_id.
    """

    keys: Keys
    synthetic: bool
    volumes: Path

    def take(self, layout: Layout, root: Path) -> tuple[list[dict[str, Any]], list[Rejected]]:
        """Read every scan of a site.

        Returns
        -------
        tuple
            Rows of the manifest, and what was rejected with paths as they may be written.

        Raises
        ------
        elsewhere.sites.layout.LayoutError
            If the folder is not in its layout.
        OSError
            If the disk or the network fails; a damaged file is a rejected row instead.
        """
        found = list(layout.scans(root))
        self.volumes.mkdir(parents=True, exist_ok=True)
        rows, rejected = [], []
        with ThreadPoolExecutor(_THREADS) as pool:
            results = pool.map(self._taken, found)
            for result in reported(results, log, total=len(found), unit="scans"):
                if isinstance(result, Rejected):
                    rejected.append(result)
                else:
                    rows.append(result)
        return rows, rejected

    def _taken(self, one: Scan | Rejected) -> dict[str, Any] | Rejected:
        if isinstance(one, Rejected):
            return Rejected(self.keys.path(one.path), one.reason, one.detail)
        volume = self._volume(one)
        if isinstance(volume, Rejected):
            log.warning("rejected %s: %s", volume.path, volume.reason)
            return volume
        voxels = stored(volume)
        row = self._row(one, volume, voxels)
        store.write(self.volumes / f"{row['scan_id']}{store.SUFFIX}", voxels)
        return row

    def _volume(self, scan: Scan) -> Volume | Rejected:
        path = self.keys.path(scan.path)
        try:
            return formats.read(scan.source)
        except Unusable as error:
            return Rejected(path, error.reason, error.detail)
        except MemoryError:
            raise
        except OSError as error:
            if error.errno is not None and error.errno not in _FILE_ERRORS:
                raise
            return Rejected(path, "unreadable", f"cannot be read ({type(error).__name__})")
        except Exception as error:
            # decoders raise what they like on damaged files; their texts may hold file names
            return Rejected(path, "unreadable", f"cannot be decoded ({type(error).__name__})")

    def _row(self, scan: Scan, volume: Volume, voxels: npt.NDArray[np.generic]) -> dict[str, Any]:
        scan_id = self.keys.scan(scan.name)
        published = scan.patient is not None
        dz, dy, dx = volume.spacing_mm
        slices, rows, columns = voxels.shape
        return {
            "scan_id": scan_id,
            "patient_id": self.keys.patient(scan.patient) if scan.patient is not None else scan_id,
            "patient_key": "published" if published else "none",
            "site": self.keys.site,
            "sub_site": scan.sub_site,
            "label": scan.label,
            "category": scan.category,
            "sex": scan.sex,
            "age": scan.age,
            "manufacturer": volume.acquisition.manufacturer,
            "kernel": volume.acquisition.kernel,
            "contrast": volume.acquisition.contrast,
            "spacing_z_mm": dz,
            "spacing_y_mm": dy,
            "spacing_x_mm": dx,
            "n_slices": slices,
            "rows": rows,
            "columns": columns,
            "value_scale": volume.value_scale,
            "bits_stored": volume.bits_stored,
            "value_min": int(voxels.min()),
            "value_max": int(voxels.max()),
            "source_path": self.keys.path(scan.path),
            "source_format": volume.source_format,
            "synthetic": self.synthetic,
            "volume_sha256": store.sha256(voxels),
        }


def stored(volume: Volume) -> npt.NDArray[np.generic]:
    """Return the voxels as they are kept: uint8 for greys of 0-255, int16 otherwise."""
    kept = np.uint8 if volume.value_scale == "0-255" else np.int16
    return volume.voxels.astype(kept)
