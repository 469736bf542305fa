"""workers: do the same to many scans, or slices, at once, on as many cores as the job has.

Scans by processes and not by threads: Blosc2 compresses, and NumPy counts histograms, with Python's
lock held. Slices by threads, which read files, wait for decoders and rescale without it.
A process is started clean, without the locks, files and threads of its parent, and ends with it.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from typing import TypeVar

from elsewhere import memory
from elsewhere.threads import COMMON, ONE

Item = TypeVar("Item")
Result = TypeVar("Result")
Said = list[tuple[str, int, str]]  # logger, level and message of what a process said

_AHEAD = 2  # scans underway for each process, so that none waits for the next
VOXELS_EACH = 250_000_000  # 20 s of work: for less a process costs more than it saves
_ENDED = (
    "a process was ended from outside, most likely for lack of memory; give the job more memory or "
    "fewer cores (threads) and run again, what was finished is kept"
)
_FRAMES = "frames"  # attribute of an error: where it was raised, which no pickle keeps
_MINE = threading.local()  # whether a thread shares the cores with others
_BYTES_OF_VOXEL, _BYTES_OF_PROCESS = 32, 300_000_000  # of the largest scan, while it is worked on


class WorkerError(RuntimeError):
    """A scan could not be worked on; the message names it. What was underway is finished."""


class EndedError(WorkerError):
    """A process was ended from outside; the message names a scan and quotes nothing."""


def cores() -> int:
    """Return how many cores this job has: those it was given, at most those that it may run on."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    stated = os.environ.get(COMMON, "")
    return max(1, min(allowed or 1, int(stated) if stated.isdigit() else allowed or 1))


def threads(of_one: int) -> int:
    """Return how many threads to use: as many as there are cores, and memory of so many bytes."""
    return max(1, min(cores(), memory.free() // of_one))


def beside_others() -> None:
    """Tell that this thread works at a scan while others work at theirs: they share the cores."""
    _MINE.shared = True


def unshared_cores() -> int:
    """Return how many cores this thread may keep busy: all of the job's, or one beside others."""
    return 1 if vars(_MINE).get("shared") else cores()


def by_threads(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Return what a function makes of each item, in order; a thread for each core calls it.

    Raises
    ------
    Exception
        Of the first item in order that fails; those that have not begun are cancelled.
    """
    count = min(cores(), len(items))
    if count <= 1:
        return [function(item) for item in items]
    with ThreadPoolExecutor(count) as pool:
        try:
            return list(pool.map(function, items))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def processes(voxels: Sequence[int]) -> int:
    """Return how many processes to use: as many as there are cores, work and memory for.

    No result depends on it.

    Parameters
    ----------
    voxels
        Of each scan.
    """
    if not voxels:
        return 1
    of_one = max(voxels) * _BYTES_OF_VOXEL + _BYTES_OF_PROCESS
    room = memory.free() // of_one
    return max(1, min(cores(), len(voxels), 1 + sum(voxels) // VOXELS_EACH, room))


def results(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    processes: int,
    name: Callable[[Item], str],
) -> Iterator[tuple[Item, Result]]:
    """Yield each item and what a function makes of it, in the order in which they are finished.

    With one process they are worked on here, in order.

    Parameters
    ----------
    function
        Can be pickled, as can items and results.
    items
        Such as scans; a few for each process are underway at a time.
    processes
        How many.
    name
        Says what an item is called in the message of an error.

    Raises
    ------
    WorkerError
        If one fails; those that were underway are finished and yielded before.
    EndedError
        If a process was ended from outside.
    """
    if processes <= 1 or len(items) <= 1:
        for item in items:
            with _named(name(item)):
                result = function(item)
            yield item, result
        return
    left = len(items)
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, context, initializer=_begin)
    try:
        failed: Exception | None = None
        for item, future in _ended(pool, function, items, most=_AHEAD * processes):
            try:
                with _named(name(item)):
                    result, said = future.result()
            except Exception as error:
                failed = failed or error
                pool.shutdown(wait=False, cancel_futures=True)
                continue
            left -= 1
            for logger, level, message in said:
                logging.getLogger(logger).log(level, "%s", message)
            yield item, result
        if failed is not None:
            raise failed
        if left:  # a process ended while it had nothing to do: no result tells it
            raise EndedError(f"{left} scans are left: {_ENDED}")
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _ended(
    pool: ProcessPoolExecutor,
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    most: int,
) -> Iterator[tuple[Item, Future[tuple[Result, Said]]]]:
    """Yield items whose work has ended, well or not; none begins after the pool is shut down."""
    waiting = iter(items)
    underway: dict[Future[tuple[Result, Said]], Item] = {}
    is_open = True
    while True:
        while is_open and len(underway) < most and (item := next(waiting, None)) is not None:
            try:
                underway[pool.submit(_heard, function, item)] = item
            except RuntimeError:  # it was shut down, or a process of it has ended
                is_open = False
        if not underway:
            return
        ended, _ = wait(underway, return_when=FIRST_COMPLETED)
        for future in ended:
            item = underway.pop(future)
            if not future.cancelled():
                yield item, future


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Say of which item an error is."""
    try:
        yield
    except BrokenProcessPool as error:
        raise EndedError(f"{name}, or a scan beside it: {_ENDED}") from error
    except (ValueError, RuntimeError, MemoryError) as error:
        raise WorkerError(f"{name}: {str(error) or type(error).__name__}") from error


def _heard(function: Callable[[Item], Result], item: Item) -> tuple[Result, Said]:
    """Return a result, and what was logged on the way, which the parent writes to its log."""
    handler = _Kept()
    logging.getLogger("elsewhere").setLevel(logging.INFO)
    # of libraries too: what is not to be told, the parent's handlers keep back
    logging.getLogger().addHandler(handler)
    try:
        return function(item), handler.said
    except Exception as error:
        vars(error)[_FRAMES] = frames(error)
        raise
    finally:
        logging.getLogger().removeHandler(handler)


def frames(error: BaseException) -> list[traceback.FrameSummary]:
    """Return where an error was raised, outermost first, also if that was in another process."""
    there: list[traceback.FrameSummary] = vars(error).get(_FRAMES, [])
    return [*traceback.extract_tb(error.__traceback__), *there]


class _Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.said: Said = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append((record.name, record.levelno, record.getMessage()))


def _begin() -> None:
    """Begin a process: libraries, which are loaded later, use one thread; it ends with its parent.

    A parent that is killed tells its processes nothing.
    """
    logging.captureWarnings(True)  # they quote names: they go where the log goes
    os.environ.update(ONE)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends them
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=[parent], daemon=True).start()


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
