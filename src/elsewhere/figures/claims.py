"""claims: checks a paper's claims about its numbers on these and on ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from elsewhere.design.metric_rows import metric_row
from elsewhere.design.paths import AVERAGE, INTERNAL
from elsewhere.figures import judgements, paper, style, trained_for, words
from elsewhere.figures.claim_evidence import OfOneLabel, Study, differences, evidence
from elsewhere.figures.figure import Figure
from elsewhere.figures.given import Given
from elsewhere.figures.judgements import OURS, PAIRS_NAME, Judged, beyond
from elsewhere.figures.table import Field, Table
from elsewhere.figures.trained_for import Epochs
from elsewhere.scores.cell import Predicted
from elsewhere.scores.claim import NO_PAIR, Pair, Verdict, check, claim
from elsewhere.scores.evidence import Key, Number

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
    """The paper's claims about its numbers, checked on these and on ours."""

    def draw(self, given: Given, folder: Path) -> list[str]:
        """Check the claims and draw the table."""
        asked = paper.claims(given.settings.published)
        one_label = not (given.settings.findings or given.exclusive)
        study: Study = OfOneLabel(given.results, given.settings.arms) if one_label else given.places
        predicted = {} if one_label else given.test_predictions()
        judged = judge(study, asked, known=given.paper_numbers, predicted=predicted)
        return draw(study, judged, folder, epochs=trained_for.by_arm(given.records))


def judge(
    study: Study,
    asked: Iterable[Mapping[str, str]],
    *,
    known: Sequence[Mapping[str, str]],
    predicted: Mapping[Key, Predicted],
) -> list[Judged]:
    """Check every claim of a study on the published numbers and on ours (B-38 to B-42, A-66, A-73).

    Parameters
    ----------
    asked
        As from `paper.claims`.
    known
        As from `paper.read`.
    predicted
        Predictions of one finding each by arm, site (the study's own name, or `INTERNAL`) and
        finding: with them the AUCs of arms are compared on the same scans. May be empty.
    """
    stated = [claim(row) for row in asked]
    of_metric = {
        metric: evidence(study, metric, known=known, predicted=predicted)
        for metric in dict.fromkeys(one.metric for one in stated)
    }
    sources = tuple(dict.fromkeys(entry["source"] for entry in known))
    return [
        Judged(
            one,
            sources,
            {whose: (check(one, of), of.numbers) for whose, of in of_metric[one.metric].items()},
        )
        for one in stated
    ]


def draw(
    study: Study, judged: Sequence[Judged], folder: Path, *, epochs: Mapping[str, Epochs]
) -> list[str]:
    """Draw claims.png and .svg; write claims.csv, and each pair of numbers to claims_pairs.csv.

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
    study: Study, judged_claim: Judged, whose: str, epochs: Mapping[str, Epochs]
) -> tuple[str, ...]:
    verdict, numbers = judged_claim.verdicts[whose]
    ours = whose == OURS
    number, about = (
        (judged_claim.claim.requirement, judged_claim.claim.text)
        if ours
        else ("", judged_claim.claim.reading)
    )
    broken = [_pair_text(study, pair, numbers) for pair in verdict.broken]
    if len(broken) > MOST:
        broken = [*broken[:MOST], f"and {len(broken) - MOST} more, in {PAIRS_NAME}"]
    counts = "\n".join(filter(None, (_counts(verdict), _lengths(verdict, epochs if ours else {}))))
    return number, about, whose, verdict.word, counts, "\n".join(broken) or _none(verdict)


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
    several, metric = verdict.pairs[0].second is not None, _name(verdict.claim.metric)
    of = "pairs" if several else "AUCs" if metric == "AUC" else "numbers"
    parts = [f"holds in {len(verdict.held)} of {len(verdict.pairs)} {of}"]
    parts += [_strength(verdict.held)] if verdict.held else []
    if verdict.broken:
        parts.append(f"breaks in {len(verdict.broken)}: {_strength(verdict.broken)}")
    if verdict.unknown:
        parts.append(f"no {metric} in {len(verdict.unknown)}")
    values = [pair.value for pair in verdict.pairs if pair.value is not None]
    if values:
        what, how = ("differences", "+.3f") if several else (metric, ".3f")
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


def _pair_text(study: Study, pair: Pair, numbers: Mapping[Key, Number]) -> str:
    """Write one pair in words: first what its two numbers have in common."""
    labels = {row.name: row.label for row in study.any.rows}
    sites = {column.name: column.title for column in study.any.columns}
    sites |= {INTERNAL: INTERNAL, AVERAGE: "average of the sites"}
    (arm, site, finding), second = pair.first, pair.second
    common = f"{study.titles[finding]}, " if study.titles[finding] else ""
    first = words.number(numbers[pair.first].value, digits=3)
    firmly = " (beyond)" if pair.beyond else ""
    if second is None:
        return f"{common}{labels[arm]}, {sites[site]}: {first}{firmly}"
    other = words.number(numbers[second].value, digits=3)
    if second[0] == arm:
        text = f"{common}{labels[arm]}: {sites[site]} {first}, {sites[second[1]]} {other}"
    elif second[1] == site:
        text = f"{common}{sites[site]}: {labels[arm]} {first}, {labels[second[0]]} {other}"
    else:
        text = f"{common}{labels[arm]}, {sites[site]}: {first}; {labels[second[0]]}, "
        text += f"{sites[second[1]]}: {other}"
    return text + firmly


def _name(metric: str) -> str:
    """Return the name of a metric within a sentence."""
    title = metric_row(metric).title
    return title if title.isupper() else title.lower()


def _none(verdict: Verdict) -> str:
    return "none" if len(verdict.unknown) < len(verdict.pairs) else ""


def _note(study: Study) -> str:
    return (
        f"Beyond the interval: the whole {study.any.percent} interval of the difference (or of a "
        f"single number) agrees; in direction only: part of it does not. {differences(study)} "
        "Intervals are not adjusted for the number of pairs. A claim holds when no pair "
        "breaks it, apart from the exceptions that it states."
    )


def _sources(judged: Sequence[Judged]) -> str:
    sources = {source: source for judged_claim in judged for source in judged_claim.sources}
    if len(sources) > 1:  # where they stand suffices; what is particular of one, published says
        sources = {source.split(";")[0]: source for source in sources}
    text = f" {'; '.join(sources)}." if sources else ""
    return f"Grey: the paper's own numbers, which are not used in ours.{text}"
