"""claim: a paper's claim about its numbers, and whether each pair of them supports it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from elsewhere.design import kinds
from elsewhere.scores.claim_parts import Answer, Pairs
from elsewhere.scores.evidence import Evidence, Key

NO_PAIR = "the study has no arms that this claim compares"

Word = Literal["holds", "does not hold", "cannot be said"]


@dataclass(frozen=True)
class Claim:
    """A claim of a paper and how it is checked; a row of published/<study>_claims.csv.

    Attributes
    ----------
    kind
        Kind of claim, such as "poor": which numbers are compared, and how.
    findings
        Findings that it is about; empty: all.
    metric
        Metric whose numbers are compared.
    at
        Sites that it is about, with the meaning that its kind gives them.
    limit
        Largest difference of numbers that are alike; the number below which one is poor.
    exceptions
        Number of pairs that the claim itself excepts.
    reading
        How it is checked, and why in this way.
    """

    requirement: str
    kind: str
    findings: tuple[str, ...]
    limit: float
    exceptions: int
    text: str
    reading: str
    source: str
    metric: str = "auc"
    at: tuple[str, ...] = ()


class Pair(NamedTuple):
    """One comparison of numbers, and whether it supports the claim.

    ``value`` is the first number minus the second, or the first if there is no second; ``interval``
    names the method of ``low`` to ``high``. ``holds`` is None if a number is missing. ``beyond``
    says whether the whole interval agrees with ``holds``; None without an interval.
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
    """A claim and all pairs of numbers that it is about."""

    claim: Claim
    pairs: tuple[Pair, ...]

    @property
    def held(self) -> tuple[Pair, ...]:
        """Pairs that support it."""
        return tuple(pair for pair in self.pairs if pair.holds)

    @property
    def broken(self) -> tuple[Pair, ...]:
        """Pairs that contradict it, including ties."""
        return tuple(pair for pair in self.pairs if pair.holds is False)

    @property
    def unknown(self) -> tuple[Pair, ...]:
        """Pairs without a number."""
        return tuple(pair for pair in self.pairs if pair.holds is None)

    @property
    def word(self) -> Word:
        """The verdict; undecided if pairs without a number could break the claim."""
        if len(self.broken) > self.claim.exceptions:
            return "does not hold"
        if not self.pairs or len(self.broken) + len(self.unknown) > self.claim.exceptions:
            return "cannot be said"
        return "holds"


class ClaimKind(ABC):
    """A kind of claim: which numbers it compares, and when they support it.

    Parameters
    ----------
    at
        Sites of the claim; those that the kind asks for (`ClaimRow.at`).
    """

    def __init__(self, at: tuple[str, ...] = ()) -> None:
        self.at = at

    @abstractmethod
    def pairs(self, evidence: Evidence, finding: str) -> Pairs:
        """Yield the numbers of a finding that are compared; no second one if each is alone."""

    @abstractmethod
    def answer(
        self, value: float, low: float | None, high: float | None, *, limit: float
    ) -> Answer:
        """Say whether a value supports the claim, and whether its whole interval does.

        Parameters
        ----------
        value, low, high
            A number, or the first minus the second, with its interval.
        limit
            That of the claim.
        """


def claim(row: Mapping[str, str]) -> Claim:
    """Return the claim in a row of text.

    Raises
    ------
    ValueError
        If its kind is unknown.
    """
    known = kinds.names("claims")
    if row["kind"] not in known:
        raise ValueError(
            f"{row['requirement']}: no kind '{row['kind']}' of claims; there are {', '.join(known)}"
        )
    return Claim(
        requirement=row["requirement"],
        kind=row["kind"],
        findings=tuple(row["findings"].split(";")) if row["findings"] else (),
        limit=float(row["limit"] or 0),
        exceptions=int(row["exceptions"] or 0),
        text=row["claim"],
        reading=row["reading"],
        source=row["source"],
        metric=row["metric"],
        at=tuple(row["at"].split(";")) if row["at"] else (),
    )


def check(asked: Claim, evidence: Evidence) -> Verdict:
    """Check a claim on every pair of numbers that it is about.

    Which arms are compared follows from their rows: trained on one site or on several (joint), of
    the same method, with the same or another network. Claims name no arms, at most sites, so a
    study with other networks can be checked by the same claims. The evidence is of the claim's
    metric.

    Intervals are those of `Evidence.compared`, not adjusted for the number of pairs.
    """
    kind = kinds.implementation("claims", asked.kind, ClaimKind)(asked.at)  # type: ignore[type-abstract]
    pairs = []
    for finding in asked.findings or evidence.findings:
        for first, second in kind.pairs(evidence, finding):
            value, low, high, interval = evidence.compared(first, second)
            holds, beyond = (
                (None, None) if value is None else kind.answer(value, low, high, limit=asked.limit)
            )
            pairs.append(Pair(first, second, value, low, high, interval, holds, beyond))
    return Verdict(asked, tuple(pairs))
