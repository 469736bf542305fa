"""progress: a log line every few seconds with the rate and the time left."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def reported(
    items: Iterable[Item], log: logging.Logger, *, total: int, unit: str, every_s: float = 5.0
) -> Iterator[Item]:
    """Yield the items, logging how many are done, how fast, and how long the rest will take.

    Parameters
    ----------
    items
        What is worked through.
    log
        Logger of the caller.
    total
        Number of items.
    unit
        Plural noun, such as "scans".
    every_s
        Least seconds between two lines; the last line always comes.
    """
    begun = last = time.monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - last >= every_s or done == total:
            rate = done / max(now - begun, 1e-9)
            left = time_left((total - done) / rate)
            log.info("%d of %d %s, %.1f a second, %s", done, total, unit, rate, left)
            last = now


def time_left(seconds: float) -> str:
    """Return how long something still takes, such as "2 h 5 min left".

    A line of a log that ends so is one of progress, and is shown while the job runs.
    """
    if seconds < 100:
        return f"{seconds:.0f} s left"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min left"
    return f"{minutes // 60} h {minutes % 60} min left"
