"""claims: checks a paper's claims about AUCs on its numbers and on ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elsewhere.design.paths import INTERNAL
from elsewhere.figures import paper, style, words
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.places import ByFinding
from elsewhere.figures.table import Field, Table
from elsewhere.files import write_rows
from elsewhere.scores.cell import Predicted
from elsewhere.scores.claim import NO_PAIR, Claim, Pair, Verdict, check, claim
from elsewhere.scores.evidence import Area, Evidence, Key

NAME = "claims"
CSV_NAME, PAIRS_NAME = f"{NAME}.csv", f"{NAME}_pairs.csv"
OURS, PAPER = "ours", "published"
COLUMNS = (
    *("requirement", "claim", "reading", "source", "kind", "findings", "limit", "exceptions"),
    *("whose", "verdict", "pairs", "held", "held_beyond", "broken", "broken_beyond", "unknown"),
    *("least", "most", "synthetic"),
)
PAIR_COLUMNS = (
    *("requirement", "whose", "finding", "first_arm", "first_site", "first_auc"),
    *("second_arm", "second_site", "second_auc", "value", "low", "high", "interval"),
    *("holds", "beyond", "synthetic"),
)
FIELDS = (
    Field("", 0.62),
    Field("claim, and how it is checked", 3.9),
    Field("on", 0.95),
    Field("verdict", 1.25),
    Field("pairs", 3.05),
    Field("pairs that break it", 4.5),
)
MOST = 5
YES = {True: "yes", False: "no", None: ""}


@dataclass(frozen=True)
class Judged:
    """A claim on the published numbers and on ours, with the AUCs that it was checked on.

    ``sources`` says where the published numbers are from.
    """

    claim: Claim
    sources: tuple[str, ...]
    verdicts: Mapping[str, tuple[Verdict, Mapping[Key, Area]]]


class Claims(Figure):
    """The paper's claims about AUCs, checked on its numbers and on ours."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Check the claims and draw the table."""
        asked = paper.claims(given.settings.published)
        judged = judge(
            given.places, asked, known=given.paper_numbers, predicted=given.test_predictions()
        )
        return draw(given.places, judged, folder)


def judge(
    study: ByFinding,
    asked: Iterable[Mapping[str, str]],
    *,
    known: Sequence[Mapping[str, str]],
    predicted: Mapping[Key, Predicted],
) -> list[Judged]:
    """Check every claim of a study on the published numbers and on ours (B-38 to B-42).

    Parameters
    ----------
    asked
        As from `paper.claims`.
    known
        As from `paper.read`.
    predicted
        Predictions of one finding each by arm, site (the study's own name, or `INTERNAL`) and
        finding: with them arms are compared on the same scans. May be empty.
    """
    counted = [row.name for row in study.any.rows if row.counted]
    arms = {name: study.arms[name] for name in counted}
    confidence = study.any.named.confidence
    evidence = {
        OURS: Evidence(arms, _ours(study), confidence, predicted),
        PAPER: Evidence(arms, _published(study, known), confidence),
    }
    sources = tuple(dict.fromkeys(entry["source"] for entry in known))
    return [
        Judged(
            stated,
            sources,
            {whose: (check(stated, of), of.areas) for whose, of in evidence.items()},
        )
        for stated in map(claim, asked)
    ]


def draw(study: ByFinding, judged: Sequence[Judged], folder: Path) -> list[str]:
    """Draw claims.png and .svg; write claims.csv, and each pair of AUCs to claims_pairs.csv.

    Returns
    -------
    list of str
        Names of the figures drawn: none without claims.
    """
    if not judged:
        return []
    marks = {OURS: "yes" if study.any.synthetic else "no", PAPER: "no"}
    write_rows(_claim_rows(judged, marks), folder / CSV_NAME, columns=COLUMNS)
    write_rows(_pair_rows(judged, marks), folder / PAIRS_NAME, columns=PAIR_COLUMNS)
    lines = [
        _line(study, judged_claim, whose)
        for judged_claim in judged
        for whose in judged_claim.verdicts
    ]
    count = len(lines)
    table = Table(FIELDS, tuple(lines), tuple(range(2, count, 2)), tuple(range(1, count, 2)))
    with style.look():
        page = style.sheet(
            "Do the claims of the paper hold?",
            width=table.width,
            height=table.height,
            notes=(_note(study), _sources(judged), *study.any.notes()),
            synthetic=study.any.synthetic,
        )
        table.draw(page)
        style.save(page.figure, folder, NAME)
    return [NAME]


def _ours(study: ByFinding) -> dict[Key, Area]:
    names = ("auc", "auc_low", "auc_high", "auc_se")
    return {
        (place.row.name, place.site, finding): Area(*(cell["pooled"][name] for name in names))
        for place in study.all_places()
        for finding, cell in place.cells.items()
    }


def _published(study: ByFinding, known: Sequence[Mapping[str, str]]) -> dict[Key, Area]:
    listed = {
        (entry["arm"], entry["site"], entry["finding"]): float(entry["value"]) for entry in known
    }
    areas = {}
    for place in study.all_places():
        for finding in study.titles:
            keys = [(place.row.name, site, finding) for site in place.listed_as]
            value = next((listed[key] for key in keys if key in listed), None)
            areas[place.row.name, place.site, finding] = Area(value)
    return areas


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
                "limit": judged_claim.claim.limit,
                "exceptions": judged_claim.claim.exceptions,
                "whose": whose,
                "verdict": verdict.word,
                "pairs": len(verdict.pairs),
                "held": len(verdict.held),
                "held_beyond": _beyond(verdict.held),
                "broken": len(verdict.broken),
                "broken_beyond": _beyond(verdict.broken),
                "unknown": len(verdict.unknown),
                "least": min(values, default=None),
                "most": max(values, default=None),
                "synthetic": marks[whose],
            }


def _pair_rows(judged: Sequence[Judged], marks: Mapping[str, str]) -> Iterable[dict[str, Any]]:
    for judged_claim in judged:
        for whose, (verdict, areas) in judged_claim.verdicts.items():
            for pair in verdict.pairs:
                second = pair.second or ("", "", "")
                yield {
                    "requirement": judged_claim.claim.requirement,
                    "whose": whose,
                    "finding": pair.first[2],
                    "first_arm": pair.first[0],
                    "first_site": pair.first[1],
                    "first_auc": areas[pair.first].auc,
                    "second_arm": second[0],
                    "second_site": second[1],
                    "second_auc": areas[second].auc if pair.second else None,
                    **{name: getattr(pair, name) for name in ("value", "low", "high", "interval")},
                    "holds": YES[pair.holds],
                    "beyond": YES[pair.beyond],
                    "synthetic": marks[whose],
                }


def _beyond(pairs: Sequence[Pair]) -> int:
    return sum(bool(pair.beyond) for pair in pairs)


def _line(study: ByFinding, judged_claim: Judged, whose: str) -> tuple[str, ...]:
    verdict, areas = judged_claim.verdicts[whose]
    ours = whose == OURS
    number, about = (
        (judged_claim.claim.requirement, judged_claim.claim.text)
        if ours
        else ("", judged_claim.claim.reading)
    )
    broken = [_pair_text(study, pair, areas) for pair in verdict.broken]
    if len(broken) > MOST:
        broken = [*broken[:MOST], f"and {len(broken) - MOST} more, in {PAIRS_NAME}"]
    return number, about, whose, verdict.word, _counts(verdict), "\n".join(broken) or "none"


def _counts(verdict: Verdict) -> str:
    if not verdict.pairs:
        return NO_PAIR
    several = verdict.pairs[0].second is not None
    parts = [
        f"holds in {len(verdict.held)} of {len(verdict.pairs)} {'pairs' if several else 'AUCs'}"
    ]
    parts += [_strength(verdict.held)] if verdict.held else []
    if verdict.broken:
        parts.append(f"breaks in {len(verdict.broken)}: {_strength(verdict.broken)}")
    if verdict.unknown:
        parts.append(f"no AUC in {len(verdict.unknown)}")
    values = [pair.value for pair in verdict.pairs if pair.value is not None]
    if values:
        what, how = ("differences", "+.3f") if several else ("AUC", ".3f")
        least, most = (f"{of(values):{how}}".replace("-", "−") for of in (min, max))
        parts.append(f"{what} {least} to {most}")
    return "\n".join(parts)


def _strength(pairs: Sequence[Pair]) -> str:
    known = sum(pair.beyond is not None for pair in pairs)
    if not known:
        return "no interval is known"
    beyond = _beyond(pairs)
    direction = known - beyond
    parts = [f"{beyond} beyond the interval"] if beyond else []
    parts += [f"{direction} in direction only"] if direction else []
    parts += [f"{len(pairs) - known} without interval"] if known < len(pairs) else []
    return ", ".join(parts)


def _pair_text(study: ByFinding, pair: Pair, areas: Mapping[Key, Area]) -> str:
    """Write one pair in words: first what its two AUCs have in common."""
    labels = {row.name: row.label for row in study.any.rows}
    sites = {column.name: column.title for column in study.any.columns} | {INTERNAL: INTERNAL}
    (arm, site, finding), second = pair.first, pair.second
    common = study.titles[finding]
    first = words.number(areas[pair.first].auc, digits=3)
    firmly = " (beyond)" if pair.beyond else ""
    if second is None:
        return f"{common}, {labels[arm]}, {sites[site]}: {first}{firmly}"
    other = words.number(areas[second].auc, digits=3)
    if second[0] == arm:
        text = f"{common}, {labels[arm]}: {sites[site]} {first}, {sites[second[1]]} {other}"
    else:
        text = f"{common}, {sites[site]}: {labels[arm]} {first}, {labels[second[0]]} {other}"
    return text + firmly


def _note(study: ByFinding) -> str:
    return (
        f"Beyond the interval: the whole {study.any.percent} interval of the difference (or of a "
        "single AUC) agrees; in direction only: part of it does not. "
        "Differences of arms on the same scans: DeLong's paired test, clustered by patient, where "
        "predictions are at hand; others as of different patients, too wide where scans are "
        "shared. Intervals are not adjusted for the number of pairs. A claim holds when no pair "
        "breaks it, apart from the exceptions that it states."
    )


def _sources(judged: Sequence[Judged]) -> str:
    sources = dict.fromkeys(source for judged_claim in judged for source in judged_claim.sources)
    text = f" {'; '.join(sources)}." if sources else ""
    return f"Grey: the paper's own numbers, which are not used in ours.{text}"
