"""instance_store: keep retrieved DICOM instances, checked for damage, under hashed names."""

from __future__ import annotations

import csv
import hashlib
import io
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import FileDataset
from pydicom.errors import InvalidDicomError
from pydicom.pixels.utils import get_expected_length
from pydicom.tag import Tag
from pydicom.uid import UID

from elsewhere.files import whole

log = logging.getLogger(__name__)
SUFFIX = ".dcm"
_DIGITS = 24
_PART = ".part-*"
_UNDEFINED = 0xFFFFFFFF
# what pydicom raises for invalid values; errors of writing come as OSError
_UNPARSED = (
    AttributeError,
    EOFError,
    KeyError,
    NotImplementedError,
    OSError,
    OverflowError,
    TypeError,
    ValueError,
)
_PIXELS = (Tag("PixelData"), Tag("FloatPixelData"), Tag("DoubleFloatPixelData"))


class InvalidInstance(ValueError):  # noqa: N818
    """An instance is damaged or was not requested."""


class InstanceStore:
    """Instances below a site's folder: <hash of study>/<hash of series>/<hash of instance>.dcm.

    A file gets its final name last, after it was checked. The ledger holds its size and SHA-256: a
    file of another size, such as one left by a power failure, counts as damaged. A file that is not
    in the ledger is read and checked: the process may have been killed before it wrote the ledger,
    or the folder may have been copied from another place.
    """

    def __init__(self, root: Path, ledger: Path) -> None:
        self._root, self._ledger = root, ledger
        self._lock = threading.Lock()
        self._sizes = _sizes(ledger)

    def remove_partial(self) -> int:
        """Remove half-written files of a killed process; return their number."""
        parts = [path for at in ("", "*/*/") for path in self._root.glob(at + _PART)]
        for path in parts:
            path.unlink()
        return len(parts)

    def path(self, study: str, series: str, instance: str) -> Path:
        """Return the path of an instance."""
        return self.folder(study, series) / (hashed(instance) + SUFFIX)

    def folder(self, study: str, series: str) -> Path:
        """Return the folder of a series."""
        return self._root / hashed(study) / hashed(series)

    def held(self, study: str, series: str) -> set[str]:
        """Return the file names of a series' undamaged instances; remove the damaged ones."""
        names = set()
        for path in sorted(self.folder(study, series).glob(f"*{SUFFIX}")):
            if self._is_valid(path):
                names.add(path.name)
            else:
                log.warning("a damaged file of an earlier run was removed and is fetched again")
                path.unlink()
        return names

    def keep(self, dataset: FileDataset, *, study: str, series: str) -> Path:
        """Check an instance and write it.

        Raises
        ------
        InvalidInstance
            If it is incomplete or of another series.
        """
        encoded = _encoded(dataset)
        check(dataset)
        if (str(dataset.StudyInstanceUID), str(dataset.SeriesInstanceUID)) != (study, series):
            raise InvalidInstance("an instance of another series")
        path = self.path(study, series, str(dataset.SOPInstanceUID))
        with whole(path) as part:
            part.write_bytes(encoded)
        self._note(path, encoded)
        return path

    def _is_valid(self, path: Path) -> bool:
        name = self._name(path)
        size = path.stat().st_size
        if name in self._sizes:
            return self._sizes[name] == size
        try:
            with path.open("rb") as file:
                dataset = dcmread(file)
            check(dataset)
        except (InvalidInstance, InvalidDicomError, *_UNPARSED):
            return False
        if hashed(str(dataset.SOPInstanceUID)) + SUFFIX != path.name:
            return False
        self._note(path, path.read_bytes())
        return True

    def _note(self, path: Path, encoded: bytes) -> None:
        row = (self._name(path), len(encoded), hashlib.sha256(encoded).hexdigest())
        with self._lock:
            self._sizes[row[0]] = row[1]
            self._ledger.parent.mkdir(parents=True, exist_ok=True)
            with self._ledger.open("a", encoding="ascii", newline="") as file:
                # a single write: a killed process leaves the whole line or nothing
                file.write("{},{},{}\n".format(*row))

    def _name(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()


def hashed(uid: str) -> str:
    """Return the hash of a UID that names files and folders."""
    return hashlib.sha256(uid.encode()).hexdigest()[:_DIGITS]


def _encoded(dataset: FileDataset) -> bytes:
    """Return the file's bytes; pydicom writes values that were not parsed unchanged."""
    try:
        with io.BytesIO() as buffer:
            dataset.save_as(buffer)
            return buffer.getvalue()
    except _UNPARSED as error:
        raise InvalidInstance(
            f"an instance that cannot be written ({type(error).__name__})"
        ) from None


def check(dataset: FileDataset) -> None:
    """Check that an instance is complete: identifiers, file meta, the length of every value.

    Raises
    ------
    InvalidInstance
        If it is not; the message names the fault and quotes no value.
    """
    try:
        _check(dataset)
    except InvalidInstance:
        raise
    except _UNPARSED as error:
        raise InvalidInstance(f"an instance that cannot be read ({type(error).__name__})") from None


def _check(dataset: FileDataset) -> None:
    for name in ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        if not dataset.get(name):
            raise InvalidInstance(f"an instance without {name}")
    meta = dataset.file_meta
    if not meta.get("TransferSyntaxUID"):
        raise InvalidInstance("an instance without TransferSyntaxUID")
    if str(meta.get("MediaStorageSOPInstanceUID", "")) != str(dataset.SOPInstanceUID):
        raise InvalidInstance("file meta and data set name different instances")
    if any(_is_short(dataset, tag) for tag in dataset.keys()):  # noqa: SIM118
        raise InvalidInstance("a value ends before its length")
    _check_pixels(dataset)


def _is_short(dataset: FileDataset, tag: int) -> bool:
    item = dataset.get_item(tag)
    length = getattr(item, "length", _UNDEFINED)
    value = getattr(item, "value", None)
    return length != _UNDEFINED and isinstance(value, bytes) and len(value) < length


def _check_pixels(dataset: FileDataset) -> None:
    # PS3.6 annex A: "Image" is in the name of each SOP class whose instances must have pixels
    if not dataset.get("Rows") and "Image" not in UID(dataset.SOPClassUID).name:
        return
    if not dataset.get("Rows") or not any(tag in dataset for tag in _PIXELS):
        raise InvalidInstance("an image without pixel data")
    native = not dataset.file_meta.TransferSyntaxUID.is_encapsulated
    if native and _PIXELS[0] in dataset:
        length = len(dataset.get_item(_PIXELS[0]).value or b"")
        if length < get_expected_length(dataset):
            raise InvalidInstance(
                "the pixel data are shorter than rows, columns and frames require"
            )


def _sizes(ledger: Path) -> dict[str, int]:
    return {name: int(size) for name, size, _ in _lines(ledger)} if ledger.is_file() else {}


def _lines(ledger: Path) -> Iterator[list[str]]:
    """Yield the valid lines; a line that was cut by a kill or mixed by two processes is skipped."""
    with ledger.open(encoding="ascii", errors="replace", newline="") as file:
        for row in csv.reader(file):
            if len(row) == 3 and row[1].isdigit() and len(row[2]) == 64:
                yield row
