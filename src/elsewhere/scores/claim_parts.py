"""claim_parts: pairs of numbers and limits that several kinds of claims share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from elsewhere.design.paths import AVERAGE, INTERNAL
from elsewhere.scores.evidence import Evidence, Key

Pairs = Iterator[tuple[Key, Key | None]]
Answer = tuple[bool, bool | None]  # whether a pair supports the claim; whether its interval does


def joint_and_best_single(evidence: Evidence, at: tuple[str, str]) -> Pairs:
    """Pair each arm of several sites with the best arm trained on one of these sites alone.

    Parameters
    ----------
    at
        Site and finding.
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
            yield (joint, *at), best(evidence, alone)


def best(evidence: Evidence, keys: Iterable[Key]) -> Key:
    """Return the key with the highest number.

    One without a number is taken for the best, because it might be; not among those that a paper
    prints (`Evidence.printed`).
    """
    missing = float("-inf" if evidence.printed else "inf")

    def known(key: Key) -> float:
        value = evidence.number(key).value
        return missing if value is None else value

    return max(keys, key=known)


def singles(evidence: Evidence) -> dict[str, str]:
    """Return the arms that are trained on one site, with this site."""
    return {name: arm.sites[0] for name, arm in evidence.arms.items() if len(arm.sites) == 1}


def with_and_without(evidence: Evidence, added: str) -> Iterator[tuple[str, str]]:
    """Yield an arm that trains on a site, and the arm that is the same but for this site."""
    for more, arm in evidence.arms.items():
        for fewer, other in evidence.arms.items():
            alike = (arm.network, arm.method) == (other.network, other.method)
            if alike and added in arm.sites and {*arm.sites} - {added} == {*other.sites}:
                yield more, fewer


def sites(evidence: Evidence) -> tuple[str, ...]:
    """Return the sites on which arms have numbers, in the order given, without averages."""
    named = dict.fromkeys(site for _, site, _ in evidence.numbers)
    return tuple(site for site in named if site not in (INTERNAL, AVERAGE))


def above(value: float, low: float | None, high: float | None, limit: float) -> Answer:
    """Say whether a value is above a limit, and whether its interval is on the same side."""
    holds = value > limit
    if low is None or high is None:
        return holds, None
    return holds, low > limit if holds else high < limit


def below(value: float, low: float | None, high: float | None, limit: float) -> Answer:
    """Say whether a value is below a limit, and whether its interval is on the same side."""
    holds = value < limit
    if low is None or high is None:
        return holds, None
    return holds, high < limit if holds else low > limit


def within(value: float, low: float | None, high: float | None, limit: float) -> Answer:
    """Say whether a value is nearer to 0 than a limit, and whether its interval agrees."""
    holds = abs(value) < limit
    if low is None or high is None:
        return holds, None
    return holds, -limit < low and high < limit if holds else low > limit or high < -limit
