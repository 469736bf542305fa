"""claim_parts: pairs of AUCs and limits that several kinds of claims share."""

from __future__ import annotations

from collections.abc import Iterator

from elsewhere.scores.evidence import Evidence, Key

Pairs = Iterator[tuple[Key, Key | None]]
Answer = tuple[bool, bool | None]  # whether a pair supports the claim; whether its interval does


def joint_and_best_single(evidence: Evidence, at: tuple[str, str]) -> Pairs:
    """Pair each arm of several sites with the best arm trained on one of these sites alone.

    An arm without an AUC is taken for the best, because it might be.

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
            yield (joint, *at), max(alone, key=lambda key: _or_most(evidence, key))


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


def _or_most(evidence: Evidence, key: Key) -> float:
    area = evidence.area(key).auc
    return float("inf") if area is None else area
