"""pull: a work list's studies to a site's folder: complete, or without a label."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from elsewhere.archives import worklist
from elsewhere.archives.archive import Archive, Failed, Series, Study
from elsewhere.archives.fetch import Fetch, Outcome
from elsewhere.archives.labels import NAME, Labels
from elsewhere.archives.pace import Pace
from elsewhere.archives.resolve import resolve
from elsewhere.archives.shelf import Shelf
from elsewhere.archives.worklist import Missing, Row
from elsewhere.design.pulls import PullRow
from elsewhere.progress import reported

log = logging.getLogger(__name__)
LEDGER = "ledger.csv"


@dataclass(frozen=True)
class Report:
    """What a pull came to.

    Attributes
    ----------
    studies
        Complete, verified and labelled studies of the work list.
    series, instances
        Verified series of these and of incomplete studies, and their instances.
    missing
        Rows of the work list that have no complete study.
    """

    studies: int
    series: int
    instances: int
    missing: tuple[Missing, ...]


@dataclass(frozen=True)
class Places:
    """Where a pull reads and writes: the site's folder, the ledger's folder, the work list."""

    raw: Path
    state: Path
    worklist: Path


def pull(row: PullRow, archive: Archive, places: Places, *, pace: Pace, connections: int) -> Report:
    """Fetch what a work list asks for and is not here; label each study that is complete.

    Rows without a complete study are listed beside the work list. May be stopped and killed at any
    time: the next call goes on, and asks for no instance twice.

    Raises
    ------
    WorklistError, LabelsError, ArchiveError
        If it cannot go on; what has arrived stays, complete studies are labelled.
    Stopped
        If `pace.stop` is set.
    """
    rows = worklist.read(places.worklist)
    labels = Labels(places.raw / NAME)
    shelf = Shelf(places.raw, places.state / LEDGER)
    swept = shelf.swept()
    if swept:
        log.info("removed %d half-written files of a run that was killed", swept)
    shown = reported(rows, log, total=len(rows), unit="rows of the work list looked up")
    found = resolve(shown, archive)
    chosen, missing = _chosen(found.studies, archive, row)
    fetch = Fetch(archive, shelf, stop=pace.stop)
    series = [one for several in chosen.values() for one in several]
    unfinished = {one.study for one in series if not _is_here(one, shelf)}
    labels.drop(unfinished)
    labels.write()
    try:
        fetch.all(series, connections=connections)
    finally:
        incomplete = _label(labels, found.studies, chosen, fetch.outcomes)
        labels.write()
    missing = [*found.missing, *missing, *incomplete]
    worklist.write_missing(missing, worklist.beside(places.worklist))
    sound = [one for one in fetch.outcomes if not one.problem]
    return Report(
        studies=len(chosen) - len(incomplete),
        series=len(sound),
        instances=sum(one.stored for one in sound),
        missing=tuple(missing),
    )


def _is_here(series: Series, shelf: Shelf) -> bool:
    return series.count == len(shelf.held(series.study, series.uid))


def _chosen(
    studies: Mapping[Study, Row], archive: Archive, pull_row: PullRow
) -> tuple[dict[Study, list[Series]], list[Missing]]:
    """Return the series of each study that the filters leave, and the studies without any."""
    chosen: dict[Study, list[Series]] = {}
    missing: list[Missing] = []
    shown = reported(studies.items(), log, total=len(studies), unit="studies looked up")
    for study, row in shown:
        try:
            every = archive.series(study)
        except Failed as error:
            missing.append(Missing(row, "failed", f"the archive failed: {error}; run again"))
            continue
        wanted = sorted((one for one in every if _is_wanted(one, pull_row)), key=_uid)
        if wanted:
            chosen[study] = wanted
        else:
            detail = (
                f"none of {len(every)} series passes modalities, description and least_instances "
                "of `pulls.<site>`"
            )
            missing.append(Missing(row, "no_series", detail))
    return chosen, missing


def _is_wanted(series: Series, row: PullRow) -> bool:
    if series.modality not in row.modalities:
        return False
    if series.count is not None and series.count < row.least_instances:
        return False
    return re.search(row.description or "", series.description, re.IGNORECASE) is not None


def _uid(series: Series) -> str:
    return series.uid


def _label(
    labels: Labels,
    rows: Mapping[Study, Row],
    chosen: Mapping[Study, Sequence[Series]],
    outcomes: Sequence[Outcome],
) -> list[Missing]:
    """Label the studies all of whose series are complete; return the others."""
    problem = {one.series: one.problem for one in outcomes}
    incomplete = []
    for study, several in chosen.items():
        row = rows[study]
        unsound = [problem.get(one, "not finished") for one in several]
        unsound = [text for text in unsound if text]
        if unsound:
            labels.drop([study.uid])
            detail = f"{'; '.join(sorted(set(unsound)))}; run again"
            incomplete.append(Missing(row, "incomplete", detail))
            continue
        before = labels.label(study.uid)
        if before not in (None, row.fields["label"]):
            log.warning("line %d: its study had another label before, replaced", row.line)
        patient = {"patient": row.patient} if row.patient else {}
        labels.put(study.uid, {**row.fields, **patient})
    return incomplete
