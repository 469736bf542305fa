"""pull: retrieve the studies of a work list into a site's folder and label the complete ones."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from elsewhere.archives import worklist
from elsewhere.archives.archive import Archive, Failed, Series, Study
from elsewhere.archives.fetch import Fetch, Outcome
from elsewhere.archives.instance_store import InstanceStore
from elsewhere.archives.labels import NAME, Labels
from elsewhere.archives.pace import Pace
from elsewhere.archives.resolve import resolve
from elsewhere.archives.worklist import Missing, Row
from elsewhere.design.pulls import PullRow
from elsewhere.progress import reported

log = logging.getLogger(__name__)
LEDGER = "ledger.csv"


@dataclass(frozen=True)
class Report:
    """The result of a pull.

    Attributes
    ----------
    studies
        Number of complete, verified and labelled studies of the work list.
    series, instances
        Number of verified series, incomplete studies included, and of their instances.
    missing
        Rows of the work list that have no complete study.
    """

    studies: int
    series: int
    instances: int
    missing: tuple[Missing, ...]


@dataclass(frozen=True)
class Places:
    """The paths of a pull: the site's folder, the ledger's folder and the work list."""

    raw: Path
    state: Path
    worklist: Path


def pull(row: PullRow, archive: Archive, places: Places, *, pace: Pace, connections: int) -> Report:
    """Retrieve the missing studies of a work list; label each study that is complete.

    Rows without a complete study are listed in a file next to the work list. A pull may be stopped
    or killed at any time: the next call continues and requests no stored instance again.

    Raises
    ------
    WorklistError, LabelsError, ArchiveError
        If the pull cannot continue; stored instances stay, and complete studies are labelled.
    Stopped
        If `pace.stop` is set.
    """
    rows = worklist.read(places.worklist)
    labels = Labels(places.raw / NAME)
    store = InstanceStore(places.raw, places.state / LEDGER)
    n_partial = store.remove_partial()
    if n_partial:
        log.info("removed %d half-written files of an earlier run that was killed", n_partial)
    progress = reported(rows, log, total=len(rows), unit="rows of the work list looked up")
    resolved = resolve(progress, archive)
    series_of, missing = _select_series(resolved.studies, archive, row)
    fetch = Fetch(archive, store, stop=pace.stop)
    series = [item for study_series in series_of.values() for item in study_series]
    unfinished = {item.study for item in series if not _is_complete(item, store)}
    labels.drop(unfinished)
    labels.write()
    try:
        fetch.fetch_all(series, connections=connections)
    finally:
        incomplete = _label(labels, resolved.studies, series_of, fetch.outcomes)
        labels.write()
    missing = [*resolved.missing, *missing, *incomplete]
    worklist.write_missing(missing, worklist.beside(places.worklist))
    complete = [item for item in fetch.outcomes if not item.problem]
    return Report(
        studies=len(series_of) - len(incomplete),
        series=len(complete),
        instances=sum(item.stored for item in complete),
        missing=tuple(missing),
    )


def _is_complete(series: Series, store: InstanceStore) -> bool:
    return series.count == len(store.held(series.study, series.uid))


def _select_series(
    studies: Mapping[Study, Row], archive: Archive, pull_row: PullRow
) -> tuple[dict[Study, list[Series]], list[Missing]]:
    """Return each study with its series that pass the filters, and the rows without such series."""
    selected: dict[Study, list[Series]] = {}
    missing: list[Missing] = []
    progress = reported(studies.items(), log, total=len(studies), unit="studies looked up")
    for study, row in progress:
        try:
            all_series = archive.series(study)
        except Failed as error:
            missing.append(Missing(row, "failed", f"the archive failed: {error}; run again"))
            continue
        passing = sorted((item for item in all_series if _passes_filters(item, pull_row)), key=_uid)
        if passing:
            selected[study] = passing
        else:
            detail = (
                f"none of {len(all_series)} series passes modalities, description and "
                "least_instances of `pulls.<site>`"
            )
            missing.append(Missing(row, "no_series", detail))
    return selected, missing


def _passes_filters(series: Series, row: PullRow) -> bool:
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
    selected: Mapping[Study, Sequence[Series]],
    outcomes: Sequence[Outcome],
) -> list[Missing]:
    """Label the studies whose series are all complete; return the rows of the others."""
    problem_of = {item.series: item.problem for item in outcomes}
    incomplete = []
    for study, study_series in selected.items():
        row = rows[study]
        problems = [problem_of.get(item, "not finished") for item in study_series]
        problems = [text for text in problems if text]
        if problems:
            labels.drop([study.uid])
            detail = f"{'; '.join(sorted(set(problems)))}; run again"
            incomplete.append(Missing(row, "incomplete", detail))
            continue
        old_label = labels.label(study.uid)
        if old_label not in (None, row.fields["label"]):
            log.warning("line %d: its study had another label before, replaced", row.line)
        patient = {"patient": row.patient} if row.patient else {}
        labels.put(study.uid, {**row.fields, **patient})
    return incomplete
