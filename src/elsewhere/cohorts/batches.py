"""batches: choose the scans in the batch of a training iteration (A-41, A-43; D-05, D-16)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from zlib import crc32

import numpy as np
import numpy.typing as npt

# Shuffles that a process keeps: two epochs of each site of a large arm. One of 340,693 scans takes
# 9 ms and 1.4 MB.
_KEPT = 32


def batch_plan(
    sizes: Mapping[str, int], *, batch_size: int, sampling: str, seed: int, iteration: int
) -> list[tuple[str, int]]:
    """Return the (site, index) pairs of one iteration.

    A pure function of its arguments: training resumes at any iteration. Scans are shuffled anew
    in every epoch and drawn without replacement in it; a batch may span two epochs.

    Parameters
    ----------
    sizes
        Training scans of each site, in the order of the arm.
    batch_size
        Pairs to return.
    sampling
        "pooled": an epoch is every scan of every site once. "equal_per_site": sites take turns,
        so that each has batch_size / n_sites of every batch (one more or less where this is no
        integer, evened out over batches); an epoch is one pass over each site on its own, so
        smaller sites are re-loaded (D-05).
    seed, iteration
        Integers >= 0.

    Raises
    ------
    ValueError
        If a site has no scan or the sampling is unknown.
    """
    empty = [site for site, size in sizes.items() if size < 1]
    if empty or not sizes:
        raise ValueError(f"training sites without a training scan: {empty or 'no site given'}")
    slots = range(iteration * batch_size, (iteration + 1) * batch_size)
    if sampling == "pooled":
        names, ends = list(sizes), np.array([*accumulate(sizes.values())])
        places = _shuffled(slots, int(ends[-1]), (seed,))
        sites = np.searchsorted(ends, places, side="right")
        starts = ends - [*sizes.values()]
        return [
            (names[at], place - int(starts[at])) for at, place in zip(sites, places, strict=True)
        ]
    if sampling != "equal_per_site":
        raise ValueError(f"sampling is '{sampling}', expected 'pooled' or 'equal_per_site'")
    names = list(sizes)
    drawn = {}
    for turn, site in enumerate(names):
        places = [slot // len(names) for slot in slots if slot % len(names) == turn]
        key = (seed, crc32(site.encode()))
        drawn[site] = iter(_shuffled(places, sizes[site], key))
    order = [names[slot % len(names)] for slot in slots]
    return [(site, next(drawn[site])) for site in order]


def epoch_plan(
    site: str, size: int, *, batch_size: int, seed: int, epoch: int
) -> list[list[tuple[str, int]]]:
    """Return the (site, index) pairs of each batch of one epoch over one site (C-19).

    Every scan is drawn once; the last batch holds what is left. Where `batch_size` divides `size`,
    the batches are those of `batch_plan` over this site alone.

    Parameters
    ----------
    site, size
        Name of the site, and its number of training scans.
    batch_size
        Pairs in each batch but the last.
    seed, epoch
        Integers >= 0.
    """
    order = _shuffled(range(epoch * size, (epoch + 1) * size), size, (seed,))
    pairs = [(site, index) for index in order]
    return [pairs[first : first + batch_size] for first in range(0, size, batch_size)]


def _shuffled(places: Sequence[int], size: int, key: tuple[int, ...]) -> list[int]:
    """Return the entries at these places of an endless sequence of shuffles of range(size)."""
    return [int(_epoch((*key, place // size), size)[place % size]) for place in places]


@lru_cache(_KEPT)  # several threads may ask; the worst is that two of them shuffle
def _epoch(key: tuple[int, ...], size: int) -> npt.NDArray[np.int32]:
    """Return the order of one epoch; it is the same in every iteration of it."""
    order = np.random.default_rng(key).permutation(size).astype(np.int32)
    order.setflags(write=False)
    return order
