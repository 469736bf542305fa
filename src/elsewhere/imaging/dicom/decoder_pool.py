"""decoder_pool: decode compressed frames in child processes, one per core of the job.

They may crash.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from multiprocessing.connection import Connection
from queue import LifoQueue
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from elsewhere import threads, workers
from elsewhere.imaging.dicom.header import Slice
from elsewhere.imaging.volume import Unusable

T = TypeVar("T")
Values = npt.NDArray[np.generic]

_PROCESS = "elsewhere.imaging.dicom.decoder_process"
_DONE, _LOST = b"+", b"!"
_LONGEST_REASON = 1 << 16
# a decoder uses one thread per frame; further threads of libraries only take address space
_ONE_THREAD = {
    **threads.ONE,
    "MALLOC_ARENA_MAX": "1",
    # memory of one frame is kept for the next: the kernel would clear 430 pages for each frame of
    # lossless JPEG, which is a third of the time of decoding it
    "MALLOC_MMAP_THRESHOLD_": str(1 << 25),  # glibc takes no more
    "MALLOC_TRIM_THRESHOLD_": str(1 << 26),
}


class Buffer(threading.local):
    """Memory of a thread for one slice, reused for the next: new memory costs more than a copy."""

    def __init__(self) -> None:
        self._bytes = np.empty(0, np.uint8)

    def bytes(self, count: int) -> npt.NDArray[np.uint8]:
        """Return room for that many bytes."""
        if self._bytes.size < count:
            self._bytes = np.empty(count, np.uint8)
        return self._bytes[:count]


class Process:
    """One child process and the socket that connects to it."""

    def __init__(self, gigabytes: float, seconds: float) -> None:
        ours, theirs = socket.socketpair()
        path = os.pathsep.join(entry for entry in sys.path if entry)
        self.room = os.memfd_create("slice", os.MFD_CLOEXEC)
        with theirs:
            self.child = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    "-m",
                    _PROCESS,
                    *map(str, (theirs.fileno(), self.room, gigabytes, seconds)),
                ],
                pass_fds=[theirs.fileno(), self.room],
                env={**os.environ, **_ONE_THREAD, "PYTHONPATH": path},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # libraries may print file names
            )
        self.connection = Connection(ours.detach())
        try:
            self.connection.recv_bytes()
        except EOFError:
            self.close()
            raise RuntimeError(
                f"the decoding process did not start (exit status {self.child.returncode}); "
                f"run `{sys.executable} -m {_PROCESS} 0 1 1 5` to see why"
            ) from None

    def decoded(self, slice_: Slice, buffer: Buffer) -> Values:
        """Return the stored values [y, x] of a slice, in `buffer`, or raise `Unusable`."""
        stored = slice_.header.stored
        path = slice_.header.path.absolute()  # the child may have begun in another folder
        try:
            self.connection.send((path, stored, slice_.frame))
            answer = self.connection.recv_bytes(_LONGEST_REASON)
        except (EOFError, OSError):
            self.close()
            if self.child.returncode == -signal.SIGALRM:
                raise Unusable("decoder_timeout", "decoding took too long") from None
            raise Unusable("decoder_crashed", "the decoder crashed") from None
        if answer[:1] == _LOST:
            raise OSError(int(answer[1:]), os.strerror(int(answer[1:])))
        if answer[:1] != _DONE:
            raise Unusable(*json.loads(answer[1:]))
        kind, count = np.dtype(answer[1:4].decode()), int(answer[4:])
        if count != stored.rows * stored.columns:
            raise Unusable("decoder_failed", f"the decoder made {count} values of a slice")
        target = buffer.bytes(count * kind.itemsize)
        if os.preadv(self.room, [target.data], 0) < target.size:
            raise Unusable("decoder_failed", "the decoder lost the values of a slice")
        return target.view(kind).reshape(stored.rows, stored.columns)

    @property
    def closed(self) -> bool:
        """Whether the child process has ended."""
        return self.connection.closed or self.child.poll() is not None

    def close(self) -> None:
        """Close the connection; an idle child process then ends by itself."""
        if self.connection.closed:
            return
        self.connection.close()
        os.close(self.room)
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
        Maximum address space of a process, in 10^9 bytes.
    seconds
        Maximum time per frame.
    """

    def __init__(self, *, gigabytes: float, seconds: float) -> None:
        self._limits = (gigabytes, seconds)
        self.size = workers.cores()
        self._buffer = Buffer()
        self._places: LifoQueue[Process | None] = LifoQueue()
        for _ in range(self.size):
            self._places.put(None)
        atexit.register(self.close)

    def decode_slices(self, slices: Sequence[Slice], use: Callable[[int, Values], T]) -> list[T]:
        """Decode slices in parallel and return the result of `use(index, values)` for each.

        The array of values is reused when `use` has returned.

        Raises
        ------
        Unusable
            For the first slice in order that cannot be decoded; the other slices are cancelled.
        """
        return workers.by_threads(lambda at: use(at, self._decoded(slices[at])), range(len(slices)))

    def _decoded(self, slice_: Slice) -> Values:
        process = self._places.get()
        try:
            if process is not None and process.closed:
                process.close()  # a dead one still holds its descriptors
            if process is None or process.closed:
                process = Process(*self._limits)
            return process.decoded(slice_, self._buffer)
        finally:
            self._places.put(process)

    def idle(self) -> list[Process]:
        """Return the processes that wait for work."""
        return [item for item in self._places.queue if item is not None and not item.closed]

    def close(self) -> None:
        """End the idle processes; new ones start with the next work."""
        for process in self.idle():
            process.close()


@lru_cache(maxsize=4)
def pool(gigabytes: float, seconds: float) -> Pool:
    """Return the pool with these limits; all series of a site share it."""
    return Pool(gigabytes=gigabytes, seconds=seconds)
