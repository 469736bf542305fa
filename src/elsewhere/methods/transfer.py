"""transfer: move what the processor made to the device, ahead of the step that needs it.

On CUDA bytes move from pinned memory on a stream of their own, a batch ahead of the step, so that
neither waits for the other. On a CPU the same code runs without streams and without pinned memory.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from elsewhere.cohorts.view import tensor

AHEAD = 1  # batches on the device beside the one of the step


class Moved(Protocol):
    """What was moved to the device."""

    def tensors(self) -> Iterable[Tensor]:
        """Return its tensors."""


T = TypeVar("T")
M = TypeVar("M", bound=Moved)


def host(array: npt.NDArray[np.generic], device: torch.device) -> Tensor:
    """Return an array as a tensor from which its device copies without waiting."""
    if device.type != "cuda":
        return tensor(array)
    pinned = torch.empty(array.shape, dtype=_type_of(array), pin_memory=True)
    pinned.numpy()[...] = array
    return pinned


def ahead(items: Iterable[T], move: Callable[[T], M], device: torch.device) -> Iterator[M]:
    """Yield each item after it was moved, on CUDA `AHEAD` of them ahead.

    The host asks for items faster than the device uses them, and memory of an item that is still
    used cannot be used again. So it waits here until all steps but the last `AHEAD` are done.

    Parameters
    ----------
    items
        On the host.
    move
        Moves an item to the device and computes there, without waiting for the device.
    device
        Where to.
    """
    if device.type != "cuda":
        yield from map(move, items)
        return
    side = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    waiting: deque[tuple[M, torch.cuda.Event]] = deque()
    steps: deque[torch.cuda.Event] = deque()
    for item in items:
        if len(steps) > AHEAD:
            steps.popleft().synchronize()
        with torch.cuda.stream(side):
            waiting.append((move(item), side.record_event()))
        if len(waiting) > AHEAD:
            yield _taken(*waiting.popleft())
            done = torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]
            steps.append(torch.cuda.current_stream().record_event(done))
    while waiting:
        yield _taken(*waiting.popleft())


def read_ahead(reads: Iterable[Callable[[], T]], *, threads: int) -> Generator[T, None, None]:
    """Yield what each of `reads` returns, in their order; threads are ahead of the one that asks.

    Parameters
    ----------
    reads
        Functions that take long, and hold no lock while they do.
    threads
        How many run at a time; as many results wait at most.
    """
    pool = ThreadPoolExecutor(threads, thread_name_prefix="read")
    waiting: deque[Future[T]] = deque()
    try:
        for read in reads:
            waiting.append(pool.submit(read))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:  # what is being read does not hold up a run that stops
        pool.shutdown(wait=False, cancel_futures=True)


def _taken(moved: M, event: torch.cuda.Event) -> M:
    """Let the stream of the step wait until an item is there, and keep its memory for that long."""
    step = torch.cuda.current_stream()
    step.wait_event(event)
    for one in moved.tensors():
        one.record_stream(step)
    return moved


def _type_of(array: npt.NDArray[np.generic]) -> torch.dtype:
    return torch.from_numpy(np.empty(0, array.dtype)).dtype
