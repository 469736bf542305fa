"""resolve: find the archive's studies for each row of a work list, or the reason for none."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from elsewhere.archives.archive import Archive, Failed, Study
from elsewhere.archives.worklist import Missing, Row, WorklistError

log = logging.getLogger(__name__)


@dataclass
class Resolved:
    """The studies of a work list.

    Attributes
    ----------
    studies
        Each study with the first row that asks for it.
    missing
        Rows without a study.
    """

    studies: dict[Study, Row] = field(default_factory=dict)
    missing: list[Missing] = field(default_factory=list)


def resolve(rows: Iterable[Row], archive: Archive) -> Resolved:
    """Search the archive for the studies of each row.

    An accession number may have several studies of one patient, since one order often makes
    several: all of them are taken. If the studies belong to several patients, the row is refused
    unless its column `patient` names the patient: accession numbers are unique within one
    department only.

    Raises
    ------
    WorklistError
        If two rows ask for one study with different labels.
    """
    resolved = Resolved()
    for row in rows:
        studies = _studies_of(row, archive)
        if isinstance(studies, Missing):
            resolved.missing.append(studies)
            continue
        for study in studies:
            first = resolved.studies.setdefault(study, row)
            if first.fields["label"] != row.fields["label"]:
                raise WorklistError(
                    f"lines {first.line} and {row.line} of the work list ask for one study with "
                    "different labels"
                )
    return resolved


def _studies_of(row: Row, archive: Archive) -> list[Study] | Missing:
    try:
        answer = archive.studies(row.query)
    except Failed as error:
        return Missing(row, "failed", f"the archive failed at this query: {error}; run again")
    studies = sorted(
        {study for study in answer if study.uid and study.matches(row.query)}, key=_uid
    )
    if not studies:
        return Missing(row, "not_found", _not_found_detail(row, answer))
    if len({study.patient for study in studies}) > 1:
        of_patient = [study for study in studies if study.patient == row.patient]
        if not of_patient:
            detail = "studies of several patients; add a column patient that names the patient"
            return Missing(row, "several_patients", detail)
        studies = of_patient
    if len(studies) > 1 and row.query.key != "patient":
        log.warning("line %d: %d studies of one patient, all taken", row.line, len(studies))
    return studies


def _not_found_detail(row: Row, answer: Sequence[Study]) -> str:
    if answer:
        return (
            f"the archive answers with {len(answer)} studies of another {row.query.key}: it may "
            "ignore this key; use another one"
        )
    return f"the archive has no study of this {row.query.key}; is it spelled as in the archive?"


def _uid(study: Study) -> str:
    return study.uid
