"""volumes: any folder of volumes in NIfTI, NRRD or MetaImage files."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from elsewhere.design.layouts.volumes import VolumesOptions
from elsewhere.imaging import volume_header
from elsewhere.imaging.source import Source
from elsewhere.sites.labelled import Labelled


class Volumes(VolumesOptions, Labelled):
    """One scan a file; a detached header (.mhd, .nhdr) is a scan together with its data file."""

    citation: ClassVar[str] = "the site's own data"
    licence: ClassVar[str] = "the owner's"
    suffixes: ClassVar[tuple[str, ...]] = volume_header.EVERY_SUFFIX

    def is_scan(self, path: Path) -> bool:
        """Whether a file is called a volume."""
        return path.name.lower().endswith(self.suffixes)

    def source(self, path: Path) -> Source:
        """Return how a volume is read; raises what `volume_header` raises."""
        hu, name = self.values == "hu", path.name.lower()
        if name.endswith(volume_header.SUFFIXES["nifti"]):
            return Source(kind="nifti", files=(path,), hu=hu)
        if volume_header.kind(path) not in ("nrrd", "metaimage"):
            # the reader says what is wrong with it
            return Source(kind="itk", files=(path,), hu=hu)
        data = volume_header.data_file(path, volume_header.read(path))
        return Source(kind="itk", files=tuple(dict.fromkeys((path, data))), hu=hu)
