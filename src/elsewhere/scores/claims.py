"""claims: what a paper says of its AUCs, checked pair by pair (B-38 to B-42)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from elsewhere.design.paths import INTERNAL
from elsewhere.scores.evidence import Evidence, Key

NO_PAIR = "the study has no arms that this claim compares"

Word = Literal["holds", "does not hold", "cannot be said"]
Judged = tuple[bool, bool | None]  # whether a pair bears the claim out; beyond its interval


@dataclass(frozen=True)
class Claim:
    """A sentence of a paper and how it is checked; a row of published/<study>_claims.csv.

    Attributes
    ----------
    kind
        Key of `KINDS`.
    findings
        Of which findings it speaks; empty: of all.
    limit
        Largest difference of AUCs that are alike; the AUC below which one is poor.
    exceptions
        Pairs that the sentence itself excepts.
    reading
        How it is checked, and why so.
    """

    requirement: str
    kind: str
    findings: tuple[str, ...]
    limit: float
    exceptions: int
    text: str
    reading: str
    source: str


class Pair(NamedTuple):
    """What one comparison says of a claim.

    ``value`` is the first AUC minus the second, or the first if there is no second; ``interval``
    names whose interval ``low`` to ``high`` is. ``holds`` is None without an AUC, ``beyond`` (the
    whole interval bears out what the value says) without an interval.
    """

    first: Key
    second: Key | None
    value: float | None
    low: float | None
    high: float | None
    interval: str
    holds: bool | None
    beyond: bool | None


@dataclass(frozen=True)
class Verdict:
    """A claim and all pairs that it speaks of."""

    claim: Claim
    pairs: tuple[Pair, ...]

    @property
    def held(self) -> tuple[Pair, ...]:
        """Pairs that bear it out."""
        return tuple(pair for pair in self.pairs if pair.holds)

    @property
    def broken(self) -> tuple[Pair, ...]:
        """Pairs that contradict it, ties among them."""
        return tuple(pair for pair in self.pairs if pair.holds is False)

    @property
    def unknown(self) -> tuple[Pair, ...]:
        """Pairs without an AUC."""
        return tuple(pair for pair in self.pairs if pair.holds is None)

    @property
    def word(self) -> Word:
        """What can be said: a pair that could break the claim and has no AUC leaves it open."""
        if len(self.broken) > self.claim.exceptions:
            return "does not hold"
        if not self.pairs or len(self.broken) + len(self.unknown) > self.claim.exceptions:
            return "cannot be said"
        return "holds"


def claim(row: Mapping[str, str]) -> Claim:
    """Return the claim in a row of text.

    Raises
    ------
    ValueError
        If its kind is unknown.
    """
    if row["kind"] not in KINDS:
        known = ", ".join(KINDS)
        raise ValueError(f"{row['requirement']}: no kind '{row['kind']}' of claims; it is {known}")
    return Claim(
        requirement=row["requirement"],
        kind=row["kind"],
        findings=tuple(row["findings"].split(";")) if row["findings"] else (),
        limit=float(row["limit"] or 0),
        exceptions=int(row["exceptions"] or 0),
        text=row["claim"],
        reading=row["reading"],
        source=row["source"],
    )


def check(asked: Claim, evidence: Evidence) -> Verdict:
    """Check a claim on every pair of AUCs that it speaks of.

    Which arms are compared follows from their rows: trained on one site or on several (joint), of
    the same method, with the same or another network. Nothing names an arm, so a study with other
    sites or networks is checked by the same sentences.

    Intervals are those of `Evidence.compared`, not adjusted for the number of pairs.
    """
    pairing, judge = KINDS[asked.kind]
    found = []
    for finding in asked.findings or evidence.findings:
        for first, second in pairing(evidence, finding):
            value, low, high, interval = evidence.compared(first, second)
            holds, beyond = (None, None) if value is None else judge(value, low, high, asked.limit)
            found.append(Pair(first, second, value, low, high, interval, holds, beyond))
    return Verdict(asked, tuple(found))


Pairs = Iterator[tuple[Key, Key | None]]


def _own_and_external(evidence: Evidence, finding: str) -> Pairs:
    for arm in evidence.arms:
        for site in evidence.external:
            yield (arm, INTERNAL, finding), (arm, site, finding)


def _joint_outside(evidence: Evidence, finding: str) -> Pairs:
    for site in evidence.external:
        yield from _joint_and_best_single(evidence, (site, finding))


def _joint_inside(evidence: Evidence, finding: str) -> Pairs:
    yield from _joint_and_best_single(evidence, (INTERNAL, finding))


def _joint_and_best_single(evidence: Evidence, at: tuple[str, str]) -> Pairs:
    """Pair each arm of several sites with the best of those trained on one of them alone.

    Better than the best is better than each; one without an AUC might be the best.
    """
    for joint, arm in evidence.arms.items():
        alone = [
            (name, *at)
            for name, single in evidence.arms.items()
            if len(single.sites) == 1 < len(arm.sites)
            and single.sites[0] in arm.sites
            and (single.network, single.method) == (arm.network, arm.method)
        ]
        if alone:
            yield (joint, *at), max(alone, key=lambda key: _or_most(evidence, key))


def _or_most(evidence: Evidence, key: Key) -> float:
    found = evidence.area(key).auc
    return float("inf") if found is None else found


def _networks(evidence: Evidence, finding: str) -> Pairs:
    arms = list(evidence.arms.items())
    for number, (name, arm) in enumerate(arms):
        for other, twin in arms[number + 1 :]:
            alike = set(arm.sites) == set(twin.sites) and arm.method == twin.method
            if alike and arm.network != twin.network:
                for site in (INTERNAL, *evidence.external):
                    yield (name, site, finding), (other, site, finding)


def _each(evidence: Evidence, finding: str) -> Pairs:
    for arm in evidence.arms:
        for site in (INTERNAL, *evidence.external):
            yield (arm, site, finding), None


def _above(value: float, low: float | None, high: float | None, limit: float) -> Judged:
    holds = value > limit
    if low is None or high is None:
        return holds, None
    return holds, low > limit if holds else high < limit


def _below(value: float, low: float | None, high: float | None, limit: float) -> Judged:
    holds = value < limit
    if low is None or high is None:
        return holds, None
    return holds, high < limit if holds else low > limit


def _within(value: float, low: float | None, high: float | None, limit: float) -> Judged:
    holds = abs(value) < limit
    if low is None or high is None:
        return holds, None
    return holds, -limit < low and high < limit if holds else low > limit or high < -limit


Judge = Callable[[float, float | None, float | None, float], Judged]
KINDS: Mapping[str, tuple[Callable[[Evidence, str], Pairs], Judge]] = {
    "internal_above_external": (_own_and_external, _above),
    "joint_above_single": (_joint_outside, _above),
    "joint_best_internal": (_joint_inside, _above),
    "networks_alike": (_networks, _within),
    "poor": (_each, _below),
}
