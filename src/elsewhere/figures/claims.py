"""claims: checks a paper's claims about AUCs on its numbers and on ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from elsewhere.design.paths import INTERNAL
from elsewhere.figures import judgements, paper, style, trained_for, words
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.judgements import OURS, PAIRS_NAME, PAPER, Judged, beyond
from elsewhere.figures.places import ByFinding
from elsewhere.figures.table import Field, Table
from elsewhere.figures.trained_for import Epochs
from elsewhere.scores.cell import Predicted
from elsewhere.scores.claim import NO_PAIR, Pair, Verdict, check, claim
from elsewhere.scores.evidence import Evidence, Key, Number

NAME = "claims"
FIELDS = (
    Field("", 0.62),
    Field("claim, and how it is checked", 3.9),
    Field("on", 0.95),
    Field("verdict", 1.25),
    Field("pairs", 3.05),
    Field("pairs that break it", 4.5),
)
MOST = 5


class Claims(Figure):
    """The paper's claims about AUCs, checked on its numbers and on ours."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Check the claims and draw the table."""
        asked = paper.claims(given.settings.published)
        judged = judge(
            given.places, asked, known=given.paper_numbers, predicted=given.test_predictions()
        )
        return draw(given.places, judged, folder, epochs=trained_for.by_arm(given.records))


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
            {whose: (check(stated, of), of.numbers) for whose, of in evidence.items()},
        )
        for stated in map(claim, asked)
    ]


def draw(
    study: ByFinding, judged: Sequence[Judged], folder: Path, *, epochs: Mapping[str, Epochs]
) -> list[str]:
    """Draw claims.png and .svg; write claims.csv, and each pair of AUCs to claims_pairs.csv.

    Parameters
    ----------
    epochs
        For how long our arms were trained.

    Returns
    -------
    list of str
        Names of the figures drawn: none without claims.
    """
    if not judged:
        return []
    judgements.write(judged, folder, epochs=epochs, synthetic=study.any.synthetic)
    lines = [
        _line(study, judged_claim, whose, epochs)
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


def _line(
    study: ByFinding, judged_claim: Judged, whose: str, epochs: Mapping[str, Epochs]
) -> tuple[str, ...]:
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
    counts = "\n".join(filter(None, (_counts(verdict), _lengths(verdict, epochs if ours else {}))))
    return number, about, whose, verdict.word, counts, "\n".join(broken) or "none"


def _lengths(verdict: Verdict, epochs: Mapping[str, Epochs]) -> str:
    """Say for how long arms were trained, if the claim compares arms."""
    arms = [
        (pair.first[0], pair.second[0])
        for pair in verdict.pairs
        if pair.second and pair.first[0] != pair.second[0]
    ]
    return trained_for.words((arm for pair in arms for arm in pair), epochs)


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
    firm = beyond(pairs)
    direction = known - firm
    parts = [f"{firm} beyond the interval"] if firm else []
    parts += [f"{direction} in direction only"] if direction else []
    parts += [f"{len(pairs) - known} without interval"] if known < len(pairs) else []
    return ", ".join(parts)


def _pair_text(study: ByFinding, pair: Pair, areas: Mapping[Key, Number]) -> str:
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
