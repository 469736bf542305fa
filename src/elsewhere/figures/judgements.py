"""judgements: a paper's claims as they were judged, and the two tables that are written of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elsewhere.figures import trained_for
from elsewhere.figures.trained_for import Epochs
from elsewhere.files import write_rows
from elsewhere.scores.claim import Claim, Pair, Verdict
from elsewhere.scores.evidence import Key, Number

CSV_NAME, PAIRS_NAME = "claims.csv", "claims_pairs.csv"
OURS, PAPER = "ours", "published"
COLUMNS = (
    *("requirement", "claim", "reading", "source", "kind", "findings", "metric", "at"),
    *("limit", "exceptions"),
    *("whose", "verdict", "pairs", "held", "held_beyond", "broken", "broken_beyond", "unknown"),
    *("least", "most", "synthetic"),
)
PAIR_COLUMNS = (
    *("requirement", "kind", "metric", "whose", "finding"),
    *("first_arm", "first_site", "first_value", "second_arm", "second_site", "second_value"),
    *("value", "low", "high", "interval", "holds", "beyond"),
    *("first_epochs", "second_epochs", "synthetic"),
)
YES = {True: "yes", False: "no", None: ""}


@dataclass(frozen=True)
class Judged:
    """A claim on the published numbers and on ours, with the numbers that it was checked on.

    ``sources`` says where the published numbers are from.
    """

    claim: Claim
    sources: tuple[str, ...]
    verdicts: Mapping[str, tuple[Verdict, Mapping[Key, Number]]]


def write(
    judged: Sequence[Judged], folder: Path, *, epochs: Mapping[str, Epochs], synthetic: bool
) -> None:
    """Write claims.csv, and each pair of numbers to claims_pairs.csv.

    Parameters
    ----------
    epochs
        For how long our arms were trained.
    synthetic
        Whether ours are of synthetic sites.
    """
    marks = {OURS: "yes" if synthetic else "no", PAPER: "no"}
    write_rows(_claim_rows(judged, marks), folder / CSV_NAME, columns=COLUMNS)
    write_rows(_pair_rows(judged, marks, epochs), folder / PAIRS_NAME, columns=PAIR_COLUMNS)


def beyond(pairs: Sequence[Pair]) -> int:
    """Return how many pairs say so with their whole interval."""
    return sum(bool(pair.beyond) for pair in pairs)


def _claim_rows(judged: Sequence[Judged], marks: Mapping[str, str]) -> Iterable[dict[str, Any]]:
    for judged_claim in judged:
        for whose, (verdict, _) in judged_claim.verdicts.items():
            values = [pair.value for pair in verdict.pairs if pair.value is not None]
            yield {
                "requirement": judged_claim.claim.requirement,
                "claim": judged_claim.claim.text,
                "reading": judged_claim.claim.reading,
                "source": judged_claim.claim.source,
                "kind": judged_claim.claim.kind,
                "findings": ";".join(judged_claim.claim.findings),
                "metric": judged_claim.claim.metric,
                "at": ";".join(judged_claim.claim.at),
                "limit": judged_claim.claim.limit,
                "exceptions": judged_claim.claim.exceptions,
                "whose": whose,
                "verdict": verdict.word,
                "pairs": len(verdict.pairs),
                "held": len(verdict.held),
                "held_beyond": beyond(verdict.held),
                "broken": len(verdict.broken),
                "broken_beyond": beyond(verdict.broken),
                "unknown": len(verdict.unknown),
                "least": min(values, default=None),
                "most": max(values, default=None),
                "synthetic": marks[whose],
            }


def _value(numbers: Mapping[Key, Number], key: Key) -> float | None:
    return numbers[key].value if key in numbers else None


def _pair_rows(
    judged: Sequence[Judged], marks: Mapping[str, str], epochs: Mapping[str, Epochs]
) -> Iterable[dict[str, Any]]:
    for judged_claim in judged:
        for whose, (verdict, numbers) in judged_claim.verdicts.items():
            known = epochs if whose == OURS else {}
            for pair in verdict.pairs:
                second = pair.second or ("", "", "")
                yield {
                    "requirement": judged_claim.claim.requirement,
                    "kind": judged_claim.claim.kind,
                    "metric": judged_claim.claim.metric,
                    "whose": whose,
                    "finding": pair.first[2],
                    "first_arm": pair.first[0],
                    "first_site": pair.first[1],
                    "first_value": _value(numbers, pair.first),
                    "second_arm": second[0],
                    "second_site": second[1],
                    "second_value": _value(numbers, second),
                    **{name: getattr(pair, name) for name in ("value", "low", "high", "interval")},
                    "holds": YES[pair.holds],
                    "beyond": YES[pair.beyond],
                    "first_epochs": trained_for.most(known, pair.first[0]),
                    "second_epochs": trained_for.most(known, second[0]),
                    "synthetic": marks[whose],
                }
