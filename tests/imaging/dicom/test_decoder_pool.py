import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from elsewhere.imaging.dicom import decoder_pool
from elsewhere.imaging.volume import Unusable
from elsewhere.threads import COMMON


@pytest.fixture
def pool():
    made = decoder_pool.Pool(gigabytes=1, seconds=5)
    yield made
    made.close()


@pytest.fixture
def packed(tmp_path, write_dicom, thorax, rewrite, slices):
    """Five compressed slices."""
    files = write_dicom(tmp_path, thorax(slices=5, rows=128, columns=128))
    for path in files:
        rewrite(path, "JPEG 2000")
    return slices(files)


def copied(_, values):
    return values.copy()


def of_processes(pool):
    return [process.child.pid for process in pool.idle()]


def test_keeps_the_order_and_the_processes(pool, packed):
    for _ in range(2):
        found = pool.decode_slices(packed, copied)
        for one, values in zip(packed, found, strict=True):
            expected = pydicom.dcmread(one.header.path).pixel_array
            np.testing.assert_array_equal(values, expected)
        first = set(of_processes(pool))
        assert 1 <= len(first) <= pool.size
    assert set(of_processes(pool)) == first


def test_paths_are_of_the_folder_in_which_the_caller_is_now(pool, packed, monkeypatch):
    """A process that is reused began in another folder."""
    pool.decode_slices(packed[:1], copied)
    header = packed[0].header
    monkeypatch.chdir(header.path.parent)
    near = replace(packed[0], header=replace(header, path=Path(header.path.name)))
    (values,) = pool.decode_slices([near], copied)
    np.testing.assert_array_equal(values, pydicom.dcmread(header.path).pixel_array)


def test_it_has_as_many_places_as_its_job_has_cores(monkeypatch):
    monkeypatch.setenv(COMMON, "1")
    assert decoder_pool.Pool(gigabytes=1, seconds=5).size == 1
    monkeypatch.delenv(COMMON)
    assert decoder_pool.Pool(gigabytes=1, seconds=5).size == len(os.sched_getaffinity(0))


def test_no_process_starts_before_there_is_work(pool):
    assert of_processes(pool) == []


def test_a_decoder_that_crashes_costs_one_slice(pool, packed):
    """A segmentation fault of a decoder is the death of its process by a signal."""
    pool.decode_slices(packed[:1], copied)
    (pid,) = of_processes(pool)
    os.kill(pid, signal.SIGSTOP)
    crash = threading.Timer(
        0.5, lambda: [os.kill(pid, what) for what in (signal.SIGSEGV, signal.SIGCONT)]
    )
    crash.start()
    with pytest.raises(Unusable, match="decoder_crashed"):
        pool.decode_slices(packed[:1], copied)
    assert len(pool.decode_slices(packed, copied)) == len(packed)


def test_a_process_that_died_between_series_costs_none(pool, packed):
    pool.decode_slices(packed, copied)
    for pid in of_processes(pool):
        os.kill(pid, signal.SIGKILL)
    time.sleep(0.2)
    assert len(pool.decode_slices(packed, copied)) == len(packed)


def test_a_decoder_that_hangs_is_ended(packed):
    hurried = decoder_pool.Pool(gigabytes=1, seconds=1e-4)
    begun = time.perf_counter()
    with pytest.raises(Unusable, match="decoder_timeout"):
        hurried.decode_slices(packed, copied)
    assert time.perf_counter() - begun < 30
    hurried.close()


def test_a_decoder_that_is_greedy_is_stopped(tmp_path, write_dicom, thorax, rewrite, slices):
    """So little that the libraries are loaded and no picture of 32 MB fits beside them."""
    files = write_dicom(tmp_path, thorax(slices=1, rows=4096, columns=4096))
    for path in files:
        rewrite(path, "JPEG 2000")
    poor = decoder_pool.Pool(gigabytes=0.05, seconds=30)
    with pytest.raises(Unusable) as refused:
        poor.decode_slices(slices(files), copied)
    assert refused.value.reason in ("decoder_memory", "decoder_crashed", "decoder_failed")
    poor.close()


def test_the_first_fault_is_raised_and_the_rest_not_waited_for(pool, packed):
    gone = replace(packed[0].header, path=packed[0].header.path.with_name("gone"))
    with pytest.raises(Unusable, match="unreadable"):
        pool.decode_slices([replace(packed[0], header=gone), *packed], copied)
    assert len(pool.decode_slices(packed, copied)) == len(packed)


def test_several_series_share_the_processes(pool, packed):
    """Two threads read two series at once."""
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(pool.decode_slices(packed, copied)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(one) for one in found] == [5, 5, 5]
    assert len(of_processes(pool)) <= pool.size


def test_one_pool_for_equal_limits():
    assert decoder_pool.pool(1.0, 5.0) is decoder_pool.pool(1.0, 5.0)
    assert decoder_pool.pool(1.0, 5.0) is not decoder_pool.pool(2.0, 5.0)
