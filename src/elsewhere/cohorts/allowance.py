"""allowance: how much memory the scans that a job keeps may take.

Kept scans change no result. By default a job keeps scans in up to half of the memory that it may
use, and stops while less than a quarter of that is free, so that jobs side by side share what
there is.
"""

from __future__ import annotations

import os
import threading
import time

from elsewhere.memory import free, usable

VARIABLE = "ELSEWHERE_CACHE_GB"  # `machine.cache_gb` of the settings, in 10^9 bytes
_SHARE, _FREE = 0.5, 0.25  # of what a job may use: for scans at most, and what stays free at least
_EVERY = 1 << 26  # bytes of scans between two looks at what is free
PAUSE_SECONDS = 60.0  # until the next look, when little was free


class Allowance:
    """Bytes that the scans of all sites of a job may take together; threads may share it.

    Parameters
    ----------
    limit
        Most bytes; None: what `VARIABLE` says, or else a share of memory.
    """

    def __init__(self, limit: int | None = None) -> None:
        stated = os.environ.get(VARIABLE)
        fixed = limit if limit is not None else _bytes(stated) if stated else None
        self._watched = fixed is None
        self.limit = int(usable() * _SHARE) if fixed is None else fixed
        self.used = 0
        self._looked_at = 0
        self._closed_until = 0.0
        self._lock = threading.Lock()

    def has_room(self, nbytes: int) -> bool:
        """Return whether so many bytes may be granted; not for a while after little was free."""
        return self.used + nbytes <= self.limit and time.monotonic() >= self._closed_until

    def take(self, nbytes: int) -> bool:
        """Take so many bytes; return whether they were granted."""
        with self._lock:
            if not self.has_room(nbytes):
                return False
            if self._watched and self.used + nbytes >= self._looked_at:
                if free() - nbytes < usable() * _FREE:
                    self._closed_until = time.monotonic() + PAUSE_SECONDS
                    return False
                self._looked_at = self.used + nbytes + _EVERY
            self.used += nbytes
            return True


def _bytes(stated: str) -> int:
    """Return the bytes of a number of gigabytes.

    Raises
    ------
    ValueError
        If it is not a number >= 0.
    """
    try:
        gigabytes = float(stated)
    except ValueError:
        gigabytes = -1.0
    if not 0 <= gigabytes < float("inf"):
        raise ValueError(
            f"{VARIABLE} is '{stated}', expected a number of gigabytes such as 8, or 0 to keep none"
        )
    return int(gigabytes * 1e9)
