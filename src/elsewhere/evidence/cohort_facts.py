"""cohort_facts: what artefacts say of sites, patients, scans, labels and how they were divided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from elsewhere.design.site import Site
from elsewhere.evidence.fact import Fact, Subject, settings, stated
from elsewhere.evidence.finished import Finished
from elsewhere.figures import gate_counts, words
from elsewhere.scores import audited, gate_notices
from elsewhere.sites.layouts import layout_class

UNKNOWN = ("unknown", "none", "")
_BY_PATIENT = ("patient_id",)
SPLITS = {
    "holdout": "once into training, validation and test part",
    "folds": "into folds, each of which is the test part once",
    "fixed_test": "into one test part and folds of the rest, each of which validates once",
}


def sites(study: Finished) -> Fact | None:
    """Say which sites there are and where their data come from."""
    said = [f"{site.title}: {source(site)}." for site in study.given.settings.sites.values()]
    return stated(said, _manifests(study))


def source(site: Site) -> str:
    """Say where the data of a site come from; synthetic data are called so before all else."""
    layout = layout_class(site.layout)
    if not site.available:
        return "not available here"
    if site.synthetic:
        return f"synthetic, written by a program in the layout {site.layout}; no patient is in it"
    return f"{layout.citation}; licence or terms: {layout.licence}"


def eligibility(study: Finished) -> Fact | None:
    """Say which scans are used."""
    row = study.study
    intakes = {site.title: site.intake for site in study.given.settings.sites.values()}
    said = [
        "Every scan of a site that can be read and has a label is used.",
        f"Classes: {', '.join(row.classes)}.",
        f"Categories that are used: {settings(row.categories)}." if row.categories else "",
        f"Views that are used: {', '.join(row.findings.views)}." if row.findings else "",
        f"Rules for damaged or irregular files, by site: {settings(intakes)}.",
    ]
    return stated(said, [study.settings_file])


def cohort(study: Finished) -> Fact | None:
    """Count patients and scans of each class and site."""
    classes = study.results.named.classes
    said = [f"{_title(study, row['site'])}: {_counted(row, classes)}." for row in _counts(study)]
    head = "Patients, in brackets scans; images where no patient key is published."
    files = [study.job.path("audit"), *study.figures("cohort.csv")]
    return stated([head, *said], files)


def few(study: Finished) -> Fact | None:
    """Say how many patients the smallest class of each test part has."""
    said = []
    for row, gate in study.given.gates.items():
        tested = [
            (count, label, fold, finding)
            for (fold, part, finding), by_label in gate_notices.patients(gate).items()
            for label, count in by_label.items()
            if part == "test" and count is not None
        ]
        if tested:
            count, label, _, finding = min(tested)
            name = f"{finding} {label}".strip() if finding else study.results.named.classes[label]
            said.append(f"{_title(study, row)} {count} ({name})")
    text = f"Test patients of the smallest class of a test part: {'; '.join(said)}."
    return stated([text] if said else [], study.job.paths("gate").values())


def people(study: Finished) -> Fact | None:
    """Describe sex and age of the patients, where they are published."""
    said = [
        f"{_title(study, row)}: {text}."
        for row, scans in study.given.manifests.items()
        if (text := _people(scans.drop_duplicates([*_BY_PATIENT])))
    ]
    figures = study.figures("table_1.csv", "age_and_sex.png")
    return stated(said, [*_manifests(study), *figures] if said else [])


def _people(patients: pd.DataFrame) -> str:
    sexes = patients["sex"].value_counts()
    known = [f"{sexes[name]} {word}" for name, word in (("F", "female"), ("M", "male"))
             if name in sexes]  # fmt: skip
    ages = patients["age"].dropna()
    if known and "unknown" in sexes:
        known.append(f"{sexes['unknown']} of unknown sex")
    if len(ages):
        known.append(
            f"age {ages.median():.0f} (median; {ages.min():.0f} to {ages.max():.0f}) of {len(ages)}"
        )
    return ", ".join(known)


def acquisition(study: Finished) -> Fact | None:
    """Describe scanners, kernels, contrast agent and slice distance, as headers say them."""
    said = [
        f"{_title(study, row)}: {text}."
        for row, scans in study.given.manifests.items()
        if (text := _acquired(scans))
    ]
    figures = study.figures("site_profile.png", "cohort.csv")
    return stated(said, [*_manifests(study), *figures] if said else [])


def _acquired(scans: pd.DataFrame) -> str:
    parts = []
    for field, word in (
        ("manufacturer", "made by"),
        ("kernel", "kernel"),
        ("contrast", "contrast"),
    ):
        counted = scans[field][~scans[field].isin(UNKNOWN)].value_counts()
        if len(counted):
            parts.append(f"{word} {', '.join(f'{name} ({n})' for name, n in counted[:4].items())}")
    distances = scans["spacing_z_mm"].dropna()
    if len(distances):
        low, high = (f"{value:.3g}" for value in (distances.min(), distances.max()))
        parts.append(f"slices {low if low == high else f'{low} to {high}'} mm apart")
    return "; ".join(parts)


def labels(study: Finished) -> Fact | None:
    """Say where labels come from and how they became classes."""
    row = study.study
    real = [site for site in study.given.settings.sites.values() if not site.synthetic]
    said = [
        f"{site.title}: the label that stands in the published files ({source(site)})."
        for site in real
        if site.available
    ]
    if not real:
        said = ["Labels are those with which a program made the synthetic scans."]
    said += [f"Classes: {', '.join(row.classes)}.", *(f"{note}" for note in study.given.policy)]
    if row.categories:
        said.append(f"Class by category: {settings(row.categories)}.")
    return stated(said, [*_manifests(study), study.settings_file])


def categories(study: Finished) -> Fact | None:
    """Count the publisher's categories, where a site has more than the classes."""
    said = []
    for row, scans in study.given.manifests.items():
        counted = scans["category"][~scans["category"].isin(UNKNOWN)].value_counts()
        if len(counted) > scans["label"].nunique():
            listed = ", ".join(f"{name} {n}" for name, n in counted.items())
            said.append(f"{_title(study, row)}: {listed} scans.")
    return stated(said, _manifests(study))


def identifiers(study: Finished) -> Fact | None:
    """Say how keys of patients and dates are kept out of what is written."""
    rows = study.given.settings.sites.values()
    private = [site.title for site in rows if site.privacy == "private"]
    public = [site.title for site in rows if site.privacy == "public"]
    said = [
        "Manifests hold hashed keys and no dates.",
        f"Hashed with a secret of this machine: {', '.join(private)}." if private else "",
        f"Hashes of published keys: {', '.join(public)}." if public else "",
    ]
    return stated(said, _manifests(study))


def rejected(study: Finished) -> Fact | None:
    """Count what was not used, by site and reason."""
    said = []
    for row, table in study.given.rejected.items():
        counted = Counter(zip(table["verdict"], table["reason"], strict=True))
        listed = ", ".join(
            f"{n} {verdict} ({reason})" for (verdict, reason), n in sorted(counted.items())
        )
        said.append(f"{_title(study, row)}: {listed or 'nothing was left out'}.")
    return stated(said, study.job.paths("rejected").values())


def missing(study: Finished) -> Fact | None:
    """Say what is unknown of scans, and which cells were not run."""
    said = ["Nothing is imputed: a scan that cannot be read or has no label is rejected."]
    for row, scans in study.given.manifests.items():
        if len(scans):
            sex, age = (scans["sex"] == "unknown").sum(), scans["age"].isna().sum()
            text = f"sex unknown of {sex} and age of {age} of {len(scans)} scans"
            said.append(f"{_title(study, row)}: {text}.")
    lost = [cell for cell in study.first.cells.values() if cell["status"] == "not run"]
    said.append(f"Cells that were not run: {len(lost)} of {len(study.first.cells)}.")
    return stated(said, [*_manifests(study), study.matrix])


def partition(study: Finished) -> Fact | None:
    """Say how patients were divided, and what the gate against leaks checked."""
    split = study.params.split_of(study.name)
    gates = [gate for gate in study.given.gates.values() if gate["status"] == "ok"]
    keyless = [_title(study, row) for row, gate in study.given.gates.items()
               if gate.get("patient_key") == "none"]  # fmt: skip
    torn = sum(gate["patients_in_two_parts"] for gate in gates)
    checked = dict.fromkeys(name for gate in gates for name in gate["checked"])
    said = [
        f"Patients, not scans, are divided {SPLITS[split.kind]} "
        f"({settings(split.model_dump(mode='json'), without=('allow', 'test_patients', 'kind'))}).",
        f"Patients in two parts: {torn}. Checked: {'; '.join(checked)}." if gates else "",
        f"By image, for want of patient keys: {', '.join(keyless)}." if keyless else "",
    ]
    files = [*study.job.paths("gate").values(), *study.job.paths("split").values()]
    lacks = f"which images of {', '.join(keyless)} are of one patient" if keyless else ""
    return stated(said, files, lacks=lacks)


def parts(study: Finished) -> Fact | None:
    """Count patients and scans of each class in training, validation and test part."""
    classes = study.results.named.classes
    said = [
        f"{_title(study, row)}: {'; '.join(gate_counts.lines(gate, classes))}."
        for row, gate in study.given.gates.items()
        if gate["status"] == "ok"
    ]
    head = "Patients (scans) of training / validation / test part."
    return stated([head, *said] if said else [], study.job.paths("gate").values())


def duplicates(study: Finished) -> Fact | None:
    """Say how many scans are alike under different patients."""
    found = study.given.audit["duplicates"]
    said = (
        f"Duplicates under different patients: {found['identical_pairs']} identical and "
        f"{found['near_pairs']} nearly identical pairs; {found['listed_pairs_across_sites']} of "
        "the listed ones lie across sites. Each group is divided as one patient."
    )
    return stated([said], [study.job.path("audit"), study.job.path("pairs")])


def shortcuts(study: Finished) -> Fact | None:
    """Say what label and site can be told from without looking at the lesion."""
    titles = {row: site.title for row, site in study.given.settings.sites.items()}
    found = [*audited.sentences(study.given.audit["shortcuts"], titles=titles)]
    tied = words.number(study.given.audit["contingency"]["cramers_v"])
    head = (
        "Before training, an audit asked how well header fields and simple measures predict label "
        f"and site (Cramér's V of label and site {tied})."
    )
    none = "It found none of them informative after Holm's correction."
    return stated([head, *(found or [none])], [study.job.path("audit")])


def _manifests(study: Finished) -> Iterator[Path]:
    yield from study.job.paths("manifest").values()


def _counts(study: Finished) -> list[dict[str, Any]]:
    counted: list[dict[str, Any]] = study.given.audit["contingency"]["sites"]
    return counted


def _counted(row: dict[str, Any], classes: tuple[str, ...]) -> str:
    return ", ".join(
        f"{name} {words.of_class(row[f'patients_{label}'], row[f'scans_{label}'])}"
        for label, name in enumerate(classes)
    )


def _title(study: Finished, row: str) -> str:
    return study.given.settings.sites[row].title


SUBJECTS = {
    "sites": Subject("where data come from", sites),
    "eligibility": Subject("which scans are used", eligibility),
    "cohort": Subject("patients and scans", cohort),
    "few": Subject("smallest test classes", few),
    "people": Subject("sex and age", people),
    "acquisition": Subject("how scans were acquired", acquisition),
    "labels": Subject("labels", labels),
    "categories": Subject("categories within classes", categories),
    "identifiers": Subject("keys of patients", identifiers),
    "rejected": Subject("what was left out", rejected),
    "missing": Subject("missing data", missing),
    "partition": Subject("division of patients", partition),
    "parts": Subject("sizes of parts", parts),
    "duplicates": Subject("duplicates", duplicates),
    "shortcuts": Subject("shortcuts", shortcuts),
}
