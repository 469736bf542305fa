"""10,000 damaged files: each ends in a volume or in a reason code, soon and in little memory."""

import random
import resource
import struct
import time
import zlib
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import psutil
import pydicom
import pytest

from elsewhere.imaging.dicom import decoder_pool, group, pixels, recognise
from elsewhere.imaging.volume import Unusable

FILES = 10_000
SECONDS, BYTES = 5, 1_000_000_000
START_SECONDS = 3  # of a decoding process in the place of one that crashed, on a busy machine
SYNTAXES = [
    *("implicit little", "explicit little", "explicit big", "deflated"),
    *("JPEG baseline", "JPEG lossless SV1", "JPEG-LS", "JPEG 2000", "RLE"),
]
ROWS, COLUMNS = b"\x28\x00\x10\x00US\x02\x00", b"\x28\x00\x11\x00US\x02\x00"
PIXELS = b"\xe0\x7f\x10\x00"


def flip_bits(content, rng):
    for _ in range(rng.choice([1, 1, 2, 8, 64])):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)


def flip_bits_of_the_header(content, rng):
    for _ in range(rng.choice([1, 1, 2, 8])):
        content[rng.randrange(132, header_end(content))] ^= 1 << rng.randrange(8)


def truncate(content, rng):
    del content[rng.randrange(len(content)) :]


def wrong_length(content, rng):
    """Overwrite what may be a length, by numbers that lengths go wrong by."""
    at = rng.randrange(132, header_end(content) + 12)
    wrong = rng.choice([0, 1, 0xFFFF, 0xFFFFFFFF, 0x7FFFFFFF, 0xFFFFFFFE, rng.randrange(1 << 32)])
    content[at : at + 4] = struct.pack("<I", wrong)


def wrong_bytes(content, rng):
    at, count = rng.randrange(len(content)), rng.randrange(1, 400)
    fill = rng.choice([b"\0", b"\xff", None])
    content[at : at + count] = fill * count if fill else rng.randbytes(count)


def shift(content, rng):
    """Leave bytes out, or put some in."""
    at, count = rng.randrange(len(content)), rng.randrange(1, 64)
    if rng.random() < 0.5:
        del content[at : at + count]
    else:
        content[at:at] = rng.randbytes(count)


def deep_sequences(content, rng):
    """Sequences in sequences, of a defined length or not, before the group of the image."""
    depth = rng.choice([10, 1000, 20_000])
    one = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    ends = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
    at = content.find(b"\x28\x00\x02\x00")
    content[max(at, 132) : max(at, 132)] = one * depth + rng.choice([ends * depth, b""])


def absurd_shape(content, rng):
    for tag in (ROWS, COLUMNS):
        at = content.find(tag)
        if at > 0 and rng.random() < 0.7:
            absurd = rng.choice([0, 1, 0xFFFF, 0x7FFF, 4096, 31])
            content[at + 8 : at + 10] = struct.pack("<H", absurd)


def many_frames(content, rng):
    at = content.find(ROWS)
    if at > 0:
        count = rng.choice([b"999999999 ", b"2 ", b"0 ", b"-1", b"1e9 ", b"70000 "])
        content[at:at] = b"\x28\x00\x08\x00IS" + struct.pack("<H", len(count)) + count


def bomb(content, rng):
    """A header and a code stream that agree on a huge picture."""
    side = rng.choice([0xFFFF, 30_000, 8000])
    for tag in (ROWS, COLUMNS):
        at = content.find(tag)
        if at > 0:
            content[at + 8 : at + 10] = struct.pack("<H", side)
    for start, place, form in [
        (b"\xff\x4f\xff\x51", 8, ">II"),
        (b"\xff\xc3", 5, ">HH"),
        (b"\xff\xf7", 5, ">HH"),
        (b"\xff\xc0", 5, ">HH"),
    ]:
        at = content.find(start, header_end(content))
        if at > 0:
            content[at + place : at + place + struct.calcsize(form)] = struct.pack(form, side, side)


@cache
def zeros(count):
    machine = zlib.compressobj(9, wbits=-15)
    return machine.compress(bytes(count)) + machine.flush()


def deflated_bomb(content, rng):
    """Zeros in the place of a deflated data set: more than memory may take in the worst case."""
    del content[rng.randrange(200, len(content)) :]
    content += zeros(rng.choice([1 << 20, 1 << 24, 3 << 27]))


def bits(content, rng):
    """Other bits allocated, stored, high bit, sign and samples."""
    tag = struct.pack("<HH", 0x28, rng.choice([0x100, 0x101, 0x102, 0x103, 0x02])) + b"US\x02\x00"
    at = content.find(tag)
    if at > 0:
        wrong = rng.choice([0, 1, 3, 7, 8, 12, 15, 16, 31, 32, 64, 0xFFFF])
        content[at + 8 : at + 10] = struct.pack("<H", wrong)


MUTATIONS = [
    *(flip_bits, flip_bits, flip_bits_of_the_header, truncate, wrong_length, wrong_bytes, shift),
    *(deep_sequences, absurd_shape, many_frames, bomb, deflated_bomb, bits),
]


def header_end(content):
    at = content.find(PIXELS)
    return at if at > 200 else len(content) - 16


@pytest.fixture
def seeds(tmp_path, write_dicom, thorax, rewrite):
    """Two slices in every transfer syntax."""
    found = []
    for number, syntax in enumerate(SYNTAXES):
        files = write_dicom(tmp_path / f"seed{number}", thorax(slices=2, rows=32, columns=24))
        for path in files:
            if syntax == "JPEG baseline":
                data = pydicom.dcmread(path)
                data.PixelData = (data.pixel_array // 16).astype(np.uint8).tobytes()
                data.BitsAllocated, data.BitsStored, data.HighBit = 8, 8, 7
                data.save_as(path)
            rewrite(path, syntax)
        found.append((files[0].read_bytes(), files[1]))
    return found


def ended(path, neighbour, policy):
    """Read a file beside a sound one; return what became of it."""
    try:
        slices = [*recognise.read(path), *neighbour]
        volumes = group.volumes(slices, policy)
        damaged = [one for one in volumes if path in {each.header.path for each in one}]
        found = [pixels.read(one, policy) for one in damaged]
    except Unusable as error:
        return error.reason
    assert all(volume.voxels.dtype == np.int16 for volume in found)
    return "volume"


def attack(folder, seeds, policy, count, seed=0):
    """Read `count` damaged files; return how each ended and the longest time one took."""
    rng = random.Random(seed)
    neighbours = [recognise.read(neighbour) for _, neighbour in seeds]
    ends, slowest = Counter(), 0.0
    path = folder / "damaged"
    for _ in range(count):
        which = rng.randrange(len(seeds))
        content = bytearray(seeds[which][0])
        for mutate in rng.sample(MUTATIONS, rng.choice([1, 1, 1, 2])):
            if len(content) > 200:
                mutate(content, rng)
        path.write_bytes(content)
        begun = time.perf_counter()
        ends[ended(path, neighbours[which], policy)] += 1
        slowest = max(slowest, time.perf_counter() - begun)
    return ends, slowest


def memory(field):
    """Return a line of this process's status in bytes: VmRSS now, VmHWM at most."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(one.split()[1]) for one in lines if one.startswith(field))


@pytest.mark.slow
def test_damaged_files_end_soon_in_a_volume_or_a_reason(tmp_path, seeds, strict):
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
    before = memory("VmRSS")
    ends, slowest = attack(tmp_path, seeds, strict, FILES)
    assert ends.total() == FILES
    assert min(ends[end] for end in ("volume", "truncated", "pixel_format", "unreadable")) > 0
    assert slowest < SECONDS + START_SECONDS
    assert memory("VmHWM") - before < BYTES
    for process in decoder_pool.pool(strict.decode_gb, strict.decode_seconds).idle():
        assert psutil.Process(process.child.pid).rlimit(resource.RLIMIT_AS) == (BYTES, BYTES)


def test_the_attack_is_the_same_every_time(tmp_path, seeds, strict):
    few = [attack(tmp_path, seeds, strict, 60, seed=1)[0] for _ in range(2)]
    assert few[0] == few[1]
    assert few[0]["volume"] > 0
