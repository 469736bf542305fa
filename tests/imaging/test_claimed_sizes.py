"""One small file never takes the machine: what headers claim is refused before it is allocated."""

import gzip
import json
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from PIL import Image

CHILD = """
import json, resource, sys, warnings
from pathlib import Path
import SimpleITK, nibabel, scipy.ndimage
from elsewhere.design import params
from elsewhere.imaging import formats, masks, nifti, itk
from elsewhere.imaging.source import Source
from elsewhere.imaging.volume import Unusable
policy = params.load(Path(sys.argv[1])).intakes["strict"]
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 190 * 10**6,) * 2)
for kind, files in json.load(sys.stdin):
    paths = tuple(Path(name) for name in files)
    try:
        if kind == "mask":
            masks.read(paths[0], voxels=1000)
        else:
            formats.read(Source(kind, paths, sixteen_bit="stretch"), policy)
        print("read")
    except Unusable as error:
        print(error.reason)
    except BaseException as error:
        print(type(error).__name__, error)
"""
MB = 10**6


def nifti(shape, *, kind=4, bits=16, start=352.0):
    """Return a NIfTI-1 header with an affine of 1 mm, by the standard's offsets."""
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, *shape, 1, 1, 1, 1)
    struct.pack_into("<hh", header, 70, kind, bits)
    struct.pack_into("<8f", header, 76, *[1.0] * 8)
    struct.pack_into("<f", header, 108, start)
    struct.pack_into("<h", header, 254, 1)
    struct.pack_into("<12f", header, 280, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0)
    header[344:348] = b"n+1\0"
    return bytes(header)


def png(width, height, *, depth=8):
    """Return a PNG of a few bytes that claims a size, by the standard's chunks."""

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    body = zlib.compress(bytes(100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def zeros(compressor, count):
    """Compress zeros without holding them."""
    return b"".join(
        [*(compressor.compress(bytes(MB)) for _ in range(count // MB)), compressor.flush()]
    )


def gzipped(head, count):
    return zeros_after(zlib.compressobj(9, zlib.DEFLATED, 31), head, count)


def zeros_after(compressor, head, count):
    return compressor.compress(head) + zeros(compressor, count)


NRRD = b"NRRD0004\ntype: short\ndimension: 3\nsizes: %d %d %d\nencoding: %s\nendian: little\n\n"
META = (
    b"ObjectType = Image\nNDims = 3\nBinaryData = %s\nCompressedData = %s\nDimSize = %d %d %d\n"
    b"ElementType = MET_SHORT\nElementDataFile = LOCAL\n"
)
WIDE, CUBE = (32767,) * 3, (500, 500, 400)  # CUBE: 0.2 GB, within the limit of 1 GB
BYTES = 2 * 500 * 500 * 400
FILES = {
    "nifti of 82 bytes": ("nifti", "a.nii.gz", gzip.compress(nifti(WIDE))),
    "nifti": ("nifti", "b.nii", nifti(WIDE)),
    "nifti of bytes": ("nifti", "c.nii", nifti((1000, 1000, 800), kind=2, bits=8)),
    "nifti bomb": ("nifti", "d.nii.gz", gzipped(nifti(CUBE), BYTES)),
    "nrrd": ("itk", "a.nrrd", NRRD % (*WIDE, b"raw")),
    "nrrd gzip": ("itk", "b.nrrd", NRRD % (*WIDE, b"gzip") + gzip.compress(b"0")),
    "nrrd bomb": ("itk", "c.nrrd", NRRD % (*CUBE, b"gzip") + gzipped(b"", BYTES)),
    "nrrd text": ("itk", "d.nrrd", NRRD % (*CUBE, b"ascii") + b"1 2 3"),
    "nrrd hex": ("itk", "e.nrrd", NRRD % (*CUBE, b"hex") + b"00"),
    "nrrd bzip2": ("itk", "f.nrrd", NRRD % (*CUBE, b"bzip2") + b"BZh9"),
    "meta": ("itk", "a.mha", META % (b"True", b"False", *WIDE)),
    "meta bomb": (
        "itk",
        "b.mha",
        META.replace(b"DimSize", b"CompressedDataSize = 200000\nDimSize")
        % (b"True", b"True", *CUBE)
        + zeros_after(zlib.compressobj(9), b"", BYTES),
    ),
    "meta text": ("itk", "c.mha", META % (b"False", b"False", *CUBE) + b"1 2 3"),
    "png": ("picture", "a.png", png(60000, 60000)),
    "png of 16 bits": ("picture", "b.png", png(13000, 13000, depth=16)),
    "png of 88 megapixels": ("picture", "c.png", png(9380, 9380)),
    "mask": ("mask", "m.nii.gz", gzip.compress(nifti(WIDE))),
    "mask of another size": ("mask", "n.nii", nifti((512, 512, 512))),
}


@pytest.fixture(scope="module")
def reasons(tmp_path_factory):
    """Read every file in one process of little memory; return the reason or error of each."""
    folder = tmp_path_factory.mktemp("claims")
    cases = []
    for kind, name, content in FILES.values():
        (folder / name).write_bytes(content)
        cases.append((kind, [str(folder / name)]))
    (folder / "stack").mkdir()
    Image.new("L", (9380, 9380)).save(folder / "stack" / "0.png")
    for number in range(1, 40):
        os.link(folder / "stack" / "0.png", folder / "stack" / f"{number}.png")
    cases.append(("stack", sorted(map(str, (folder / "stack").iterdir()))))
    settings = Path(__file__).parents[1] / "params"
    done = subprocess.run(
        [sys.executable, "-c", CHILD, settings],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=False,
    )
    found = [line for line in done.stdout.splitlines() if line]
    assert len(found) == len(cases), done.stderr
    return dict(zip([*FILES, "40 png"], found, strict=True))


@pytest.mark.parametrize("case", [*FILES, "40 png"])
def test_a_false_size_is_a_reason_and_takes_no_memory(reasons, case):
    expected = {"mask_shape"} if case.startswith("mask") else {"too_large", "truncated"}
    assert reasons[case] in expected
