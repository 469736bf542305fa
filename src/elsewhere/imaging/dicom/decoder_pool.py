"""decoder_pool: child processes that decode compressed frames, one a core, replaced when dead."""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from multiprocessing.connection import Connection
from queue import LifoQueue
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from elsewhere.imaging.dicom.header import Slice
from elsewhere.imaging.volume import Unusable

T = TypeVar("T")
Values = npt.NDArray[np.generic]

_PROCESS = "elsewhere.imaging.dicom.decoder_process"
_DONE = b"+"
_LONGEST_REASON = 1 << 16
# a decoder works on one frame with one thread; what libraries start besides takes address space
_ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
}


class Process:
    """One child and the socket to it."""

    def __init__(self, gigabytes: float, seconds: float) -> None:
        ours, theirs = socket.socketpair()
        path = os.pathsep.join(entry for entry in sys.path if entry)
        with theirs:
            self.child = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    "-m",
                    _PROCESS,
                    *map(str, (theirs.fileno(), gigabytes, seconds)),
                ],
                pass_fds=[theirs.fileno()],
                env={**os.environ, **_ONE_THREAD, "PYTHONPATH": path},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # libraries print what they like, names of files too
            )
        self.connection = Connection(ours.detach())
        try:
            self.connection.recv_bytes()
        except EOFError:
            raise RuntimeError(
                f"the decoding process did not start (exit status {self.child.wait()}); "
                f"run `{sys.executable} -m {_PROCESS} 0 1 5` to see why"
            ) from None

    def decoded(self, one: Slice) -> Values:
        """Return the stored values [y, x] of a slice, or raise `Unusable`."""
        stored = one.header.stored
        try:
            self.connection.send((one.header.path, stored, one.frame))
            answer = self.connection.recv_bytes(_LONGEST_REASON + 8 * stored.rows * stored.columns)
        except (EOFError, OSError):
            self.close()
            if self.child.returncode == -signal.SIGALRM:
                raise Unusable("decoder_timeout", "decoding took too long") from None
            raise Unusable("decoder_crashed", "the decoder crashed") from None
        if answer[:1] != _DONE:
            raise Unusable(*json.loads(answer[1:]))
        values = np.frombuffer(answer, np.dtype(answer[1:4].decode()), offset=4)
        if values.size != stored.rows * stored.columns:
            raise Unusable("decoder_failed", f"the decoder made {values.size} values of a slice")
        return values.reshape(stored.rows, stored.columns)

    @property
    def closed(self) -> bool:
        """Whether the child is gone."""
        return self.connection.closed or self.child.poll() is not None

    def close(self) -> None:
        """Hang up; an idle child ends by itself."""
        self.connection.close()
        try:
            self.child.wait(1)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


class Pool:
    """Decoding processes, started when there is work for them and reused.

    Parameters
    ----------
    gigabytes
        Most address space of a process, in 10^9 bytes.
    seconds
        Longest time a frame.
    """

    def __init__(self, *, gigabytes: float, seconds: float) -> None:
        self._limits = (gigabytes, seconds)
        self.size = len(os.sched_getaffinity(0))
        self._places: LifoQueue[Process | None] = LifoQueue()
        for _ in range(self.size):
            self._places.put(None)
        atexit.register(self.close)

    def each(self, slices: Sequence[Slice], use: Callable[[int, Values], T]) -> list[T]:
        """Decode slices side by side and return what `use(index, values)` makes of each.

        Raises
        ------
        Unusable
            For the first slice in order that cannot be decoded; the others are not waited for.
        """
        with ThreadPoolExecutor(min(self.size, len(slices))) as threads:
            try:
                return list(
                    threads.map(
                        lambda item: use(item[0], self._decoded(item[1])), enumerate(slices)
                    )
                )
            except BaseException:
                threads.shutdown(wait=False, cancel_futures=True)
                raise

    def _decoded(self, one: Slice) -> Values:
        process = self._places.get()
        try:
            if process is None or process.closed:
                process = Process(*self._limits)
            return process.decoded(one)
        finally:
            self._places.put(process)

    def idle(self) -> list[Process]:
        """Return the processes that wait for work."""
        return [one for one in self._places.queue if one is not None and not one.closed]

    def close(self) -> None:
        """End the idle processes; new ones start with the next work."""
        for process in self.idle():
            process.close()


@lru_cache(maxsize=4)
def pool(gigabytes: float, seconds: float) -> Pool:
    """Return the processes with these limits, the same for every series of a site."""
    return Pool(gigabytes=gigabytes, seconds=seconds)
