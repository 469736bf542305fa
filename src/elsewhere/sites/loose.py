"""loose: find the scans among files of no site: no table, no label, no patient, no fixed folders.

It is no kind of layout that a site could name. A site has patients and labels; these files are only
shown to a model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from os.path import commonpath
from pathlib import Path
from typing import ClassVar, Literal

from elsewhere.design.rows import Modality
from elsewhere.design.site import IntakeRow
from elsewhere.files import is_file, walk
from elsewhere.imaging import volume_header
from elsewhere.imaging.dicom import group, recognise
from elsewhere.imaging.dicom.header import Slice
from elsewhere.imaging.picture import is_picture
from elsewhere.imaging.source import Source
from elsewhere.imaging.volume import Unusable
from elsewhere.sites.layout import HIDDEN, Layout, LeftOut, Scan, relative

# the name and place of such a file say more of it, see `Layout.rest`
_BY_NAME = ("not_dicom", "empty_file")


End = Literal["head", "feet"]


def loose(modality: Modality, *, first_slice: End = "head") -> Layout:
    """Return what finds the scans among files without labels.

    DICOM files are told by their content and grouped as those of a site. Each NIfTI, NRRD or
    MetaImage file is a scan. Images (PNG, JPEG, TIFF, BMP, WebP) are told by their content: those
    of one folder are the slices of a volume, sorted by the numbers in their names; where scans are
    single images each is a scan.

    Parameters
    ----------
    modality
        What the models that will see the scans were trained on.
    first_slice
        Which end of the patient the first image of a folder shows; nothing in an image says it.
    """
    if modality == "volume":
        return _Volumes(first_slice=first_slice)
    return _Slices() if modality == "slice" else _Radiographs()


class _Loose(Layout):
    """Files of any format that the ingestion reads."""

    modality: ClassVar[Modality]
    citation: ClassVar[str] = "files that a person asks about"
    licence: ClassVar[str] = "the owner's"

    def scans(self, root: Path, policy: IntakeRow) -> Iterator[Scan | LeftOut]:
        """Yield DICOM volumes, then files of volumes, then images."""
        found = recognise.sort(root)
        taken = {item.header.path for item in found.slices}
        for one in (*found.set_aside, *found.rejected):
            if one.reason not in _BY_NAME:
                taken.add(one.path)
                yield LeftOut(relative(one.path, root), one.reason, one.detail, (one.path,))
        yield from _dicom(found.slices, root, policy)
        others = [path for path in _visible(root) if path not in taken]
        for item in _files_of_volumes(others, root):
            taken.update(item.source.files if isinstance(item, Scan) else item.files)
            yield item
        images = [path for path in others if path not in taken and is_picture(path)]
        yield from self._images(images, root)

    def _images(self, images: Sequence[Path], root: Path) -> Iterator[Scan]:
        """Yield each image as a scan."""
        for path in images:
            yield _scan(relative(path, root), Source("picture", (path,), colour="reject"))


class _Volumes(_Loose):
    """Scans are volumes: the images of a folder are the slices of one."""

    modality: ClassVar[Modality] = "volume"

    first_slice: End = "head"

    def _images(self, images: Sequence[Path], root: Path) -> Iterator[Scan]:
        folders: dict[Path, list[Path]] = {}
        for path in images:
            folders.setdefault(path.parent, []).append(path)
        for folder, files in folders.items():
            yield _scan(
                relative(folder, root), Source("stack", tuple(files), first_slice=self.first_slice)
            )


class _Slices(_Loose):
    modality: ClassVar[Modality] = "slice"


class _Radiographs(_Loose):
    modality: ClassVar[Modality] = "radiograph"


def _scan(name: str, source: Source, path: str | None = None) -> Scan:
    return Scan(
        name=name,
        path=name if path is None else path,
        patient=None,
        label=0,  # a row of the manifest must have one; nobody reads it
        category="unknown",
        source=source,
    )


def _visible(root: Path) -> Iterator[Path]:
    """Yield regular files that neither they nor their folders hide."""
    for path in walk(root, set()):
        hidden = any(part.startswith(HIDDEN) for part in path.relative_to(root).parts)
        if not hidden and is_file(path) and path.stat().st_size:
            yield path


def _dicom(slices: Sequence[Slice], root: Path, policy: IntakeRow) -> Iterator[Scan | LeftOut]:
    groups = group.volumes(slices, policy)
    per_series = Counter(one[0].header.series for one in groups)
    for number, of_volume in enumerate(groups):
        header = of_volume[0].header
        files = tuple(sorted({item.header.path for item in of_volume}))
        at = relative(Path(commonpath([path.parent for path in files])), root)
        if len({(item.header.patient, item.header.study) for item in of_volume}) > 1:
            detail = "one series, several patients or studies"
            yield LeftOut(at, "mixed_identity", detail, files)
            continue
        name = header.series if per_series[header.series] == 1 else f"{header.series}/{number}"
        yield _scan(name, Source("dicom", files, slices=of_volume), path=at)


def _files_of_volumes(paths: Sequence[Path], root: Path) -> Iterator[Scan | LeftOut]:
    taken: set[Path] = set()
    for path in paths:
        kind = volume_header.kind(path)
        named = path.name.lower().endswith(volume_header.EVERY_SUFFIX)
        if path in taken or not (kind or named):
            continue
        at = relative(path, root)
        try:
            files = _with_data(path, kind)
        except Unusable as error:
            yield LeftOut(at, error.reason, error.detail, (path,))
            continue
        if taken.intersection(files):
            yield LeftOut(at, "same_data", "another header names the same data", (path,))
            continue
        taken.update(files)
        nifti = kind == "nifti" or (kind is None and ".nii" in path.name.lower())
        yield _scan(at, Source("nifti" if nifti else "itk", files))


def _with_data(path: Path, kind: volume_header.Kind | None) -> tuple[Path, ...]:
    """Return a file, and the one that holds its voxels where its header says so."""
    if kind in ("nrrd", "metaimage"):
        data = volume_header.data_file(path, volume_header.read(path))
        return tuple(dict.fromkeys((path, data)))
    return (path,)
