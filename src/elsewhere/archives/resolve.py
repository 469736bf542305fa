"""resolve: the rows of a work list to the archive's studies, or to the reason why there is none."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from elsewhere.archives.archive import Archive, Failed, Study
from elsewhere.archives.worklist import Missing, Row, WorklistError

log = logging.getLogger(__name__)


@dataclass
class Resolved:
    """What a work list asks for.

    Attributes
    ----------
    studies
        Each study with the first row that asks for it.
    missing
        Rows without one.
    """

    studies: dict[Study, Row] = field(default_factory=dict)
    missing: list[Missing] = field(default_factory=list)


def resolve(rows: Iterable[Row], archive: Archive) -> Resolved:
    """Ask the archive for the studies of each row.

    An accession number that names several studies of one patient stands for all of them: one order
    often makes several. If they are of several patients the row is refused, unless its column
    `patient` tells whose is meant: accession numbers are unique within one department only.

    Raises
    ------
    WorklistError
        If two rows ask for one study with different labels.
    """
    found = Resolved()
    for row in rows:
        chosen = _chosen(row, archive)
        if isinstance(chosen, Missing):
            found.missing.append(chosen)
            continue
        for study in chosen:
            first = found.studies.setdefault(study, row)
            if first.fields["label"] != row.fields["label"]:
                raise WorklistError(
                    f"lines {first.line} and {row.line} of the work list ask for one study with "
                    "different labels"
                )
    return found


def _chosen(row: Row, archive: Archive) -> list[Study] | Missing:
    try:
        answered = archive.studies(row.query)
    except Failed as error:
        return Missing(row, "failed", f"the archive failed at this question: {error}; run again")
    studies = sorted({one for one in answered if one.uid and one.answers(row.query)}, key=_uid)
    if not studies:
        return Missing(row, "not_found", _none(row, answered))
    if len({one.patient for one in studies}) > 1:
        meant = [one for one in studies if one.patient == row.patient]
        if not meant:
            detail = "studies of several patients; add a column patient that tells whose is meant"
            return Missing(row, "several_patients", detail)
        studies = meant
    if len(studies) > 1 and row.query.key != "patient":
        log.warning("line %d: %d studies of one patient, all taken", row.line, len(studies))
    return studies


def _none(row: Row, answered: Sequence[Study]) -> str:
    if answered:
        return (
            f"the archive answers with {len(answered)} studies of another {row.query.key}: it may "
            "ignore this key; use another one"
        )
    return f"the archive has no study of this {row.query.key}; is it written as there?"


def _uid(study: Study) -> str:
    return study.uid
