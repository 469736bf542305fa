"""attention: lists what a reader should know before trusting the numbers of a study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from elsewhere.scores import auc_width, audited, cell_notices, gate_notices

# A site that loses more files may have lost one kind of patient: the rest is no sample of it.
REJECTED = 0.05
# With fewer patients of a class, one of them moves sensitivity or specificity by more than 0.1.
FEW = 10
PARTS = ("validation", "test")


class Notice(NamedTuple):
    """One sentence with its numbers.

    ``figure`` names the figure that shows more; ``section`` the part of the report, where the
    study does not have that figure.
    """

    text: str
    figure: str
    section: str


@dataclass(frozen=True)
class Observed:
    """What notices are made from.

    Attributes
    ----------
    sites
        Row of a site to its title.
    classes
        Names of the labels, from 0 on.
    findings
        Finding to its title; empty where scans have one label each.
    files
        Row of a site to its rejected files and to all files of its scans and rejects.
    gates, audit, cells
        gate.json by site, audit.json, and metrics.json of every cell, one per finding or class.
    threshold_from
        As in the study's scoring.
    optimistic
        Labels of the arms whose weights were chosen on test scans.
    flags
        Row of a site to its number of scans by flag of the manifest, "" where there is none.
    never_trained, target_width
        Rows of sites that no arm trains on; width of an AUC's interval that is aimed at, if any.
    """

    sites: Mapping[str, str]
    classes: tuple[str, ...]
    findings: Mapping[str, str]
    files: Mapping[str, tuple[int, int]]
    gates: Mapping[str, Mapping[str, Any]]
    audit: Mapping[str, Any]
    cells: Sequence[Mapping[str, Any]]
    threshold_from: str
    optimistic: tuple[str, ...] = ()
    flags: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    never_trained: frozenset[str] = frozenset()
    target_width: float | None = None


def notices(observed: Observed) -> list[Notice]:
    """Return what needs attention, the most serious first."""
    return [
        *_not_run(observed),
        *_chosen_on_test(observed),
        *_image_level(observed),
        *_duplicates(observed),
        *_shortcuts(observed),
        *_allowed(observed),
        *_one_class(observed),
        *_missing_classes(observed),
        *_few(observed),
        *_wide(observed),
        *_not_called(observed),
        *_rejected(observed),
        *_flagged(observed),
        *_thresholds(observed),
        *_cells(observed),
    ]


def _not_run(observed: Observed) -> Iterator[Notice]:
    reasons: dict[str, int] = {}
    for cell in observed.cells:
        if cell["status"] == "not run":
            reasons[str(cell["reason"])] = reasons.get(str(cell["reason"]), 0) + 1
    for reason, count in reasons.items():
        text = f"{count} of {len(observed.cells)} cells were not run: {reason}."
        yield Notice(text, "matrix", "matrix")


def _chosen_on_test(observed: Observed) -> Iterator[Notice]:
    labels = observed.optimistic
    if labels:
        text = (
            f"The weights of {_number(len(labels), 'arm')} were chosen on test scans, which makes "
            f"the numbers optimistic: {'; '.join(labels)}."
        )
        yield Notice(text, "training", "matrix")
    if observed.threshold_from == "test_site":
        text = (
            "The threshold of each cell was chosen on the validation part of its test site, which "
            "a model that moves to a new hospital does not have."
        )
        yield Notice(text, "confusion", "matrix")


def _image_level(observed: Observed) -> Iterator[Notice]:
    keyless = [row for row, gate in observed.gates.items() if gate.get("patient_key") == "none"]
    trained = [observed.sites[row] for row in keyless if row not in observed.never_trained]
    if trained:
        text = (
            f"{_list(trained)}: split by image, because no patient keys are published; images of "
            "one patient may be in training and in test, and intervals are too narrow."
        )
        yield Notice(text, "matrix", "gate")
    tested = [observed.sites[row] for row in keyless if row in observed.never_trained]
    if tested:
        text = (
            f"{_list(tested)}: no patient keys are published; no model was trained on its images, "
            "but several may be of one patient, so intervals are too narrow."
        )
        yield Notice(text, "matrix", "gate")


def _duplicates(observed: Observed) -> Iterator[Notice]:
    counts = observed.audit["duplicates"]
    across = counts["listed_pairs_across_sites"]
    if across:
        text = (
            f"{_number(across, 'pair')} of identical or nearly identical scans lie at two sites, "
            f"in {_number(counts['groups_across_sites'], 'group')}; a site that was never seen may "
            "hold scans of a training site."
        )
        yield Notice(text, "", "audit")


def _shortcuts(observed: Observed) -> Iterator[Notice]:
    for text in audited.sentences(observed.audit["shortcuts"], titles=observed.sites):
        yield Notice(text, "confounding", "audit")


def _allowed(observed: Observed) -> Iterator[Notice]:
    for row, gate in observed.gates.items():
        title = observed.sites[row]
        if passed := gate_notices.allowed(gate):
            text = f"{title} could not be divided as asked for; the study accepts {passed}."
            yield Notice(text, "cohort_table", "gate")
        if missing := gate_notices.lacking(gate, observed.classes):
            text = f"Parts of {title} lack a class that the site has elsewhere: {missing}."
            yield Notice(text, "cohort_table", "gate")


def _one_class(observed: Observed) -> Iterator[Notice]:
    for row, gate in observed.gates.items():
        alone: dict[str, list[str]] = {}
        for (fold, part, finding), patients in gate_notices.patients(gate).items():
            present = [label for label, count in sorted(patients.items()) if count]
            if part in PARTS and len(present) == 1:
                name = observed.findings.get(finding, observed.classes[present[0]])
                if finding:
                    name = f"{name} {'always' if present[0] else 'never'}"
                where = f"{part} of fold {fold}" if gate_notices.folds(gate) > 1 else part
                alone.setdefault(where, []).append(name)
        if alone:
            parts = "; ".join(f"{where}: {_list(names)}" for where, names in alone.items())
            text = (
                f"{observed.sites[row]} has parts with one class only ({parts}): no AUC can be "
                "computed from them, and no threshold chosen."
            )
            yield Notice(text, "cohort_table", "gate")


def _missing_classes(observed: Observed) -> Iterator[Notice]:
    """Of more than two classes some may be missing at a site (C-25)."""
    if len(observed.classes) < 3:
        return
    for row, gate in observed.gates.items():
        present = {label for patients in gate_notices.patients(gate).values() for label in patients}
        absent = [name for label, name in enumerate(observed.classes) if label not in present]
        if len(present) > 1 and absent:  # of one class alone see `_one_class`
            text = (
                f"{observed.sites[row]} has no scan of class {_list(absent)}: its results of this "
                "class, the balanced accuracy and the macro AUC are undefined there."
            )
            yield Notice(text, "cohort_table", "gate")


def _not_called(observed: Observed) -> Iterator[Notice]:
    """Tell of test scans that a first stage calls otherwise, so that the second has no score."""
    lost = {}
    for cell in observed.cells:
        stage = cell.get("second_stage")
        if stage and stage["n_not_called"] and cell["site"] in observed.sites:
            lost[observed.sites[cell["site"]]] = stage
    for site, stage in lost.items():
        total = stage["n_called"] + stage["n_not_called"]
        text = (
            f"The first stage calls {stage['n_not_called']} of {total} test scans of {site} not "
            f"{stage['called']}, so they are not scored: read the results of both stages together."
        )
        yield Notice(text, "matrix", "matrix")


def _few(observed: Observed) -> Iterator[Notice]:
    for row, gate in observed.gates.items():
        few = []
        unit = "images" if gate.get("patient_key") == "none" else "patients"
        for (fold, part, finding), patients in gate_notices.patients(gate).items():
            for label, count in patients.items():
                if part == "test" and 0 < count < FEW:
                    name = observed.classes[label]
                    if finding:
                        name = f"{observed.findings.get(finding, finding)} {name}"
                    fold_name = f" in fold {fold}" if gate_notices.folds(gate) > 1 else ""
                    few.append(f"{count} {name}{fold_name}")
        if few:
            text = (
                f"{observed.sites[row]} tests on fewer than {FEW} {unit} of a class: "
                f"{_list(few)}; its intervals are wide."
            )
            yield Notice(text, "cohort_table", "gate")


def _wide(observed: Observed) -> Iterator[Notice]:
    target = observed.target_width
    for text in auc_width.sentences(observed.cells, titles=observed.sites, target=target):
        yield Notice(text, "auc_width", "matrix")


def _rejected(observed: Observed) -> Iterator[Notice]:
    for row, (rejected, total) in observed.files.items():
        if total and rejected / total > REJECTED:
            text = (
                f"{rejected} of {total} image files of {observed.sites[row]} "
                f"({rejected / total:.0%}) were rejected; more than {REJECTED:.0%} may be one kind "
                "of patient."
            )
            yield Notice(text, "cohort_table", "cohort")


def _flagged(observed: Observed) -> Iterator[Notice]:
    """Yield all flags of a site with their counts; docs/ingestion.md says what each means."""
    for row, flags in observed.flags.items():
        listed = ", ".join(f"{code} {count}" for code, count in sorted(flags.items()) if code)
        if listed:
            text = f"Unusual scans of {observed.sites[row]}, used as they are: {listed}. "
            text += "docs/ingestion.md says what each name means."
            yield Notice(text, "site_profile", "cohort")


def _thresholds(observed: Observed) -> Iterator[Notice]:
    if observed.threshold_from == "argmax" and len(observed.classes) > 2:
        text = (
            "A scan is called of the class with the highest probability. No threshold was chosen "
            "for these models: sensitivity and specificity might suit better at another one."
        )
        yield Notice(text, "confusion_classes", "matrix")
        return
    if observed.threshold_from == "argmax":
        text = (
            "A scan is called positive where its probability is above 0.5. No threshold was chosen "
            "for these models: sensitivity and specificity might suit better at another one."
        )
        yield Notice(text, "confusion", "matrix")
        return
    runs = [run for cell in observed.cells for run in cell["runs"]]
    fallen = [run for run in runs if str(run["threshold_rule"]).startswith("argmax")]
    if fallen:
        text = (
            f"{len(fallen)} of {len(runs)} thresholds are 0.5, because none could be chosen: the "
            "validation scans are of one class, or the best threshold calls all of them alike."
        )
        yield Notice(text, "confusion", "matrix")


def _cells(observed: Observed) -> Iterator[Notice]:
    for text in cell_notices.few_choose(observed.cells):
        yield Notice(text, "confusion", "matrix")
    for text in cell_notices.other_scales(observed.cells, sites=observed.sites):
        yield Notice(text, "matrix", "matrix")


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)
