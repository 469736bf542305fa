"""What is said of sites and patients is what their manifests, gates and audit hold."""

import json

import pandas as pd
import pytest

from elsewhere.design.site import Site
from elsewhere.evidence import cohort_facts
from elsewhere.sites import manifest


def test_synthetic_sites_are_called_so_and_never_a_published_data_set(known, study):
    text = known["sites"].text
    assert text.count("synthetic, written by a program") == 4
    assert "licence" not in text
    assert "program" in known["labels"].text


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({}, "Morozov et al. 2020"),
        ({"synthetic": True}, "no patient is in it"),
        ({"available": False}, "not available here"),
    ],
)
def test_the_source_of_a_site(changed, text):
    site = Site(title="M", layout="mosmed", privacy="public").model_copy(update=changed)
    assert text in cohort_facts.source(site)


def test_people_are_counted_once_each(study, known):
    row = "utsw-synthetic"
    scans = manifest.read(study.job.paths("manifest")[row])
    people = scans.drop_duplicates("patient_id")
    women, men = (people["sex"] == "F").sum(), (people["sex"] == "M").sum()
    assert 0 < women < len(scans)
    assert f"UTSW: {women} female, {men} male" in known["people"].text
    assert f"of {people['age'].notna().sum()}" in known["people"].text


def test_where_nothing_is_known_of_people_nothing_is_said():
    unknown = pd.DataFrame({"sex": ["unknown"], "age": [float("nan")]})
    assert cohort_facts._people(unknown) == ""


def test_missing_values_are_counted(study, known):
    for row, path in study.job.paths("manifest").items():
        scans = manifest.read(path)
        title = study.given.settings.sites[row].title
        sex, age = (scans["sex"] == "unknown").sum(), scans["age"].isna().sum()
        assert f"{title}: sex unknown of {sex} and age of {age} of {len(scans)}" in (
            known["missing"].text
        )


def test_counts_are_those_of_the_audit(study, known):
    audit = json.loads(study.job.path("audit").read_text())
    for row in audit["contingency"]["sites"]:
        title = study.given.settings.sites[row["site"]].title
        assert f"{title}: COVID-19 negative {row['patients_0']} ({row['scans_0']})" in (
            known["cohort"].text
        )
    found = audit["duplicates"]
    assert f"{found['identical_pairs']} identical" in known["duplicates"].text


def test_the_smallest_test_class_is_that_of_the_gate(study, known):
    for row, path in study.job.paths("gate").items():
        counts = json.loads(path.read_text())["counts"]
        least = min(one["patients"] for one in counts if one["part"] == "test")
        assert f"{study.given.settings.sites[row].title} {least} (" in known["few"].text


def test_partition_names_the_seed_and_what_was_checked(study, known):
    split = study.params.split_of("nguyen2021")
    assert f"seed {split.seed}" in known["partition"].text
    assert "Patients in two parts: 0" in known["partition"].text


def test_where_patients_are_not_known_apart_the_authors_are_asked(study, known, monkeypatch):
    assert known["partition"].lacks == ""
    row, gate = next(iter(study.given.gates.items()))
    monkeypatch.setitem(study.given.gates, row, {**gate, "patient_key": "none"})
    title = study.given.settings.sites[row].title
    asked = cohort_facts.partition(study).lacks
    assert asked == f"which images of {title} are of one patient"


def test_rejected_rows_have_their_reason(study, known):
    table = pd.read_csv(study.job.paths("rejected")["utsw-synthetic"])
    gaps = (table["reason"] == "gap").sum()
    assert gaps
    assert f"{gaps} rejected (gap)" in known["rejected"].text
