"""canaries: words planted where names of patients stand, and the search for them in all outputs.

Every planted word holds `MARK`; numbers, dates and UIDs cannot, and are recognisable ones.
"""

import base64
import binascii
import hashlib
import io
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pydicom
from PIL import Image
from pydicom.datadict import DicomDictionary
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset

MARK = "QZXKWJVY"
DATE, ROOT = "18870413", "1.2.826.77117711771177"
PLAIN = (MARK, "77117711771177", "918273645546", "1918273645")
DATES = rb"(?<![\d.])(?:18870413|1887[-./]04[-./]13|13[-./]0?4[-./]1887)(?!\d)"
CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"
# PS3.5 6.2: value representations that hold text, with a value of each that is a canary
WORDS = {"LO", "SH", "PN", "ST", "LT", "UT", "UC", "CS", "AE", "UR"}
OTHERS = {
    "DA": DATE,
    "DT": f"{DATE}101112",
    "TM": "101112.918273",
    "DS": "3.918273645546",
    "IS": "1918273645",
    "UI": f"{ROOT}.9",
}
# elements that have to be true, or the file is no slice
TRUE = {
    "AcquisitionNumber",
    "BitsAllocated",
    "Columns",
    "DeformableRegistrationGridSequence",
    "GantryDetectorTilt",
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "Modality",
    "NumberOfFrames",
    "PhotometricInterpretation",
    "PixelSpacing",
    "PlanarConfiguration",
    "RescaleIntercept",
    "RescaleSlope",
    "RescaleType",
    "SOPClassUID",
    "SpecificCharacterSet",
    "TemporalPositionIdentifier",
}


class Planted:
    """Hands out words, and remembers them all."""

    def __init__(self) -> None:
        self.words: set[str] = {*OTHERS.values()}

    def word(self, most: int = 16) -> str:
        """Return a word that was never planted before."""
        made = f"{MARK}{len(self.words):05d}"[:most]
        self.words.add(made)
        return made

    def fill(self, data: Dataset, *, depth: int = 0) -> None:
        """Plant a canary in every text element of the standard that is not there yet."""
        for tag, (vr, _, _, retired, keyword) in DicomDictionary.items():
            group = tag >> 16
            if group in (0x0000, 0x0002, 0x0004, 0xFFFE) or tag in data or keyword in TRUE:
                continue
            if depth and (retired or group != 0x0010):
                continue  # a nested data set holds the patient's group
            value = self.word() if vr in WORDS else OTHERS.get(vr)
            if value is not None:
                data.add_new(tag, vr, value)
        block = data.private_block(0x0019, self.word(), create=True)
        for offset, vr in enumerate(sorted(WORDS)):
            block.add_new(offset, vr, self.word())
        block.add_new(0x90, "UN", self.word().encode())
        if depth < 2:
            inner = Dataset()
            self.fill(inner, depth=depth + 1)
            for sequence in ("RequestAttributesSequence", "OtherPatientIDsSequence"):
                setattr(data, sequence, [inner])
            block.add_new(0x91, "SQ", [inner])


def write_series(folder: Path, hu: np.ndarray, planted: Planted, *, uid: str) -> list[Path]:
    """Write one axial CT series, every text element a canary, names of files too."""
    folder.mkdir(parents=True)
    common = Dataset()
    common.PatientID = common.PatientName = planted.word()
    common.StudyInstanceUID, common.SeriesInstanceUID = f"{ROOT}.{uid}.1", f"{ROOT}.{uid}.2"
    planted.words |= {common.StudyInstanceUID, common.SeriesInstanceUID}
    common.PatientSex, common.PatientAge = "F", "053Y"
    common.Manufacturer, common.Modality = f"SIEMENS {planted.word()}", "CT"
    common.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL", planted.word()]
    common.BurnedInAnnotation = "YES"
    planted.fill(common)
    for name in ("FrameOfReferenceUID", "SOPInstanceUID"):
        setattr(common, name, f"{ROOT}.{uid}.3")
    paths = []
    for index, values in enumerate(hu):
        path = folder / f"{planted.word()} Müller {index}.dcm"
        planted.words |= {path.name, path.stem, f"{ROOT}.{uid}.2.{index + 1}"}
        data = FileDataset(path, common, file_meta=FileMetaDataset(), preamble=b"\0" * 128)
        data.preamble = planted.word().encode().ljust(128, b" ")
        data.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = CT_IMAGE_STORAGE
        data.SOPInstanceUID = f"{ROOT}.{uid}.2.{index + 1}"
        data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
        data.file_meta.SourceApplicationEntityTitle = planted.word()
        data.file_meta.PrivateInformationCreatorUID = f"{ROOT}.9"
        data.file_meta.PrivateInformation = planted.word().encode() + b" "
        data.ImagePositionPatient = [-100, -100, 5 * index]
        data.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        data.PixelSpacing, data.RescaleSlope, data.RescaleIntercept = [1, 1], 1, -1024
        data.Rows, data.Columns = values.shape
        data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
        data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
        data.PixelData = (values + 1024).astype("<u2").tobytes()
        data.save_as(path, enforce_file_format=False)
        paths.append(path)
    return paths


class Search:
    """Looks for canaries, however they are written."""

    def __init__(self, planted: Planted) -> None:
        spellings = {text for word in PLAIN for text in (word, word[::-1])}
        codes = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le")
        plain = {text.encode(code) for text in spellings for code in codes}
        based = {piece for word in PLAIN for piece in _in_base64(word)}
        hexed = {binascii.hexlify(word.encode()) for word in PLAIN}
        words = map(re.escape, sorted(plain | based | hexed))
        self.pattern = re.compile(b"|".join([*words, DATES]), re.I)
        self.digests = {
            hashlib.new(name, word.encode()).hexdigest()[:16].encode()
            for word in planted.words
            for name in ("md5", "sha1", "sha256", "sha512", "blake2b")
        }

    def found(self, content: bytes) -> list[str]:
        """Return the canaries in some bytes, and in what is packed in them."""
        hits = [f"{one[0]!r} at {one.start()}" for one in self.pattern.finditer(content)]
        for digits in re.finditer(rb"[0-9a-f]{16,}", content):
            if digits[0][:16] in self.digests:
                hits.append(f"a plain hash {digits[0]!r}")
        for packed in re.finditer(rb"[A-Za-z0-9+/_-]{24,}", content):
            whole = packed[0][: len(packed[0]) // 4 * 4]
            usual = whole.translate(bytes.maketrans(b"-_", b"+/"))
            inside = b"\n".join(unpacked(base64.b64decode(usual)))
            hits += [f"in base64: {hit}" for hit in self.pattern.findall(inside)]
        return hits

    def in_file(self, path: Path) -> list[str]:
        """Return the canaries in a file's name and content."""
        content = path.read_bytes()
        every = [str(path).encode(), content, *unpacked(content)]
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            every.append(json.dumps(table.to_pydict(), default=repr, ensure_ascii=False).encode())
            every.append(repr(table.schema.metadata).encode())
        return [f"{path}: {hit}" for part in every for hit in self.found(part)]


def _in_base64(word: str) -> Iterator[bytes]:
    """Yield the digits that a word always has in base64, wherever it begins."""
    for shift in range(3):
        coded = base64.b64encode(bytes(shift) + word.encode() + bytes(3))
        yield coded[-(-shift * 8 // 6) : (shift + len(word)) * 8 // 6]


def unpacked(content: bytes) -> Iterator[bytes]:
    """Yield what bytes hold packed: gzip and zlib streams, texts of pictures."""
    if content[:2] == b"\x1f\x8b" or content[:1] == b"\x78":
        machine = zlib.decompressobj(47)
        try:
            yield machine.decompress(content)
        except zlib.error:
            yield b""
    if content[:4] in (b"\x89PNG", b"\xff\xd8\xff\xe0"):
        with Image.open(io.BytesIO(content)) as image:
            yield repr(image.info).encode()
    yield content
