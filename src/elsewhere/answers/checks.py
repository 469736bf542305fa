"""checks: is this a scan for this arm? Each check holds it to the scans of other sites.

An arm is asked about scans of places that it did not learn from; that is what the matrix is about.
So a scan must be like those of some site where the arm was evaluated, for there it is known what
the arm is worth. A scan that is like none of them gets no probability: nobody knows what the number
would mean. A scan that is like an evaluated site and unlike the training sites gets its probability
with a caution.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from elsewhere.answers.answer import Check
from elsewhere.answers.seen import Scans
from elsewhere.imaging import signature
from elsewhere.scores import nearest
from elsewhere.scores.nearest import Floats, Seen

MARGIN = 1.1  # times: a number may lie so far beyond the range that was seen, with a caution
LUNGS = 0.95  # share of the seen scans with lungs from which on a scan must have some
_SCALES = {
    "HU": "Hounsfield units",
    "CT number": "CT numbers without a rescale",
    "0-255": "greys from 0 to 255",
    "grey": "greys without a unit",
}
_AXES = {"z": "Its slices", "y": "Its rows", "x": "Its columns"}


@dataclass(frozen=True)
class Asked:
    """A scan that is asked about: its row of the manifest, and of the profile."""

    row: Mapping[str, Any]
    measured: Mapping[str, Any]

    def __len__(self) -> int:
        """Number of slices."""
        return int(self.row["n_slices"])

    @property
    def histogram(self) -> Floats:
        """Its histogram as a unit vector."""
        root: Floats = nearest.of_histograms([self.measured["histogram"]])[0]
        return root

    @property
    def signature(self) -> Floats:
        """Its signature as a unit vector."""
        unpacked: Floats = signature.unpacked([self.measured["signature"]])[0]
        return unpacked


def checks(asked: Asked, seen: Scans) -> tuple[Check, ...]:
    """Hold a scan to others: its values, its size, lungs, and how near the nearest scan is."""
    return (
        _scale(asked, seen),
        *_sizes(asked, seen, margin=MARGIN),
        _lungs(asked, seen),
        *_near(asked, seen),
    )


def beyond(asked: Asked, seen: Scans) -> Iterator[str]:
    """Yield what is said of each number that passes its check and yet was not seen before."""
    allowed = {check.name: check.passed for check in _sizes(asked, seen, margin=MARGIN)}
    for check in _sizes(asked, seen, margin=1.0):
        if allowed[check.name] and not check.passed:
            yield check.sentence


def _sizes(asked: Asked, seen: Scans, *, margin: float) -> Iterator[Check]:
    yield _slices(asked, seen, margin=margin)
    for axis in _AXES:
        if axis != "z" or len(asked) > 1:
            yield _spacing(asked, seen, axis, margin=margin)


def _scale(asked: Asked, seen: Scans) -> Check:
    mine, known = asked.row["value_scale"], [*seen.by_scale]
    words = " and ".join(_SCALES[name] for name in known)
    sentence = f"Its values are {_SCALES[mine]}; those of {seen.whose} are {words}."
    return Check("values", mine in known, sentence)


def _slices(asked: Asked, seen: Scans, *, margin: float) -> Check:
    count, known = len(asked), seen.rows["n_slices"].to_numpy(np.float64)
    said = f"It has {count} slice{'' if count == 1 else 's'}"
    sentence = f"{said}; scans of {seen.whose} have {_span(known)}."
    return Check("slices", _within(count, known, margin), sentence)


def _spacing(asked: Asked, seen: Scans, axis: str, *, margin: float) -> Check:
    name, column, whose = f"spacing {axis}", f"spacing_{axis}_mm", seen.whose
    mine, every = float(asked.row[column]), seen.rows[column].to_numpy(np.float64)
    known = every[~np.isnan(every)]
    if math.isnan(mine):
        share = 1 - len(known) / len(every)
        sentence = f"{_AXES[axis]} lie an unknown distance apart, as in {share:.0%} of the scans "
        return Check(name, share > 0, f"{sentence}of {whose}.")
    said = f"{_AXES[axis]} lie {mine:.3g} mm apart"
    if not len(known):
        return Check(name, True, f"{said}; of no scan of {whose} this is known.")
    sentence = f"{said}; in scans of {whose} {_span(known)} mm."
    return Check(name, _within(mine, known, margin), sentence)


def _within(mine: float, known: Floats, margin: float) -> bool:
    return float(known.min()) / margin <= mine <= float(known.max()) * margin


def _span(known: Floats) -> str:
    low, high = f"{known.min():.3g}", f"{known.max():.3g}"
    return low if low == high else f"{low} to {high}"


def _lungs(asked: Asked, seen: Scans) -> Check:
    found = int(asked.measured["lung_first"]) >= 0
    share = float((seen.rows["lung_first"] >= 0).mean())
    told = f"in {share:.0%} of the scans of {seen.whose} they were"
    if found:
        return Check("lungs", True, f"Lungs were found in it; {told}.")
    sentence = f"No lungs were found in it; {told}"
    if share < LUNGS:
        return Check("lungs", True, f"{sentence}, so that this says little.")
    return Check("lungs", False, f"{sentence}.")


def _near(asked: Asked, seen: Scans) -> Iterator[Check]:
    """Hold values and picture to the nearest scan whose values are of the same scale, if any."""
    alike = seen.by_scale.get(asked.row["value_scale"])
    if alike is None:
        return
    found = _least(asked.histogram, alike.values)
    said = ("Its values are distributed as in a scan", "Its values are distributed as in no scan")
    yield _nearest("near in values", said, found, alike.values_limit, seen.whose)
    found = _least(asked.signature, alike.anatomy)
    said = ("It shows anatomy as a scan", "It shows something else than every scan")
    yield _nearest("near in anatomy", said, found, alike.anatomy_limit, seen.whose)


def _least(mine: Floats, seen: Seen) -> float:
    return float(nearest.distances(mine, seen).min())


def _nearest(
    name: str, said: tuple[str, str], found: float, limit: float | None, whose: str
) -> Check:
    """Return a check of the distance to the nearest scan; ``said`` of a near and of a far one."""
    if limit is None:
        return Check(name, False, f"It cannot be compared: {whose} have one patient alone.")
    passed = found <= limit
    words = said[0] if passed else said[1]
    distance = f"distance {round(found, 6):.2g}, scans alike have up to {limit:.2g}"
    return Check(name, passed, f"{words} of {whose} ({distance}).")
