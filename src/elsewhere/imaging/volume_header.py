"""volume_header: what a file of a volume is by its content, and what its header says of its data.

NIfTI, NRRD (http://teem.sourceforge.net/nrrd/format.html) and MetaImage
(https://itk.org/Wiki/ITK/MetaIO/Documentation) are told apart here. The headers of NRRD and
MetaImage are text: they are read as far as it takes to find the voxels and to check that all are
there.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from elsewhere.imaging.intact import Encoding
from elsewhere.imaging.volume import Unusable

Kind = Literal["nifti", "nrrd", "metaimage"]
SUFFIXES: Mapping[Kind, tuple[str, ...]] = {
    "nifti": (".nii", ".nii.gz"),
    "nrrd": (".nrrd", ".nhdr"),
    "metaimage": (".mha", ".mhd"),
}
EVERY_SUFFIX = tuple(suffix for suffixes in SUFFIXES.values() for suffix in suffixes)
_HEAD = 1024
_MOST_HEADER = 1 << 20  # far above any header; what has no end by then is none
_GZIP = b"\x1f\x8b"
_META = re.compile(rb"\s*(ObjectType|NDims|Comment|ObjectSubType)\s*=")
_NRRD_FIELD = re.compile(r"([^:=#]+): ?(.*)")
_META_FIELD = re.compile(r"\s*(\w+)\s*=\s*(.*?)\s*")
# both formats have several names of a type, such as uint16, unsigned short int, MET_USHORT
_BYTES = {
    **dict.fromkeys(("char", "uchar", "int8", "uint8"), 1),
    **dict.fromkeys(("short", "ushort", "int16", "uint16"), 2),
    **dict.fromkeys(("int", "uint", "int32", "uint32", "long", "ulong", "float"), 4),
    **dict.fromkeys(("int64", "uint64", "longlong", "ulonglong", "double"), 8),
}
_NO_SIZE = {"met", "signed", "unsigned", "t"}
_ENCODINGS: Mapping[str, Encoding] = {"raw": "raw", "gzip": "gzip", "gz": "gzip"}
_ORIENTED = ("left-posterior-superior", "right-anterior-superior", "left-anterior-superior")
_SHORT = ("lps", "ras", "las")


@dataclass(frozen=True)
class Header:
    """What the header of a NRRD or MetaImage file says of its voxels.

    Attributes
    ----------
    kind
        Its format.
    data
        Name of the file that holds the voxels, beside the header; "" for the file itself.
    start
        Bytes in front of the voxels in that file.
    sizes
        Of each axis, components of a voxel included.
    bytes_per_value, encoding
        How the voxels are kept; encoding None: in a way that is read without a check.
    oriented, spaced
        Whether it says how the patient lies, and how far apart voxels are.
    """

    kind: Kind
    data: str
    start: int
    sizes: tuple[int, ...]
    bytes_per_value: int
    encoding: Encoding | None
    oriented: bool
    spaced: bool

    @property
    def expected(self) -> int:
        """Bytes of all voxels, uncompressed."""
        return math.prod(self.sizes) * self.bytes_per_value


def kind(path: Path) -> Kind | None:
    """Return the format of a file of a volume by its first bytes, whatever its name is."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(_GZIP):
        try:
            head = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(head, _HEAD)
        except zlib.error:
            return None
    if head[344:348] in (b"n+1\0", b"ni1\0") or head[4:8] == b"n+2\0":
        return "nifti"
    if head.startswith(b"NRRD0"):
        return "nrrd"
    return "metaimage" if _META.match(head) else None


def check_name(path: Path) -> None:
    """Refuse a file whose name ends like another format than its content is.

    Raises
    ------
    Unusable
        `wrong_suffix`, `unreadable` if it is no volume at all.
    """
    content = kind(path)
    if content is None:
        raise Unusable("unreadable", "neither NIfTI nor NRRD nor MetaImage by its first bytes")
    with path.open("rb") as file:
        compressed = file.read(len(_GZIP)) == _GZIP
    name = path.name.lower()
    zipped_name = name.endswith(".gz")
    if not name.endswith(SUFFIXES[content]) or compressed != zipped_name:
        written = f"{'gzipped ' if compressed else ''}{content}"
        raise Unusable("wrong_suffix", f"the content is {written}, the name ends otherwise")


def read(path: Path) -> Header:
    """Return what the header of a NRRD or MetaImage file says.

    Raises
    ------
    Unusable
        `bad_header` if it does not say what is needed.
    """
    with path.open("rb") as file:
        text = file.read(_MOST_HEADER)
    try:
        return _nrrd(text) if text.startswith(b"NRRD0") else _metaimage(text)
    except (KeyError, ValueError) as error:
        if isinstance(error, Unusable):
            raise
        raise Unusable("bad_header", f"the header lacks a field ({type(error).__name__})") from None


def data_file(path: Path, header: Header) -> Path:
    """Return the file with the voxels: the file itself, or one beside it.

    Raises
    ------
    Unusable
        `no_data_file` if there is none, or it lies elsewhere.
    """
    if not header.data:
        return path
    name = PurePosixPath(header.data.replace("\\", "/"))
    if name.is_absolute() or ".." in name.parts or "%" in header.data or ":" in header.data:
        raise Unusable("no_data_file", "the header names no single file beside it")
    if not (path.parent / name).is_file():
        raise Unusable("no_data_file", "the file that the header names is not there")
    return path.parent / name


def _nrrd(text: bytes) -> Header:
    end = re.search(rb"\r?\n\r?\n", text)
    lines = text[: end.start() if end else len(text)].decode("utf-8", "replace").splitlines()
    matches = [_NRRD_FIELD.fullmatch(line) for line in lines[1:]]
    fields = {one[1].strip().lower(): one[2].strip() for one in matches if one}
    data = fields.get("data file", fields.get("datafile", ""))
    if data.split(" ")[0].upper() == "LIST":
        raise Unusable("no_data_file", "the header names several files")
    skipped = int(fields.get("byte skip", fields.get("byteskip", "0")))
    lined = int(fields.get("line skip", fields.get("lineskip", "0")))
    encoding = _ENCODINGS.get(fields["encoding"].lower())
    spacings = fields.get("space directions", fields.get("spacings", "nan")).lower()
    return Header(
        kind="nrrd",
        data=data,
        start=(0 if data or end is None else end.end()) + max(skipped, 0),
        sizes=_integers(fields["sizes"]),
        bytes_per_value=_bytes(fields["type"]),
        encoding=None if lined or skipped < 0 else encoding,
        oriented=fields.get("space", "").lower() in (*_ORIENTED, *_SHORT),
        spaced="nan" not in spacings,
    )


def _metaimage(text: bytes) -> Header:
    end = re.search(rb"ElementDataFile\s*=[^\n]*(\n|$)", text)
    if end is None:
        raise Unusable("bad_header", "the header has no ElementDataFile")
    lines = text[: end.end()].decode("utf-8", "replace").splitlines()
    matches = [_META_FIELD.fullmatch(line) for line in lines]
    fields = {one[1].lower(): one[2] for one in matches if one}
    data = fields["elementdatafile"]
    if data.split(" ")[0].upper() == "LIST":
        raise Unusable("no_data_file", "the header names several files")
    local = data.upper() == "LOCAL"
    header_size = int(fields.get("headersize", "0"))
    binary = fields.get("binarydata", "true").lower() == "true"
    zipped = fields.get("compresseddata", "false").lower() == "true"
    if zipped and "compresseddatasize" not in fields:
        # SimpleITK 2.5 then gives other voxels without an error
        raise Unusable("bad_header", "compressed voxels without a CompressedDataSize")
    channels = int(fields.get("elementnumberofchannels", "1"))
    plain: Encoding = "zlib" if zipped else "raw"
    return Header(
        kind="metaimage",
        data="" if local else data,
        start=end.end() if local else max(header_size, 0),
        sizes=(*([channels] if channels > 1 else []), *_integers(fields["dimsize"])),
        bytes_per_value=_bytes(fields["elementtype"]),
        encoding=plain if binary else None,
        oriented=bool(fields.keys() & {"transformmatrix", "orientation", "rotation"}),
        spaced=bool(fields.keys() & {"elementspacing", "elementsize"}),
    )


def _integers(text: str) -> tuple[int, ...]:
    found = tuple(int(part) for part in text.split())
    if not found or min(found) < 1:
        raise Unusable("not_3d", f"axes of {len(found)} sizes, some below 1")
    return found


def _bytes(type_name: str) -> int:
    """Return the bytes of a value of a type; a block or a colour has no size of its own."""
    words = [word for word in re.split(r"[ _]", type_name.lower()) if word not in _NO_SIZE]
    name = "".join(words[:-1] if len(words) > 1 and words[-1] == "int" else words)
    if name not in _BYTES:
        raise Unusable("colour", "a voxel is no single real number")
    return _BYTES[name]
