"""Scans on their way to the device, and the batches in which a network sees them."""

import threading
import time
from functools import partial

import numpy as np
import pytest
import torch

from elsewhere.design.inputs.volume import VolumeInput
from elsewhere.methods.windows import CPU_VOXELS, Passes, stacked

VOLUME = VolumeInput(
    kind="volume", matrix=8, depth=4, stride=2, clip_min_hu=-1000, clip_max_hu=None,
    ct_number="keep", normalise="volume",
)  # fmt: skip


def passes(batch_size=5, device="cpu", threads=3):
    return Passes(VOLUME, torch.device(device), batch_size, threads)


def volumes(*slices):
    rng = np.random.default_rng(0)
    return [rng.integers(0, 3000, (n, 8, 8)).astype(np.int16) for n in slices]


def scaled(array, first):
    """A-14 and A-16 in plain NumPy."""
    low, high = float(array.min()), float(array.max())
    values = (array - np.float32(low)) * np.float32(1 / (high - low))
    before = max(0, 4 - len(array)) // 2
    whole = np.zeros((max(4, len(array)), 8, 8), np.float32)
    whole[before : before + len(array)] = np.clip(values, 0, 1)
    return whole[None, first : first + 4]


def test_windows_have_the_bits_of_plain_numpy_and_cross_scans():
    arrays = volumes(9, 3, 4, 12)
    used = passes()
    found = [*used.batches(map(used.packed, arrays))]
    assert [len(batch) for batch in found] == [5, 5, 1]
    owners = [(scan, first) for batch in found for scan, first, _ in batch]
    assert owners == [
        *((0, first) for first in (0, 2, 4, 5)), (1, 0), (2, 0),
        *((3, first) for first in (0, 2, 4, 6, 8)),
    ]  # fmt: skip
    for batch in found:
        expected = [scaled(arrays[scan], first) for scan, first, _ in batch]
        np.testing.assert_array_equal(stacked(batch).numpy(), np.stack(expected))


def test_repeated_windows_share_the_memory_of_one():
    (array,) = volumes(6)
    used = passes(batch_size=4)
    found = [window for batch in used.batches([used.packed(array)], repeated=3) for window in batch]
    assert [first for _, first, _ in found] == [0, 0, 0, 2, 2, 2]
    assert len({window.untyped_storage().data_ptr() for *_, window in found}) == 1


def test_a_cpu_takes_fewer_large_windows_and_a_gpu_does_not():
    voxels = CPU_VOXELS // 3
    assert passes(batch_size=16)._limit(voxels) == 3
    assert passes(batch_size=16)._limit(CPU_VOXELS + 1) == 1
    assert passes(batch_size=16, device="meta")._limit(voxels) == 16


@pytest.mark.parametrize("threads", [1, 3])
def test_scans_are_read_ahead_in_their_order_and_few_at_a_time(threads, monkeypatch):
    monkeypatch.setattr("elsewhere.methods.transfer.host", lambda array, device: array)
    started, gate = [], threading.Event()

    def read(number):
        started.append(number)
        assert gate.wait(10)
        return volumes(5)[0] + number

    scans = passes(threads=threads, device="cuda").ahead(partial(read, n) for n in range(8))
    gate.set()
    first = next(scans)
    deadline = time.monotonic() + 10
    while len(started) < threads + 1 and time.monotonic() < deadline:
        time.sleep(0.001)
    assert len(started) == threads + 1, "what waits is in memory"
    found = [first, *scans]
    assert [int(scan.values.min()) - int(found[0].values.min()) for scan in found] == [*range(8)]


def test_an_error_of_a_thread_is_raised_where_its_scan_is_due():
    def read(number):
        if number == 2:
            raise OSError("scan-2 cannot be read")
        return volumes(4)[0]

    scans = passes().ahead(partial(read, n) for n in range(5))
    assert len([next(scans), next(scans)]) == 2
    with pytest.raises(OSError, match="scan-2"):
        next(scans)
