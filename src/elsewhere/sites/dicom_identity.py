"""dicom_identity: whose a DICOM volume is, and whether a key of label.csv names one patient."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from elsewhere.imaging.dicom.header import Header, Slice
from elsewhere.imaging.volume import Unusable
from elsewhere.sites.label_table import NAME, Row

Named = Literal["patient_id", "own"]


@dataclass(frozen=True)
class Identities:
    """The patients that the files of a site name, by what identifies a row of label.csv.

    Attributes
    ----------
    key
        Column that identifies a row: study, accession or patient.
    named
        patient_id: the column `patient` holds the *Patient ID* (0010,0020) of the files; own: it
        holds names of the table's own.
    patients
        Value of the key to each *Patient ID* of its files; "" where a file has none.
    spellings
        Own name and patients of its files to the one spelling that stands for all of them.
    """

    key: str
    named: Named
    patients: Mapping[str, frozenset[str]]
    spellings: Mapping[tuple[str, frozenset[str]], str] = field(default_factory=dict)

    def patient(self, row: Row, header: Header) -> str:
        """Return the patient of a volume whose row was found.

        Raises
        ------
        Unusable
            `several_patients` if the key names several, or the row another one than the files do;
            `no_patient` if neither names one.
        """
        written, stored = row["patient"], header.patient
        known = self.patients[getattr(header, self.key)]
        if len(known) > 1 and not (written and self.named == "patient_id"):
            detail = f"files of {len(known)} patients have this {self.key}; which is meant?"
            raise Unusable("several_patients", detail)
        if not written and not stored:
            raise Unusable("no_patient", f"neither the files nor {NAME} name the patient")
        if self.named == "own" and written:
            return self.spellings.get((written.casefold(), known), written)
        if written and not _is(written, stored, known):
            detail = f"the files are of another patient than {NAME} says"
            raise Unusable("several_patients", detail)
        return stored or written


def identities(
    slices: Iterable[Slice], rows: Mapping[str, Row], *, key: str, named: Named
) -> Identities:
    """Collect which patients the files of each key name.

    Texts are compared as DICOM compares them: padding and outer blanks do not count, see
    `elsewhere.imaging.dicom.values`. Own names that differ in case alone are one patient if the
    files give them one *Patient ID*.
    """
    collected: dict[str, set[str]] = defaultdict(set)
    for slice_ in slices:
        collected[getattr(slice_.header, key)].add(slice_.header.patient)
    patients = {name: frozenset(found) for name, found in collected.items()}
    spellings: dict[tuple[str, frozenset[str]], str] = {}
    for name, row in sorted(rows.items()):
        known = patients.get(name, frozenset())
        if row["patient"] and any(known):
            entry = (row["patient"].casefold(), known)
            spellings[entry] = min(row["patient"], spellings.get(entry, row["patient"]))
    return Identities(key, named, patients, spellings)


def _is(written: str, stored: str, known: frozenset[str]) -> bool:
    """Whether a row's patient is that of the files; case counts only where it tells two apart."""
    if stored == written or known == {""}:
        return True
    alike = [name for name in known if name.casefold() == written.casefold()]
    return alike == [stored]
