"""adequacy: the gate that refuses parts from which nothing can be learned or measured (A-18, A-25).

A split without leakage can still be of no use: a model that saw positives alone says "positive" and
is right on such a validation part, and an empty part chooses no weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from elsewhere.cohorts.labels import LABEL, columns
from elsewhere.cohorts.leakage import PARTS
from elsewhere.cohorts.split import Tested, shares, strata
from elsewhere.cohorts.units import units
from elsewhere.design.split import Allowed, Split

# A part is far from what was asked if its share is that many points away, or off by this factor ...
POINTS, FACTOR = 0.15, 2
# ... and by more patients than rounding can cause: below 2 in each stratum (see `is_far`).
ROUNDING = 2
TWO = ("negative", "positive")  # labels 0 and 1 of a study that hands no names of classes
NAMED = 6
ADVICE: Mapping[Allowed, str] = {
    "empty": "ask for fewer folds or for other shares",
    "one_class": "ask for fewer folds or for larger shares; a site that has one class is tested, "
    "or trained on beside sites that have the others",
    "sizes": "ask for fewer folds or for other shares, or see in pairs.csv of the audit whether "
    "duplicates connect patients who have nothing in common: groups are never divided",
}


class AdequacyError(ValueError):
    """A part of a split is empty, of one class or of another size than asked; says what to do."""


@dataclass(frozen=True)
class Asked:
    """What was asked of the split of one site.

    Attributes
    ----------
    site
        The study's name of the site.
    settings, tested
        See `split.assign`.
    classes
        Names of the labels; empty: those of two.
    inherited
        Whether the parts are those of a first study (C-16). Its scans are some of that study's, so
        sizes are what they are: only a training part is refused, all else is recorded.
    """

    site: str
    settings: Split
    tested: Tested = "by_share"
    classes: tuple[str, ...] = ()
    inherited: bool = False


@dataclass(frozen=True)
class Fault:
    """What is wrong with a part of a fold.

    Attributes
    ----------
    kind
        One that is refused unless allowed, or "missing": a class is, though others are there, or a
        value of a finding that is not learned from this part.
    about
        The finding, or the class that is missing; else empty.
    """

    kind: Allowed | Literal["missing"]
    fold: int
    part: str
    text: str
    about: str = ""

    @property
    def record(self) -> dict[str, Any]:
        """Plain values for gate.json."""
        about = {"about": self.about} if self.about else {}
        where = {"kind": self.kind, "fold": self.fold, "part": self.part}
        return {**where, "text": self.text, **about}


def check(
    split: pd.DataFrame, scans: pd.DataFrame, groups: pd.DataFrame, *, asked: Asked
) -> dict[str, list[dict[str, Any]]]:
    """Refuse parts that are empty, of one class or far from the size asked, unless allowed.

    Parameters
    ----------
    split
        Columns scan_id, patient_id, fold, part and the labels; without a row nothing is checked.
    scans
        Columns scan_id, patient_id, patient_key, category, volume_sha256 and the labels.
    groups
        Columns patient_id, group, across_sites.

    Returns
    -------
    dict
        Plain values for gate.json: ``allowed``, the faults that the settings allow at this site,
        and ``warned``, those that are never refused: of more than two classes, some are missing in
        a part; a finding has one value in a validation or test part.

    Raises
    ------
    AdequacyError
        It names site, fold, part, what the part holds, what was asked, and what to write.
    """
    if split.empty:
        return {"allowed": [], "warned": []}
    faults = [*_size_faults(split, (scans, groups), asked), *_label_faults(split, asked)]
    warned = [fault for fault in faults if not _serious(fault, asked)]
    serious = [fault for fault in faults if fault not in warned]
    may = asked.settings.allow.get(asked.site, [])
    refused = [fault for fault in serious if fault.kind not in may]
    if refused:
        raise AdequacyError(_message(refused, asked))
    return {
        "allowed": [fault.record for fault in serious],
        "warned": [fault.record for fault in warned],
    }


def expected(by_label: Mapping[int, int], *, asked: Asked, pinned: int = 0) -> dict[str, float]:
    """Return how many patients of a site were asked for in each part.

    Parameters
    ----------
    by_label
        Patients of the site by their highest label.
    pinned
        How many of them are also at other sites.
    """
    n_patients = sum(by_label.values())
    if asked.tested == "all":
        return dict.fromkeys(PARTS, 0.0) | {"test": float(n_patients)}
    test, validation = (float(share) for share in shares(asked.settings))
    if isinstance(asked.tested, Mapping):  # C-08: stated by class, of other classes by share
        n_test = sum(asked.tested.get(label, n * test) for label, n in by_label.items())
    elif asked.tested == "shared":
        n_test = pinned + (n_patients - pinned) * test
    else:
        n_test = n_patients * test
    n_validation = (n_patients - n_test) * validation / (1 - test)
    return {
        "train": n_patients - n_test - n_validation, "validation": n_validation, "test": n_test
    }  # fmt: skip


def is_far(size: int, wanted: float, *, of: int, n_strata: int) -> bool:
    """Whether a part of `size` patients of `of` is far from the size that was wanted.

    Every stratum is rounded on its own and has a patient in each part where it can, so that a part
    is off by less than two patients a stratum: three patients are 1 + 1 + 1 whatever was asked.
    Beyond that, a part is far if its share is off by more than 15 points (58 % for 20 %), or is
    more than twice or less than half of what was asked (20 % for 8 %).
    """
    off = abs(size - wanted)
    if off <= ROUNDING * n_strata:
        return False
    return off > POINTS * of or size > FACTOR * wanted or FACTOR * size < wanted


def _serious(fault: Fault, asked: Asked) -> bool:
    if fault.kind == "missing":
        return False
    return not asked.inherited or (fault.part == "train" and fault.kind != "sizes")


def _size_faults(
    split: pd.DataFrame, tables: tuple[pd.DataFrame, pd.DataFrame], asked: Asked
) -> Iterator[Fault]:
    scans, groups = tables
    names = columns(split.columns)
    one_label = names == (LABEL,)
    first = split[split["fold"] == split["fold"].min()]
    patients = first.groupby("patient_id")[LABEL].max() if one_label else None
    who = "images" if (scans["patient_key"] == "none").any() else "patients"
    across = set(groups.loc[groups["across_sites"], "patient_id"])
    all_patients = first["patient_id"].drop_duplicates()
    by_label = {0: len(all_patients)} if patients is None else patients.value_counts().to_dict()
    wanted = expected(by_label, asked=asked, pinned=int(all_patients.isin(across).sum()))
    n_strata = 1
    if one_label:
        others = [unit for unit in units(scans, groups) if not unit.pin]
        n_strata = max(1, len(strata(others, settings=asked.settings)))
    for fold, rows in split.groupby("fold"):
        for part in PARTS:
            size = rows.loc[rows["part"] == part, "patient_id"].nunique()
            shown = _asked_for(wanted[part], len(all_patients))
            if wanted[part] > 0 and not size:
                text = f"none of {len(all_patients)} {who}; {shown}"
                yield Fault("empty", int(str(fold)), part, text)
            elif not asked.inherited and is_far(
                size, wanted[part], of=len(all_patients), n_strata=n_strata
            ):
                reached = f"{size} of {len(all_patients)} {who}"
                text = f"{reached} ({size / len(all_patients):.0%}); {shown}"
                yield Fault("sizes", int(str(fold)), part, text)


def _asked_for(wanted: float, n_patients: int) -> str:
    return f"asked for {wanted / n_patients:.0%}, about {wanted:.1f}"


def _label_faults(split: pd.DataFrame, asked: Asked) -> Iterator[Fault]:
    names = columns(split.columns)
    for (fold, part), rows in split.groupby(["fold", "part"]):
        place = (int(str(fold)), str(part))
        if names == (LABEL,):
            yield from _class_faults(rows, split, place, asked.classes or TWO)
        else:
            yield from _finding_faults(rows, split, place, names)


def _class_faults(
    rows: pd.DataFrame, split: pd.DataFrame, place: tuple[int, str], classes: Sequence[str]
) -> Iterator[Fault]:
    at_site, here = (_by_value(frame, LABEL) for frame in (split, rows))
    if len(here) == 1:
        text = f"one class: {_counted(here, classes)}; the site has {_counted(at_site, classes)}"
        yield Fault("one_class", *place, text)
        return
    for label in sorted(set(at_site) - set(here)):
        text = f"no {classes[label]}: {_counted(here, classes)}"
        yield Fault("missing", *place, text, classes[label])


def _finding_faults(
    rows: pd.DataFrame, split: pd.DataFrame, place: tuple[int, str], names: Sequence[str]
) -> Iterator[Fault]:
    both = [name for name in names if split[name].nunique() == 2]
    for name in both:
        counts = _by_value(rows, name)
        if len(counts) < 2:
            text = f"{name}: {_counted(counts, TWO)}, though the site has both"
            yield Fault("one_class" if place[1] == "train" else "missing", *place, text, name)
    if not both and place[1] == "train":
        yield Fault("one_class", *place, "no finding is positive in some and negative in others")


def _by_value(rows: pd.DataFrame, name: str) -> dict[int, int]:
    """Count patients by the values of a label; of no value where all are unknown."""
    counts = rows.groupby(name)["patient_id"].nunique()
    return {int(str(value)): int(count) for value, count in counts.items()}


def _counted(counts: Mapping[int, int], classes: Sequence[str]) -> str:
    """Write patients by class in words, such as "12 negative, no positive"."""
    if len(classes) == 2:
        counts = {0: 0, 1: 0} | dict(counts)
    words = [f"{count or 'no'} {classes[label]}" for label, count in sorted(counts.items())]
    return ", ".join(words) or "no patient with a value"


def _message(refused: Sequence[Fault], asked: Asked) -> str:
    lines = [f"fold {fault.fold}, {fault.part}: {fault.text}" for fault in refused[:NAMED]]
    if len(refused) > NAMED:
        lines.append(f"and {len(refused) - NAMED} more")
    listed = dict.fromkeys(fault.kind for fault in refused if fault.kind != "missing")
    known = [*dict.fromkeys([*asked.settings.allow.get(asked.site, []), *listed])]
    advice = "; ".join(ADVICE[kind] for kind in listed)
    return (
        f"site '{asked.site}': the split has parts that cannot be used.\n  "
        + "\n  ".join(lines)
        + f"\nWhat to do: {advice}. To accept it as it is, write into the study's `split` (or that "
        f"of its scale): `allow: {{{asked.site}: [{', '.join(known)}]}}`"
    )
